import { makePhoto, streamGrownPhoto } from "../../sandbox/photo-maker.ts";
import type { ObjectInfo, ObjectStore } from "../../sandbox/s3/object-store.ts";

export const MIB = 2 ** 20;

/** Photos that are made while they are read: the key says how large and which one. */
export function createGrownPhotos(): ObjectStore {
  const infoOf = (key: string): ObjectInfo => {
    const sizeBytes = Number(key.split("-")[0]) * MIB;
    return { key, etag: `etag-of-${key}`, sizeBytes, modifiedMs: 0, headers: {}, tags: [] };
  };
  return {
    ...readOnly(),
    head: async (key) => infoOf(key),
    open: async (key) => ({
      info: infoOf(key),
      read: () => streamGrownPhoto(makePhoto({ seed: key.length }), infoOf(key).sizeBytes),
      close: async () => {},
    }),
  };
}

/** A store that refuses everything, to be made of something. */
export function readOnly(): ObjectStore {
  const refuse = async () => {
    throw new Error("not in this test");
  };
  return {
    put: refuse,
    head: refuse,
    open: refuse,
    delete: refuse,
    setTags: refuse,
    keys: async function* () {
      yield* [];
    },
  };
}
