/**
 * The v4 lane's laws, whatever goes wrong on the wire and whenever a run is ended: the same sequences in the end, one
 * finish each, and no byte sent that the server has already.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { expect, it } from "vitest";
import type { V4Dials } from "../../sandbox/v4/dials.ts";
import type { V4StandIn } from "../../sandbox/v4/stand-in.ts";
import { announceAll, openCloud } from "./cloud-for-test.ts";
import { clustersOf, fillWithDrive, steadyDrive, V4_FLEET } from "./cloud-v4-for-test.ts";

const RUNS = Number(process.env.LAWS_RUNS ?? 4);
const PHOTOS = 8;
const PADDING_BYTES = 60_000;
const DRIVE = steadyDrive(PHOTOS, ["a", "b"]).map((shot) => ({ ...shot, paddingBytes: PADDING_BYTES }));
const IN_ORDER = Array.from({ length: PHOTOS }, (_, at) => `IMG_${String(PHOTOS - at).padStart(5, "0")}.jpg`);

const share = fc.constantFrom(0, 0, 0.15, 0.3);
const trouble = fc.record({
  failShare: share,
  unavailableShare: share,
  retryAfterSeconds: fc.constant(0),
  rateLimitShare: fc.constantFrom(0, 0, 0.1),
  rateLimitBackoffMs: fc.integer({ min: 1, max: 30 }),
  dropAfterBytes: fc.option(fc.integer({ min: 1, max: PADDING_BYTES }), { nil: null }),
  dropOn: fc.constantFrom("first" as const, "every" as const),
  offsetInvalidOnce: fc.boolean(),
  forgetSessionOnce: fc.boolean(),
  expireOnce: fc.constantFrom("nothing" as const, "nothing" as const, "images" as const, "manifest" as const),
  sharesOn: fc.constant("upload" as const),
});

/** Runs to the end, or until so many requests came in; what was done is in the directory. */
async function run(directory: string, faults: Partial<V4Dials>, photosAtHand: boolean, requests: number) {
  const photos = await fillWithDrive(DRIVE);
  const options = {
    fleet: V4_FLEET,
    retries: { baseMs: 1, capMs: 20, maxAttempts: 500 },
    stateDirectory: directory,
  };
  await using opened = await openCloud(photos, { ...options, faults: { v4: faults } });
  const { cloud } = opened;
  if (photosAtHand) await announceAll(cloud, photos);
  const end = new AbortController();
  const watch = setInterval(() => {
    if ((cloud.mapillary?.requests.count() ?? 0) >= requests) end.abort(new Error("the run is ended"));
  }, 1);
  try {
    await cloud.drain(end.signal);
    await cloud.closeSequences(end.signal);
  } finally {
    clearInterval(watch);
  }
  return {
    clusters: await clustersOf(cloud.mapillary),
    unknown: (await cloud.sequences.withStatus("unknown")).length,
    resent: cloud.mapillary === undefined ? 0 : resentBytes(cloud.mapillary),
  };
}

/** Bytes that came in for a session although it had them; what a request had under way when it was cut is none. */
function resentBytes({ requests }: V4StandIn): number {
  const refused = requests
    .entries()
    .filter(({ operation, status }) => operation === "PostBytes" && status === 200);
  return refused.reduce((sum, { bytesReceived, bytesKept }) => sum + bytesReceived - bytesKept, 0);
}

it("makes the same sequences, each once, whatever goes wrong and whenever a run is ended", async () => {
  await fc.assert(
    fc.asyncProperty(
      trouble,
      fc.array(fc.integer({ min: 1, max: 60 }), { maxLength: 2 }),
      async (faults, ends) => {
        const directory = await mkdtemp(join(tmpdir(), "v4-laws-"));
        try {
          for (const [at, requests] of ends.entries()) await run(directory, faults, at === 0, requests);
          const last = await run(directory, faults, ends.length === 0, Number.POSITIVE_INFINITY);
          const again = await run(directory, {}, false, Number.POSITIVE_INFINITY);

          // A run that was ended in the middle of a finish leaves it to a person, and makes it no second time.
          expect(again.clusters.length + again.unknown).toBeGreaterThanOrEqual(2);
          expect(again.clusters.length).toBeLessThanOrEqual(2);
          for (const cluster of again.clusters) expect(cluster).toEqual(IN_ORDER);
          if (again.unknown === 0) expect(again.clusters).toHaveLength(2);
          expect(last.resent).toBe(0);
        } finally {
          await rm(directory, { recursive: true, force: true });
        }
      },
    ),
    { numRuns: RUNS, endOnFailure: true },
  );
}, 300_000);
