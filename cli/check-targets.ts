import { stat } from "node:fs/promises";
import { basename, isAbsolute, join, normalize, sep } from "node:path";
import { walkFolder } from "../sandbox/s3/folder-walk.ts";
import { listFolder } from "./folder-listing.ts";
import { UsageError } from "./usage-error.ts";

/** One file to check. */
export interface CheckTarget {
  /** Where it is, as it was named: a relative path stays one. */
  readonly file: string;
  /**
   * Its object key, by which the fleet's rules are chosen: the path below the folder that was named; for a file named
   * by itself the path as it was named, or the bare name when that leads out of the working directory.
   */
  readonly key: string;
}

/** Everything that was named on the command line. */
export interface CheckTargets {
  /** In the order named, those of a folder sorted by key. A file that is named twice is there twice. */
  readonly files: readonly CheckTarget[];
  /** Files of tools that were passed over in folders. */
  readonly toolFiles: number;
}

/**
 * Finds the files that paths name: files, and folders with all that is in them.
 *
 * @throws {UsageError} naming every path that leads nowhere, or when there is no file at all
 */
export async function findTargets(paths: readonly string[]): Promise<CheckTargets> {
  const found = await Promise.all(paths.map(lookAt));
  const problems = found.filter((entry) => typeof entry === "string");
  if (problems.length > 0) throw new UsageError(problems.join("\n"));
  const files: CheckTarget[] = [];
  let toolFiles = 0;
  for (const entry of found) {
    if (typeof entry === "string") continue;
    files.push(...entry.files);
    toolFiles += entry.toolFiles;
  }
  if (files.length === 0) throw new UsageError(`no file to check in ${paths.join(", ")}`);
  return { files, toolFiles };
}

/** The files under a path, or what is wrong with it. */
async function lookAt(path: string): Promise<CheckTargets | string> {
  try {
    const found = await stat(path);
    if (!found.isDirectory()) return { files: [{ file: path, key: keyOfFile(path) }], toolFiles: 0 };
    const { photos, toolFiles } = await listFolder({ keys: (range) => walkFolder(path, range) });
    return { files: photos.map((key) => ({ file: join(path, key), key })), toolFiles };
  } catch (error) {
    const { code, message }: NodeJS.ErrnoException =
      error instanceof Error ? error : new Error(String(error));
    return `${path}: ${code === "ENOENT" ? "there is no such file or folder" : message}`;
  }
}

function keyOfFile(path: string): string {
  const normal = normalize(path);
  const leadsOut = isAbsolute(normal) || normal.split(sep)[0] === "..";
  return leadsOut ? basename(normal) : normal.split(sep).join("/");
}
