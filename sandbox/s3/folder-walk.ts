import type { Dirent } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { compareKeys } from "./key-index.ts";
import type { KeyRange } from "./object-store.ts";

/**
 * The keys of a folder's files (the path below `root`, with slashes) in the order of their UTF-8 bytes, reading one
 * directory at a time and only where wanted keys can be. Links are listed and never walked into, so there are no loops;
 * a directory that cannot be read is listed as a key that ends in a slash, since someone should be told.
 *
 * @throws when `root` itself cannot be read.
 */
export async function* walkFolder(root: string, range: KeyRange): AsyncGenerator<string> {
  yield* walk(root, "", range);
}

async function* walk(root: string, base: string, range: KeyRange): AsyncGenerator<string> {
  const entries = await readDirectory(root, base);
  if (entries === undefined) {
    if (isWanted(base, range)) yield base;
    return;
  }
  const named = entries.map((entry) => ({ entry, key: base + keyEnd(entry) }));
  // A directory sorts as its name with the slash, since that is how all keys in it go on.
  named.sort((a, b) => compareKeys(a.key, b.key));
  for (const { entry, key } of named) {
    if (!entry.isDirectory()) {
      if (isWanted(key, range)) yield key;
    } else if (mayHoldWanted(key, range)) {
      yield* walk(root, key, range);
    }
  }
}

async function readDirectory(root: string, base: string): Promise<Dirent[] | undefined> {
  try {
    return await readdir(join(root, base), { withFileTypes: true });
  } catch (error) {
    if (base === "") throw error;
    return undefined;
  }
}

function keyEnd(entry: Dirent): string {
  return entry.isDirectory() ? `${entry.name}/` : entry.name;
}

function isWanted(key: string, { prefix, after }: KeyRange): boolean {
  return key.startsWith(prefix) && (after === undefined || compareKeys(key, after) > 0);
}

function mayHoldWanted(directory: string, { prefix, after }: KeyRange): boolean {
  const isOnThePath = directory.startsWith(prefix) || prefix.startsWith(directory);
  const isPassed = after !== undefined && compareKeys(directory, after) < 0 && !after.startsWith(directory);
  return isOnThePath && !isPassed;
}
