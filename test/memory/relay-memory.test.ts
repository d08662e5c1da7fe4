import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, expect, it } from "vitest";
import { makePhoto, streamGrownPhoto } from "../../sandbox/photo-maker.ts";
import type { NewObject, ObjectInfo, ObjectStore } from "../../sandbox/s3/object-store.ts";
import { type S3Sandbox, startS3Sandbox } from "../../sandbox/s3/server.ts";
import { startTableSandbox, type TableSandbox } from "../../sandbox/table.ts";

const MIB = 2 ** 20;

/** What a worker is started with in Lambda: docs/decisions/009-own-blocks.md. */
const WORKER_FLAGS = ["--max-semi-space-size=1", "--max-old-space-size=128"];

/** Photos that are made while they are read: the key says how large and which one. */
function createGrownPhotos(): ObjectStore {
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

/** Counts what arrives and forgets it. */
function createSink() {
  const arrived: { readonly key: string; readonly sizeBytes: number }[] = [];
  const store: ObjectStore = {
    ...readOnly(),
    async put({ key, body, modifiedMs, headers, tags }: NewObject) {
      let sizeBytes = 0;
      for await (const chunk of body) sizeBytes += chunk.length;
      arrived.push({ key, sizeBytes });
      return { key, etag: "e", sizeBytes, modifiedMs, headers, tags };
    },
  };
  return { arrived, store };
}

function readOnly(): ObjectStore {
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

const sink = createSink();
let source: S3Sandbox;
let destination: S3Sandbox;
let table: TableSandbox;
beforeAll(async () => {
  source = await startS3Sandbox({ buckets: { photos: createGrownPhotos() } });
  destination = await startS3Sandbox({ buckets: { inbox: sink.store } });
  table = await startTableSandbox();
});
afterAll(() => Promise.all([source.stop(), destination.stop(), table.stop()]));

/** Relays `count` photos of `sizeMib` each in a process of its own. @returns what its memory was, in MB */
async function relayInChild(
  count: number,
  sizeMib: number,
): Promise<{ idleMb: number; peakMb: number; cpuSeconds: number; settled: number }> {
  const child = spawn(process.execPath, [...WORKER_FLAGS, `${import.meta.dirname}/relay-child.ts`], {
    env: {
      ...process.env,
      SOURCE_URL: source.url,
      UPLOAD_URL: `${destination.url}/inbox`,
      TABLE_URL: table.url,
      COUNT: String(count),
      SIZE_MIB: String(sizeMib),
    },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [output] = await Promise.all([text(child.stdout), once(child, "exit")]);
  return JSON.parse(output);
}

it.each([
  [1, 200],
  [500, 8],
])(
  "relays %i photo(s) of %i MiB within 60 MB of an idle worker's memory",
  async (count, sizeMib) => {
    const before = sink.arrived.length;

    const { idleMb, peakMb, cpuSeconds, settled } = await relayInChild(count, sizeMib);

    const arrived = sink.arrived.slice(before).filter(({ sizeBytes }) => sizeBytes === sizeMib * MIB);
    expect(settled).toBe(count);
    expect(new Set(arrived.map(({ key }) => key)).size).toBe(count);
    const [idle, peak, cpu] = [idleMb, peakMb, cpuSeconds].map((value) => value.toFixed(0));
    console.info(`${count} × ${sizeMib} MiB: idle ${idle} MB, peak ${peak} MB, ${cpu} s of CPU`);
    expect(peakMb - idleMb).toBeLessThan(60);
  },
  300_000,
);
