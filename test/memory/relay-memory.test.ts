import { afterAll, beforeAll, expect, it } from "vitest";
import type { NewObject, ObjectStore } from "../../sandbox/s3/object-store.ts";
import { type S3Sandbox, startS3Sandbox } from "../../sandbox/s3/server.ts";
import { startTableSandbox, type TableSandbox } from "../../sandbox/table.ts";
import { createGrownPhotos, MIB, readOnly } from "./grown-photos.ts";
import { relayInChild } from "./relay-in-child.ts";

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

it.each([
  [1, 200],
  [500, 8],
])(
  "relays %i photo(s) of %i MiB within 60 MB of an idle worker's memory",
  async (count, sizeMib) => {
    const before = sink.arrived.length;

    const { idleMb, peakMb, cpuSeconds, settled } = await relayInChild(count, sizeMib, {
      SOURCE_URL: source.url,
      UPLOAD_URL: `${destination.url}/inbox`,
      TABLE_URL: table.url,
    });

    const arrived = sink.arrived.slice(before).filter(({ sizeBytes }) => sizeBytes === sizeMib * MIB);
    expect(settled).toBe(count);
    expect(new Set(arrived.map(({ key }) => key)).size).toBe(count);
    const [idle, peak, cpu] = [idleMb, peakMb, cpuSeconds].map((value) => value.toFixed(0));
    console.info(`${count} × ${sizeMib} MiB: idle ${idle} MB, peak ${peak} MB, ${cpu} s of CPU`);
    expect(peakMb - idleMb).toBeLessThan(60);
  },
  300_000,
);
