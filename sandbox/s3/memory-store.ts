import { createHash } from "node:crypto";
import { createKeyIndex } from "./key-index.ts";
import type { ByteRange, ObjectInfo, ObjectStore } from "./object-store.ts";

/** Small enough that a slow reader of a large object is paced, not handed all of it at once. */
const CHUNK_BYTES = 2 ** 16;

interface StoredObject {
  readonly info: ObjectInfo;
  readonly bytes: Buffer;
}

/** Makes a store that forgets everything with the process. Holds every object in memory, so it is for small ones. */
export function createMemoryStore(): ObjectStore {
  const objects = createKeyIndex<StoredObject>();

  return {
    async put({ body, ...about }) {
      const chunks: Uint8Array[] = [];
      for await (const chunk of body) chunks.push(chunk);
      const bytes = Buffer.concat(chunks);
      const etag = createHash("md5").update(bytes).digest("hex");
      const info: ObjectInfo = { ...about, etag, sizeBytes: bytes.byteLength };
      objects.set(info.key, { info, bytes });
      return info;
    },
    async head(key) {
      return objects.get(key)?.info;
    },
    async open(key) {
      const object = objects.get(key);
      if (object === undefined) return undefined;
      return { info: object.info, read: (range) => slices(object.bytes, range), close: async () => {} };
    },
    async delete(key) {
      objects.delete(key);
    },
    async setTags(key, tags) {
      const object = objects.get(key);
      if (object === undefined) return undefined;
      const info = { ...object.info, tags };
      objects.set(key, { ...object, info });
      return info;
    },
    async *keys(range) {
      yield* objects.keys(range);
    },
  };
}

async function* slices(bytes: Buffer, { start, end }: ByteRange): AsyncGenerator<Uint8Array> {
  for (let from = start; from < end; from += CHUNK_BYTES) {
    yield bytes.subarray(from, Math.min(from + CHUNK_BYTES, end));
  }
}
