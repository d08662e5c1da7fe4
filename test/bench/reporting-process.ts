import { spawn } from "node:child_process";
import type { Readable } from "node:stream";
import { text } from "node:stream/consumers";

/** How a process ended. */
export interface ProcessReport {
  /** Exit code, or the signal that ended it. */
  readonly code: number | string | null;
  /** What it wrote to its file descriptor 3. */
  readonly result: string;
  /** The end of what it wrote to standard error. */
  readonly errors: string;
}

/** A process that takes as long has stopped. */
const TIME_OUT_MS = 300_000;

/** Of what a process that goes wrong says; it may say it over and over. */
const LONGEST_ERRORS = 2_000;

/**
 * Runs a program that reports on its file descriptor 3. It has a process group of its own, which is ended as a whole
 * when the signal is aborted: a peer may have started programs itself.
 *
 * @throws when the program cannot be started, or the signal's reason when that ended it
 */
export async function runReporting(
  command: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  signal: AbortSignal,
): Promise<ProcessReport> {
  signal.throwIfAborted();
  const child = spawn(command, args, { env, detached: true, stdio: ["ignore", "pipe", "pipe", "pipe"] });
  const ended = new Promise<number | string | null>((resolve, reject) => {
    child.once("close", (code, endedBy) => resolve(code ?? endedBy));
    child.once("error", reject);
  });
  const endAll = () => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
    } catch {
      // All of them have ended by themselves.
    }
  };
  const timer = setTimeout(endAll, TIME_OUT_MS);
  signal.addEventListener("abort", endAll, { once: true });
  try {
    const [, output, errorOutput, results] = child.stdio as unknown as [null, Readable, Readable, Readable];
    output.resume();
    const [code, result, errors] = await Promise.all([ended, text(results), endOf(errorOutput)]);
    signal.throwIfAborted();
    return { code, result, errors };
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", endAll);
  }
}

/** Reads to the end, and keeps that. */
async function endOf(stream: Readable): Promise<string> {
  let end = "";
  for await (const chunk of stream.setEncoding("utf8")) end = (end + chunk).slice(-LONGEST_ERRORS);
  return end;
}
