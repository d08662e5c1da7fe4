/**
 * A folder that exists already, as a bucket that can only be read. Nothing is copied: a key is a path below the
 * folder, an ETag the MD5 of the file, worked out when it is first asked for.
 *
 * Links to files are followed wherever they lead, since whoever owns the folder put them there. Links to directories
 * are not (they can form loops, and a key must not lead out of the folder): they are listed, and opening one says why.
 */
import { createHash } from "node:crypto";
import type { Stats } from "node:fs";
import { type FileHandle, lstat, open, realpath, stat } from "node:fs/promises";
import { dirname, extname, join, sep } from "node:path";
import { readFileRange } from "./file-range.ts";
import { walkFolder } from "./folder-walk.ts";
import {
  type ObjectInfo,
  type ObjectStore,
  ObjectUnreadableError,
  ReadOnlyStoreError,
} from "./object-store.ts";

interface KnownEtag {
  readonly sizeBytes: number;
  readonly modifiedMs: number;
  readonly etag: string;
}

/**
 * Mounts a folder.
 *
 * @throws when the folder does not exist or is not one.
 */
export async function createFolderStore(folder: string): Promise<ObjectStore> {
  const root = await realpath(folder);
  if (!(await stat(root)).isDirectory()) throw new Error(`${folder} is not a folder`);
  const etags = new Map<string, KnownEtag>();

  const describe = async (key: string, path: string, file: FileHandle): Promise<ObjectInfo> => {
    const { size: sizeBytes, mtimeMs: modifiedMs } = await file.stat();
    let known = etags.get(path);
    if (known?.sizeBytes !== sizeBytes || known.modifiedMs !== modifiedMs) {
      known = { sizeBytes, modifiedMs, etag: await hashFile(file, sizeBytes, key) };
      etags.set(path, known);
    }
    return { key, ...known, headers: { "content-type": contentType(key) }, tags: [] };
  };

  const openFile = async (key: string) => {
    const path = await findFile(root, key);
    if (path === undefined) return undefined;
    const file = await asUnreadable(key, open(path, "r"));
    try {
      return { file, info: await asUnreadable(key, describe(key, path, file)) };
    } catch (error) {
      await file.close();
      throw error;
    }
  };

  return {
    async head(key) {
      const opened = await openFile(key);
      await opened?.file.close();
      return opened?.info;
    },
    async open(key) {
      const opened = await openFile(key);
      if (opened === undefined) return undefined;
      const { file, info } = opened;
      return { info, read: (range) => readFileRange(file, range, key), close: () => file.close() };
    },
    keys: (range) => walkFolder(root, range),
    put: async () => refuse(folder),
    delete: async () => refuse(folder),
    setTags: async () => refuse(folder),
  };
}

function refuse(folder: string): never {
  throw new ReadOnlyStoreError(`${folder} is mounted for reading only`);
}

/**
 * The path of a key's file; undefined when there is nothing of that name.
 *
 * @throws {ObjectUnreadableError} when there is something that is not a readable file.
 */
async function findFile(root: string, key: string): Promise<string | undefined> {
  const name = key.endsWith("/") ? key.slice(0, -1) : key;
  if (!isPathBelow(name)) return undefined;
  const path = join(root, name);
  // A directory link anywhere on the way would make these differ, and so would another spelling on a file system that
  // ignores case: S3 keys do not.
  const parent = await orUndefined(realpath(dirname(path)));
  if (parent !== dirname(path)) return undefined;

  const entry = await orUndefined(lstat(path));
  if (entry === undefined) {
    // Names that are not UTF-8 are listed with replacement characters, under which they cannot be opened.
    if (key.includes("\ufffd")) throw unreadable(key, "its name is not valid UTF-8");
    return undefined;
  }
  // Listed with the slash only when the directory cannot be read, so that is the one to report.
  if (entry.isDirectory()) return key.endsWith("/") ? findUnreadableDirectory(key, path) : undefined;
  if (key.endsWith("/")) return undefined;
  refuseNonFile(key, entry, await orUndefined(stat(path)));
  return path;
}

function isPathBelow(name: string): boolean {
  const foreign = sep === "/" ? "\0" : sep;
  return name
    .split("/")
    .every((part) => !["", ".", ".."].includes(part) && !/\0/.test(part) && !part.includes(foreign));
}

async function findUnreadableDirectory(key: string, path: string): Promise<undefined> {
  const directory = await asUnreadable(key, open(path, "r"));
  await directory.close();
}

function refuseNonFile(key: string, entry: Stats, target: Stats | undefined): void {
  if (target === undefined) throw unreadable(key, "it is a link that leads nowhere");
  if (target.isFile()) return;
  const isDirectoryLink = entry.isSymbolicLink() && target.isDirectory();
  throw unreadable(key, isDirectoryLink ? "links to folders are not followed" : "it is not a regular file");
}

async function hashFile(file: FileHandle, sizeBytes: number, key: string): Promise<string> {
  const hash = createHash("md5");
  for await (const chunk of readFileRange(file, { start: 0, end: sizeBytes }, key)) hash.update(chunk);
  return hash.digest("hex");
}

async function orUndefined<Value>(found: Promise<Value>): Promise<Value | undefined> {
  try {
    return await found;
  } catch {
    return undefined;
  }
}

async function asUnreadable<Value>(key: string, value: Promise<Value>): Promise<Value> {
  try {
    return await value;
  } catch (error) {
    if (error instanceof ObjectUnreadableError) throw error;
    throw unreadable(key, error instanceof Error ? error.message : String(error), { cause: error });
  }
}

function unreadable(key: string, reason: string, options?: ErrorOptions): ObjectUnreadableError {
  return new ObjectUnreadableError(`${JSON.stringify(key)} cannot be read: ${reason}`, options);
}

function contentType(key: string): string {
  return /^\.jpe?g$/i.test(extname(key)) ? "image/jpeg" : "binary/octet-stream";
}
