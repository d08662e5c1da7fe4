/**
 * Objects in one directory that survive the process.
 *
 * Each object is two files: `<sha256 of the key>.<random>.data` with its bytes and `<sha256 of the key>.json` with the
 * rest, which names the first. Renaming the JSON into place is what makes an object exist, so bytes and description
 * can never be of different versions, and a crash leaves at most a data file that nothing names (removed at the next
 * start). No key ever becomes a part of a path.
 *
 * The descriptions are kept in memory, the bytes never. One process at a time may have the directory open.
 */
import { createHash, randomUUID } from "node:crypto";
import { type FileHandle, mkdir, open, readdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DATA_FILE, type DiskRecord, readDiskRecord } from "./disk-record.ts";
import { readFileRange } from "./file-range.ts";
import { createKeyIndex, type KeyIndex } from "./key-index.ts";
import { type ObjectStore, ObjectUnreadableError } from "./object-store.ts";

const RECORD_FILE = /^[0-9a-f]{64}\.json$/;
const UNFINISHED_RECORD_FILE = /^[0-9a-f]{64}\.json\.tmp$/;

/**
 * Opens a directory as a store, creating it when absent. Files that are not the store's own are left alone.
 *
 * @throws when a description cannot be read or is not one, naming the file.
 */
export async function createDiskStore(directory: string): Promise<ObjectStore> {
  await mkdir(directory, { recursive: true });
  const records = await readRecords(directory);
  await sweep(directory, records);
  const inTurn = createTurns();
  const dataPath = (record: DiskRecord) => join(directory, record.dataFile);

  const commit = async (record: DiskRecord) => {
    await writeRecord(directory, record);
    records.set(record.info.key, record);
  };

  return {
    async put({ body, ...about }) {
      const dataFile = `${hashKey(about.key)}.${randomUUID()}.data`;
      const path = join(directory, dataFile);
      try {
        const { etag, sizeBytes } = await writeHashed(path, body);
        const info = { ...about, etag, sizeBytes };
        await inTurn(async () => {
          const replaced = records.get(about.key);
          await commit({ dataFile, info });
          if (replaced !== undefined) await rm(dataPath(replaced), { force: true });
        });
        return info;
      } catch (error) {
        await rm(path, { force: true });
        throw error;
      }
    },
    async head(key) {
      return records.get(key)?.info;
    },
    async open(key) {
      const opened = await openCurrent(records, key, dataPath);
      if (opened === undefined) return undefined;
      const { file, record } = opened;
      const name = `the data of ${JSON.stringify(key)}`;
      return {
        info: record.info,
        read: (range) => readFileRange(file, range, name),
        close: () => file.close(),
      };
    },
    delete: (key) =>
      inTurn(async () => {
        const record = records.get(key);
        if (record === undefined) return;
        await rm(join(directory, recordFile(key)), { force: true });
        records.delete(key);
        await rm(dataPath(record), { force: true });
      }),
    setTags: (key, tags) =>
      inTurn(async () => {
        const record = records.get(key);
        if (record === undefined) return undefined;
        const info = { ...record.info, tags };
        await commit({ ...record, info });
        return info;
      }),
    async *keys(range) {
      yield* records.keys(range);
    },
  };
}

async function readRecords(directory: string): Promise<KeyIndex<DiskRecord>> {
  const records = createKeyIndex<DiskRecord>();
  for (const name of await readdir(directory)) {
    if (!RECORD_FILE.test(name)) continue;
    const record = await readDiskRecord(join(directory, name));
    records.set(record.info.key, record);
  }
  return records;
}

/** Removes what a crash left behind: bytes that no description names, and descriptions not renamed into place. */
async function sweep(directory: string, records: KeyIndex<DiskRecord>): Promise<void> {
  const named = new Set([...records.values()].map((record) => record.dataFile));
  for (const name of await readdir(directory)) {
    const isLeftOver = UNFINISHED_RECORD_FILE.test(name) || (DATA_FILE.test(name) && !named.has(name));
    if (isLeftOver) await rm(join(directory, name), { force: true });
  }
}

async function writeRecord(directory: string, record: DiskRecord): Promise<void> {
  const path = join(directory, recordFile(record.info.key));
  await writeFile(`${path}.tmp`, JSON.stringify(record));
  await rename(`${path}.tmp`, path);
}

async function writeHashed(
  path: string,
  body: AsyncIterable<Uint8Array>,
): Promise<{ etag: string; sizeBytes: number }> {
  const hash = createHash("md5");
  let sizeBytes = 0;
  await using file = await open(path, "wx");
  await file.writeFile(
    (async function* hashed() {
      for await (const chunk of body) {
        hash.update(chunk);
        sizeBytes += chunk.byteLength;
        yield chunk;
      }
    })(),
  );
  return { etag: hash.digest("hex"), sizeBytes };
}

/** The file and the record that names it; tries again when the object was overwritten between the two steps. */
async function openCurrent(
  records: KeyIndex<DiskRecord>,
  key: string,
  dataPath: (record: DiskRecord) => string,
): Promise<{ file: FileHandle; record: DiskRecord } | undefined> {
  for (;;) {
    const record = records.get(key);
    if (record === undefined) return undefined;
    try {
      return { file: await open(dataPath(record), "r"), record };
    } catch (error) {
      if (records.get(key)?.dataFile !== record.dataFile) continue;
      throw new ObjectUnreadableError(`the data of ${JSON.stringify(key)} cannot be read`, { cause: error });
    }
  }
}

/** Runs changes one after the other: two at once could leave a description that names removed bytes. */
function createTurns(): <Result>(change: () => Promise<Result>) => Promise<Result> {
  let last: Promise<unknown> = Promise.resolve();
  return (change) => {
    const turn = last.then(change);
    // The queue goes on behind a failed change; the failure itself goes to whoever asked for it.
    last = turn.catch(() => {});
    return turn;
  };
}

function recordFile(key: string): string {
  return `${hashKey(key)}.json`;
}

function hashKey(key: string): string {
  return createHash("sha256").update(key).digest("hex");
}
