/**
 * The lock of a state directory: a file with the id of the process that has it. Node offers no lock that ends with its
 * process, so one whose process is gone is taken over.
 */
import { randomUUID } from "node:crypto";
import { link, mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { isProcessAlive } from "../sandbox/process-alive.ts";
import { UsageError } from "./usage-error.ts";

/** Name of the lock's file in the state directory. */
export const LOCK_FILE = "lock";

/** How often a lock may change hands under our eyes before that is called trouble. */
const MOST_TRIES = 5;

/**
 * Takes a state directory for this process alone, making it when it is not there.
 *
 * @returns gives it back
 * @throws {UsageError} when it cannot be used, or another process has it
 */
export async function lockStateDirectory(directory: string): Promise<() => Promise<void>> {
  const lock = join(directory, LOCK_FILE);
  // Written aside and linked into place: a lock is whole from its first moment, and `link` fails when there is one.
  const claim = join(directory, `${LOCK_FILE}.${randomUUID()}`);
  await asUsage(directory, async () => {
    await mkdir(directory, { recursive: true });
    await writeFile(claim, `${process.pid}\n`);
  });
  try {
    for (let tries = 0; tries < MOST_TRIES; tries++) {
      if (await tryLink(claim, lock)) return () => rm(lock, { force: true });
      await removeIfStale(directory, lock);
    }
    throw new UsageError(
      `--state ${directory}: the lock in it changes hands too fast; is something else starting there?`,
    );
  } finally {
    await rm(claim, { force: true });
  }
}

async function tryLink(claim: string, lock: string): Promise<boolean> {
  try {
    await link(claim, lock);
    return true;
  } catch (error) {
    if (codeOf(error) === "EEXIST") return false;
    throw error;
  }
}

async function removeIfStale(directory: string, lock: string): Promise<void> {
  const holder = await readHolder(lock);
  if (holder === undefined) return;
  if (isHeld(holder)) {
    throw new UsageError(
      `--state ${directory} is in use by process ${holder}; wait for it, use another directory, or, if that is no relay, remove ${lock}`,
    );
  }
  // Moved aside before it is removed: should somebody have taken over since, what was moved is theirs and goes back.
  const aside = `${lock}.${randomUUID()}`;
  try {
    await rename(lock, aside);
  } catch (error) {
    if (codeOf(error) === "ENOENT") return;
    throw error;
  }
  if ((await readHolder(aside)) !== holder) await tryLink(aside, lock);
  await rm(aside, { force: true });
}

/** The process that has the lock, 0 when the file does not name one; `undefined` when there is no lock. */
async function readHolder(lock: string): Promise<number | undefined> {
  try {
    const pid = Number((await readFile(lock, "utf8")).trim());
    return Number.isInteger(pid) && pid > 0 ? pid : 0;
  } catch (error) {
    if (codeOf(error) === "ENOENT") return undefined;
    throw error;
  }
}

/** A lock under our own id is of a process before us: in a fresh container ids begin anew. */
function isHeld(holder: number): boolean {
  return holder !== 0 && holder !== process.pid && isProcessAlive(holder);
}

async function asUsage(directory: string, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    throw new UsageError(`--state ${directory} cannot be used: ${explain(error)}`, { cause: error });
  }
}

function explain(error: unknown): string {
  if (codeOf(error) === "EEXIST") return "it is a file; expected a folder";
  return error instanceof Error ? error.message : String(error);
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && "code" in error ? String(error.code) : undefined;
}
