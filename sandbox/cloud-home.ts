/**
 * Temporary directories that do not outlive their process for long. A process that is ended at once cannot remove its
 * own; the next one does. Each holds a note of whose it is, and the content below that, so that the note goes last:
 * a removal that is broken off is gone on with at the next start.
 */
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { isProcessAlive } from "./process-alive.ts";

/** A directory to keep things in while the process runs. */
export interface Home {
  readonly directory: string;
  /** Removes it with all that is in it when it is a temporary one. */
  close(): Promise<void>;
}

/** What the names of our temporary directories begin with. */
export const HOME_PREFIX = "mapillary-relay-";

/** Name of the note of whose a temporary directory is: the process id, a blank and the machine's name. */
export const OWNER_FILE = "owner";

const CONTENT = "content";

/** Opens the directory that is given, making it when it is not there, or else a temporary one. */
export async function openHome(stateDirectory: string | undefined): Promise<Home> {
  if (stateDirectory === undefined) return await openTemporaryHome();
  await mkdir(stateDirectory, { recursive: true });
  return { directory: stateDirectory, close: async () => {} };
}

/** Makes an empty temporary directory, and removes those of processes of ours that are no more. */
export async function openTemporaryHome(): Promise<Home> {
  await removeHomesOfTheDead();
  const home = await mkdtemp(join(tmpdir(), HOME_PREFIX));
  await writeFile(join(home, OWNER_FILE), `${process.pid} ${hostname()}\n`);
  const directory = join(home, CONTENT);
  await mkdir(directory);
  return { directory, close: () => removeHome(home) };
}

async function removeHomesOfTheDead(): Promise<void> {
  const entries = await readdir(tmpdir(), { withFileTypes: true }).catch(() => []);
  for (const entry of entries) {
    // A link is not followed: it may lead anywhere.
    if (!entry.isDirectory() || !entry.name.startsWith(HOME_PREFIX)) continue;
    const home = join(tmpdir(), entry.name);
    // Another process may be at the same one, or it resists: nothing that should keep anybody from starting.
    await removeIfOwnerIsDead(home).catch(() => {});
  }
}

async function removeIfOwnerIsDead(home: string): Promise<void> {
  const { uid } = await stat(home);
  // The directory of temporary files is everybody's: what somebody else wrote there tells us nothing.
  if (process.getuid !== undefined && process.getuid() !== uid) return;
  const note = await readFile(join(home, OWNER_FILE), "utf8");
  const [, pid, machine] = /^(\d+) (.+)\n$/.exec(note) ?? [];
  // Where containers share the directory, an id of another one means nothing here.
  if (pid === undefined || machine !== hostname() || isProcessAlive(Number(pid))) return;
  await removeHome(home);
}

async function removeHome(home: string): Promise<void> {
  await rm(join(home, CONTENT), { recursive: true, force: true });
  await rm(home, { recursive: true, force: true });
}
