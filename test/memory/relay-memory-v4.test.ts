import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type S3Sandbox, startS3Sandbox } from "../../sandbox/s3/server.ts";
import { startTableSandbox, type TableSandbox } from "../../sandbox/table.ts";
import { openFolderStorage } from "../../sandbox/v4/folder-storage.ts";
import { startV4StandIn, type V4StandIn } from "../../sandbox/v4/stand-in.ts";
import { createGrownPhotos, MIB } from "./grown-photos.ts";
import { relayInChild } from "./relay-in-child.ts";

let directory: string;
let source: S3Sandbox;
let mapillary: V4StandIn;
let table: TableSandbox;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "memory-v4-"));
  source = await startS3Sandbox({ buckets: { photos: createGrownPhotos() } });
  mapillary = await startV4StandIn({ storage: await openFolderStorage(directory) });
  table = await startTableSandbox();
});
afterAll(async () => {
  await Promise.all([source.stop(), mapillary.stop(), table.stop()]);
  await rm(directory, { recursive: true, force: true });
});

it.each([
  [1, 200],
  [60, 8],
])(
  "sends %i photo(s) of %i MiB by v4 within 60 MB of an idle worker's memory",
  async (count, sizeMib) => {
    const before = mapillary.requests.countAnswers("PostBytes", 200);

    const { idleMb, peakMb, cpuSeconds, settled } = await relayInChild(count, sizeMib, {
      LANE: "v4",
      SOURCE_URL: source.url,
      UPLOAD_URL: mapillary.uploadUrl,
      GRAPH_URL: mapillary.url,
      ACCESS_TOKEN: mapillary.users[0]?.accessToken ?? "",
      TABLE_URL: table.url,
    });

    const whole = mapillary.requests.entries().filter(({ bytesKept }) => bytesKept > sizeMib * MIB);
    expect(settled).toBe(count);
    // One small photo warms the worker up.
    expect(mapillary.requests.countAnswers("PostBytes", 200) - before).toBe(count + 1);
    expect(new Set(whole.map(({ key }) => key)).size).toBeGreaterThanOrEqual(count);
    const [idle, peak, cpu] = [idleMb, peakMb, cpuSeconds].map((value) => value.toFixed(0));
    console.info(`v4, ${count} × ${sizeMib} MiB: idle ${idle} MB, peak ${peak} MB, ${cpu} s of CPU`);
    expect(peakMb - idleMb).toBeLessThan(60);
  },
  300_000,
);
