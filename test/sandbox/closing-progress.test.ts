import { expect, it } from "vitest";
import type { Fault } from "../../sandbox/faults.ts";
import { rateLimitBody } from "../../sandbox/v4/answer.ts";
import { announceAll, FOREVER, openCloud } from "./cloud-for-test.ts";
import { clustersOf, fillWithDrive, steadyDrive, V4_FLEET } from "./cloud-v4-for-test.ts";

const BROKEN: Fault = { kind: "answer", when: "before", status: 500, code: "InternalError" };

/** A cloud of the v4 lane, in which one drive has arrived and is not yet a sequence. */
async function openWithDrive(photos: number) {
  const drive = await fillWithDrive(steadyDrive(photos));
  const opened = await openCloud(drive, { fleet: V4_FLEET });
  const { cloud } = opened;
  await announceAll(cloud, drive);
  await cloud.drain(FOREVER);
  if (cloud.mapillary === undefined) throw new Error("the cloud has no Mapillary of its own");
  return { ...opened, mapillary: cloud.mapillary };
}

it("goes on for as many rounds as handles are made fresh in, and then finishes once", async () => {
  const photos = 9;
  await using opened = await openWithDrive(photos);
  const { cloud, mapillary, count } = opened;
  const [sequence] = await cloud.sequences.withStatus("open");
  const rows = await cloud.ledger.ofSequence(sequence?.id ?? "");
  for (const { handle = "" } of rows) mapillary.expireHandle(handle);
  // After the manifest of the first try, of each round's renewals, eight side by side, one goes through.
  mapillary.faults.script({ on: "GetOffset", fault: "none" });
  for (let left = photos; left > 0; left -= 1) {
    for (let nth = 0; nth < Math.min(left, 8); nth += 1)
      mapillary.faults.script({ on: "GetOffset", fault: nth === 0 ? "none" : BROKEN });
  }

  await cloud.closeSequences(FOREVER);

  expect(mapillary.faults.pending).toBe(0);
  expect(await clustersOf(mapillary)).toHaveLength(1);
  expect((await clustersOf(mapillary))[0]).toHaveLength(photos);
  expect(count("sequence.published")).toBe(1);
  expect(count("sequence.unknown")).toBe(0);
});

it("waits for a rate limit's end before it tries again, and gives up only after tries", async () => {
  const backoffMs = 8_500;
  await using opened = await openWithDrive(1);
  const { cloud, mapillary, count } = opened;
  const limit: Fault = {
    kind: "answer",
    when: "before",
    status: 429,
    code: "RequestRateLimitedError",
    body: rateLimitBody(backoffMs),
  };
  mapillary.faults.script({ on: "FinishUpload", fault: limit });

  const startedMs = performance.now();
  await cloud.closeSequences(FOREVER);

  expect(performance.now() - startedMs).toBeGreaterThan(backoffMs);
  expect(count("sequence.published")).toBe(1);
  expect(count("account.paused")).toBe(1);
  expect(mapillary.requests.count("FinishUpload")).toBe(2);
});

it("ends at the signal while it waits for a rate limit", async () => {
  await using opened = await openWithDrive(1);
  const { cloud, mapillary } = opened;
  const limit: Fault = {
    kind: "answer",
    when: "before",
    status: 429,
    code: "RequestRateLimitedError",
    body: rateLimitBody(600_000),
  };
  mapillary.faults.script({ on: "FinishUpload", fault: limit });

  await cloud.closeSequences(AbortSignal.timeout(500));

  expect(await cloud.sequences.withStatus("closing")).toHaveLength(1);
});
