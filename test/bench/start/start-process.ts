import { execFile } from "node:child_process";
import { fileURLToPath, pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { bundleFile, LAMBDA_NODE_FLAGS } from "./bundle.ts";

const run = promisify(execFile);

/** What a fresh process tells of itself. */
export interface StartReport {
  /** From before `import()` of the module until it is there: read, compiled and evaluated. */
  readonly importMs: number;
  /** CPU time of the whole process meanwhile: what a busy machine does not add to. */
  readonly importCpuMs: number;
  /** Resident memory right after that. */
  readonly rssBytes: number;
  readonly exportsHandler: boolean;
  /** How long each call took, in order. */
  readonly invocationsMs: readonly number[];
  /** Messages that the handler gave back to the queue. */
  readonly returned: number;
}

/** What is started. */
export interface StartOptions {
  /** Absolute path of an ES module. */
  readonly file: string;
  /** The whole environment: nothing is inherited. */
  readonly environment: Readonly<Record<string, string>>;
  /** The handler is called with these, one after the other. Default: none. */
  readonly events?: readonly unknown[];
}

/** Starts modules in fresh processes. */
export type Start = (options: StartOptions) => Promise<StartReport>;

/** A function that hangs is none that can be measured. */
const TIME_OUT_MS = 60_000;

/** Makes what runs in the process, too, a file without a type to strip. */
export async function createStart(outDir: string): Promise<Start> {
  const child = await bundleFile(fileURLToPath(new URL("start-child.ts", import.meta.url)), outDir);
  return async ({ file, environment, events = [] }) => {
    const args = [...LAMBDA_NODE_FLAGS, child.file, pathToFileURL(file).href, JSON.stringify(events)];
    const options = { env: environment, timeout: TIME_OUT_MS };
    const { stdout } = await run(process.execPath, args, options);
    return JSON.parse(stdout);
  };
}
