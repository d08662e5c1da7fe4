import { access, constants, realpath, stat } from "node:fs/promises";
import { isAbsolute, relative, resolve, sep } from "node:path";
import { createFolderStore } from "../sandbox/s3/folder-store.ts";
import type { ObjectStore } from "../sandbox/s3/object-store.ts";
import { isToolFile } from "./folder-listing.ts";
import { UsageError } from "./usage-error.ts";

/**
 * Mounts a folder of photos as a bucket.
 *
 * @throws {UsageError} when there is no such folder, or it cannot be read
 */
export async function openPhotoFolder(folder: string): Promise<ObjectStore> {
  const found = await stat(folder).catch((error: NodeJS.ErrnoException) => {
    const why = error.code === "ENOENT" ? "there is no such folder" : error.message;
    throw new UsageError(`${folder}: ${why}`, { cause: error });
  });
  if (!found.isDirectory()) throw new UsageError(`${folder} is a file; expected a folder`);
  await access(folder, constants.R_OK | constants.X_OK).catch((error: Error) => {
    throw new UsageError(`${folder} cannot be read: ${error.message}`, { cause: error });
  });
  return await createFolderStore(folder);
}

/**
 * Refuses a state directory whose files would be taken for photos by the next run.
 *
 * @throws {UsageError} when it lies in the folder of photos, and not below a name with a dot, which is passed over
 */
export async function assertStateIsApart(stateDirectory: string, folder: string): Promise<void> {
  const spellings = [resolve(folder), await realpath(folder)];
  const isTaken = spellings.some((root) => isFedFrom(relative(root, resolve(stateDirectory))));
  if (!isTaken) return;
  throw new UsageError(
    `--state ${stateDirectory} lies in the folder of photos, whose files are all relayed; expected one elsewhere, or with a dot, such as ${folder}/.relay`,
  );
}

function isFedFrom(below: string): boolean {
  const segments = below.split(sep);
  return segments[0] !== ".." && !isAbsolute(below) && !isToolFile(segments.join("/"));
}
