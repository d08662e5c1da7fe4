import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";

const PROGRAM = fileURLToPath(new URL("../../cli/main.ts", import.meta.url));

/** How the program is to be started. */
export interface Call {
  /** Working directory. */
  readonly cwd: string;
  /** Added to an environment in which nothing of Mapillary and of AWS is set. */
  readonly env?: Readonly<Record<string, string>>;
  /** What is on standard input; `child.stdin` takes it. Default: nothing. */
  readonly input?: "pipe";
}

/** How the program ended. */
export interface Ended {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The real program, running. */
export interface Running {
  readonly child: ChildProcess;
  readonly stdout: NodeJS.ReadableStream;
  readonly stderr: NodeJS.ReadableStream;
  readonly ended: Promise<Ended>;
}

/** Starts the real program, without a terminal. */
export function startRelay(args: readonly string[], { cwd, env = {}, input }: Call): Running {
  const inherited = Object.entries(process.env).filter(([name]) => !/^(MAPILLARY|AWS)_/.test(name));
  const child = spawn(process.execPath, [PROGRAM, ...args], {
    cwd,
    env: { ...Object.fromEntries(inherited), ...env },
    stdio: [input ?? "ignore", "pipe", "pipe"],
  });
  const { stdout, stderr } = child;
  if (stdout === null || stderr === null) throw new TypeError("the program was started without its output");
  const ended = Promise.all([text(stdout), text(stderr), once(child, "close")]).then(([out, err]) => ({
    exitCode: child.exitCode,
    stdout: out,
    stderr: err,
  }));
  return { child, stdout, stderr, ended };
}

/** Runs the real program to its end. */
export async function relay(args: readonly string[], call: Call): Promise<Ended> {
  return await startRelay(args, call).ended;
}

/** A directory of its own for one test. */
export interface Workplace extends AsyncDisposable {
  readonly directory: string;
  /** Writes files by path below the directory, making folders. */
  write(files: Readonly<Record<string, Uint8Array | string>>): Promise<void>;
}

/** Makes an empty directory that is removed at the end of the test. */
export async function makeWorkplace(): Promise<Workplace> {
  const directory = await mkdtemp(join(tmpdir(), "relay-cli-test-"));
  return {
    directory,
    async write(files) {
      for (const [path, content] of Object.entries(files)) {
        await mkdir(dirname(join(directory, path)), { recursive: true });
        await writeFile(join(directory, path), content);
      }
    },
    [Symbol.asyncDispose]: () => rm(directory, { recursive: true, force: true }),
  };
}
