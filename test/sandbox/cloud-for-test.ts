import { buffer } from "node:stream/consumers";
import { readFleet } from "../../lib/config/fleet.ts";
import type { Log, LogEvents } from "../../lib/pipeline/log.ts";
import { type Cloud, type CloudOptions, startCloud } from "../../sandbox/cloud.ts";
import { makePhoto } from "../../sandbox/photo-maker.ts";
import { createMemoryStore } from "../../sandbox/s3/memory-store.ts";
import type { ObjectStore } from "../../sandbox/s3/object-store.ts";

/** Nobody interrupts. */
export const FOREVER = new AbortController().signal;

/** A cloud that counts what it logs. */
export interface CloudForTest extends AsyncDisposable {
  readonly cloud: Cloud;
  count(event: keyof LogEvents): number;
}

/** Starts a cloud around a bucket `photos`, with the defaults of a fleet. */
export async function openCloud(
  photos: ObjectStore,
  { log: logToo, ...options }: Partial<CloudOptions> = {},
): Promise<CloudForTest> {
  const names: (keyof LogEvents)[] = [];
  const log: Log = (name, data) => {
    names.push(name);
    logToo?.(name, data);
  };
  const fleet = readFleet({ destination: "bucket" });
  const cloud = await startCloud({ bucket: "photos", photos, fleet, log, ...options });
  return {
    cloud,
    count: (event) => names.filter((name) => name === event).length,
    [Symbol.asyncDispose]: cloud.stop,
  };
}

/** Makes a bucket with a photo of its own under each key. */
export async function fillBucket(keys: readonly string[]): Promise<ObjectStore> {
  const photos = createMemoryStore();
  for (const [at, key] of keys.entries()) {
    const bytes = makePhoto({ latitudeDeg: 50 + at / 1000, seed: at });
    await photos.put({ key, modifiedMs: 0, headers: {}, tags: [], body: once(bytes) });
  }
  return photos;
}

async function* once(bytes: Uint8Array) {
  yield bytes;
}

/** Tells a cloud of every object of a bucket. */
export async function announceAll(cloud: Cloud, photos: ObjectStore): Promise<void> {
  for await (const key of photos.keys({ prefix: "", after: undefined })) {
    const info = await photos.head(key);
    if (info) await cloud.announce(info);
  }
}

/** Content of a bucket by key. */
export async function bytesIn(store: ObjectStore | undefined): Promise<Map<string, Buffer>> {
  const found = new Map<string, Buffer>();
  for await (const key of store?.keys({ prefix: "", after: undefined }) ?? []) {
    const object = await store?.open(key);
    if (object === undefined) continue;
    found.set(key, await buffer(object.read({ start: 0, end: object.info.sizeBytes })));
    await object.close();
  }
  return found;
}
