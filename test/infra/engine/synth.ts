/**
 * Runs the deployment's program for real, with SST's own components, on Pulumi's mock engine: what it would create is
 * told instead of created. No AWS account, no Pulumi, no network.
 */
import { fork } from "node:child_process";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inject } from "vitest";
import { type Program, ROOT } from "./program.ts";
import { startSstServer } from "./sst-server.ts";

/** A resource that the program asked for. */
export interface Resource {
  /** Pulumi's type, such as `aws:sqs/queue:Queue`. */
  readonly type: string;
  /** Its logical name. */
  readonly name: string;
  readonly inputs: Readonly<Record<string, unknown>>;
  /** Of one that is there already, and only looked up. */
  readonly id?: string;
  readonly retainOnDelete: boolean;
  /** Logical names of the resources it says it needs first. */
  readonly dependsOn: readonly string[];
}

/** What a deployment is tried with. */
export interface SynthOptions {
  readonly stage: string;
  /** Text of `fleet.config.ts`; no such file when absent. */
  readonly fleet?: string;
  /** As set by `sst secret set`. */
  readonly secrets?: Readonly<Record<string, string>>;
  /** Further environment variables. */
  readonly environment?: Readonly<Record<string, string>>;
  /**
   * `quick`, the default: modules are loaded as Node does it, and the functions are taken from where the tests' setup has
   * built them, once. `faithful`: modules are loaded as Pulumi has it, and the functions are built.
   */
  readonly manner?: Manner;
}

/** How a deployment is tried. */
export type Manner = "quick" | "faithful";

/** What the tests' setup has made for all of them. */
export interface Prepared {
  /** That of `sst.config.ts`. */
  readonly program: Program;
  /** What `infra/build-functions.ts` made of all functions. */
  readonly functionsFolder: string;
  /** Where V8 keeps what it compiled of SST, which is most of a run. */
  readonly compileCache: string;
}

declare module "vitest" {
  interface ProvidedContext {
    prepared: Prepared;
  }
}

/** What became of it. */
export interface Synth extends AsyncDisposable {
  readonly resources: readonly Resource[];
  readonly outputs: Readonly<Record<string, unknown>>;
  readonly app: Readonly<Record<string, unknown>>;
  /** The functions' folders as they would be uploaded, by logical name; there until this is disposed of. */
  readonly folders: ReadonlyMap<string, string>;
  /** Why there was no deployment; `undefined` when there was one. */
  readonly error: string | undefined;
}

/** What the child is given. */
export interface ChildInput {
  readonly program: Program;
  readonly stage: string;
  /** Where `fleet.config.ts` is. */
  readonly root: string;
  /** Where SST puts what it makes. */
  readonly work: string;
  readonly manner: Manner;
}

/** What the child tells. */
export interface ChildReport {
  readonly resources: readonly Resource[];
  readonly outputs?: Readonly<Record<string, unknown>>;
  readonly app?: Readonly<Record<string, unknown>>;
  readonly error?: string;
}

/** Tries a deployment. */
export async function synth(options: SynthOptions): Promise<Synth> {
  await using parts = new AsyncDisposableStack();
  const directory = await mkdtemp(join(tmpdir(), "relay-synth-"));
  parts.defer(() => rm(directory, { recursive: true, force: true }));
  await furnish(directory, options.manner ?? "quick");
  if (options.fleet !== undefined) await writeFile(join(directory, "fleet.config.ts"), options.fleet);
  const server = parts.use(await startSstServer());
  const report = await runChild(options, directory, server.url);
  const kept = parts.move();
  return {
    resources: report.resources,
    outputs: report.outputs ?? {},
    app: report.app ?? {},
    folders: server.folders,
    error: report.error,
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

/** So that a configuration may be written as the README has it, and the functions are found. */
async function furnish(directory: string, manner: Manner): Promise<void> {
  await symlink(join(ROOT, "lib"), join(directory, "lib"));
  const infra = join(directory, "infra");
  if (manner === "faithful") return await symlink(join(ROOT, "infra"), infra);
  await mkdir(infra);
  await symlink(join(import.meta.dirname, "copy-functions-child.ts"), join(infra, "build-functions.ts"));
}

async function runChild(options: SynthOptions, directory: string, serverUrl: string): Promise<ChildReport> {
  const secrets = Object.entries(options.secrets ?? {}).map(([name, value]) => [`SST_SECRET_${name}`, value]);
  const { program, functionsFolder, compileCache } = inject("prepared");
  const child = fork(join(import.meta.dirname, "synth-child.ts"), {
    execArgv: ["--no-warnings"],
    // Nothing of the developer's own: no profile, no secret.
    env: {
      PATH: process.env.PATH,
      HOME: directory,
      SST_SERVER: serverUrl,
      NODE_COMPILE_CACHE: compileCache,
      FUNCTIONS_FOLDER: functionsFolder,
      ...Object.fromEntries(secrets),
      ...options.environment,
    },
    stdio: ["ignore", "pipe", "pipe", "ipc"],
  });
  const printed: string[] = [];
  for (const stream of [child.stdout, child.stderr]) stream?.on("data", (text) => printed.push(String(text)));
  const input: ChildInput = {
    program,
    stage: options.stage,
    root: directory,
    work: join(directory, "work"),
    manner: options.manner ?? "quick",
  };
  return await new Promise((resolve, reject) => {
    let report: ChildReport | undefined;
    child.once("message", (message) => {
      report = message as ChildReport;
    });
    child.once("error", reject);
    // Not before its end: until then it writes to the cache of what V8 compiled.
    child.once("exit", (code) => {
      if (report !== undefined) resolve(report);
      else reject(new Error(`the program ended with ${code}:\n${printed.join("")}`));
    });
    child.send(input);
  });
}
