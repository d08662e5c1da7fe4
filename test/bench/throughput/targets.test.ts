import { expect, it } from "vitest";
import { spreadOf } from "../start/spread.ts";
import type { ThroughputResult } from "./measure-throughput.ts";
import { requestsOf } from "./relay-requests.ts";
import { judgeThroughput } from "./targets.ts";
import { type Figures, sumUp } from "./throughput-figures.ts";

const figures = (cpuSecondsPerGb: number): Figures => ({
  cpuSecondsPerGb,
  wallMsPerPhoto: 10,
  peakRssMb: 80,
  busiestServer: 0.5,
});

/** One round at 4 MiB, 8 at a time. */
function resultOf(
  cpu: { copy: number; relay: number; pipe: number; obvious: number },
  memoryMb = 100,
  writes = 2,
): ThroughputResult {
  const round = new Map(
    (["copy", "relay", "pipe", "obvious"] as const).map((name) => [name, figures(cpu[name])]),
  );
  return {
    cases: [{ sizeMib: 4, concurrency: 8, photos: 10, warmUpPhotos: 10, peers: sumUp([round]) }],
    verifiedPhotos: {},
    skipped: [],
    memory: { photos: 32, peakRssMb: spreadOf([memoryMb]) },
    requests: {
      gets: spreadOf([1]),
      posts: spreadOf([1]),
      tableWrites: spreadOf([writes]),
      tableReads: spreadOf([1]),
    },
  };
}

const GOOD = { copy: 1.5, relay: 2.5, pipe: 2.4, obvious: 7 };

const missed = (result: ThroughputResult) =>
  judgeThroughput(result)
    .filter(({ verdict }) => verdict !== "met")
    .map(({ what, verdict }) => `${what}: ${verdict}`);

it.each([
  ["nothing", resultOf(GOOD), []],
  ["a slow copy path", resultOf({ ...GOOD, copy: 2.7 }), ["CPU of the copy path against the bare pipe"]],
  ["a slow relay", resultOf({ ...GOOD, relay: 3.3, obvious: 8 }), ["CPU of the relay against the bare pipe"]],
  [
    "a relay no better than the obvious way",
    resultOf({ ...GOOD, obvious: 5.9 }),
    ["CPU of the relay against the obvious Lambda"],
  ],
  ["much memory", resultOf(GOOD, 161), ["peak RSS of the relay in MB, 16 photos of 40 MiB at a time"]],
  ["many writes", resultOf(GOOD, 100, 3.1), ["writes to the table for a photo"]],
])("finds fault with %s", (_name, result, faults) => {
  expect(missed(result)).toEqual(faults.map((what) => `${what}: not met`));
});

it("judges no case but its own, and says what was not measured", () => {
  const result = resultOf(GOOD);
  const [only] = result.cases;
  const other = { ...result, cases: only === undefined ? [] : [{ ...only, concurrency: 1 }] };

  expect(missed(other)).toEqual([
    "CPU of the copy path against the bare pipe: not measured",
    "CPU of the relay against the bare pipe: not measured",
    "CPU of the relay against the obvious Lambda: not measured",
  ]);
});

it("counts what the relay asks of the servers, for one photo", () => {
  const idle = { receivedBytes: 0, complaints: [], verified: 0, cpuMs: 0, journal: [] };
  const run = {
    source: { ...idle, requests: { GET: 21 } },
    destination: { ...idle, requests: { POST: 20 } },
    table: { ...idle, requests: { PutItem: 20, UpdateItem: 25, BatchGetItem: 2, GetItem: 3 } },
  };

  const found = requestsOf([run], 20);

  expect(found?.gets.median).toBe(1.05);
  expect(found?.posts.median).toBe(1);
  expect(found?.tableWrites.median).toBe(2.25);
  expect(found?.tableReads.median).toBe(0.25);
  expect(requestsOf([], 20)).toBeUndefined();
});
