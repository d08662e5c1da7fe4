import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import { z } from "zod";
import type { ObjectInfo } from "./object-store.ts";

/** What the disk store keeps beside an object's bytes. */
export interface DiskRecord {
  /** The file with the bytes, in the same directory. */
  readonly dataFile: string;
  readonly info: ObjectInfo;
}

/** Names of data files. Also keeps a tampered record from naming a file outside the directory. */
export const DATA_FILE = /^[0-9a-f]{64}\.[0-9a-f-]{36}\.data$/;

const schema = z.object({
  dataFile: z.string().regex(DATA_FILE),
  info: z.object({
    key: z.string(),
    etag: z.string().regex(/^[0-9a-f]{32}$/),
    sizeBytes: z.int().nonnegative(),
    modifiedMs: z.number(),
    headers: z.record(z.string(), z.string()),
    tags: z.array(z.object({ key: z.string(), value: z.string() })),
  }),
}) satisfies z.ZodType<DiskRecord>;

/**
 * Reads one record.
 *
 * @throws when the file is not a record, naming the file and what is wrong with it.
 */
export async function readDiskRecord(path: string): Promise<DiskRecord> {
  try {
    return schema.parse(JSON.parse(await readFile(path, "utf8")));
  } catch (error) {
    const reason = error instanceof z.ZodError ? z.prettifyError(error) : String(error);
    throw new Error(`${basename(path)} is not the description of a stored object: ${reason}`, {
      cause: error,
    });
  }
}
