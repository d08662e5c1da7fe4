import fc from "fast-check";
import { expect, it } from "vitest";
import { quantile } from "../quantile.ts";
import { cpuLimit, latencyOf, onShareOfCore, recommend } from "./latency-figures.ts";

const idle = { requests: {}, receivedBytes: 0, complaints: [], verified: 0, cpuMs: 0, journal: [] };
const work = { sizeBytes: 1, concurrency: 1, photos: 2, smallPhotos: 0, warmUpPhotos: 1, batchPhotos: 10 };
const run = { cpuMs: 40, wallMs: 400, peakRssBytes: 90e6, source: idle, destination: idle, table: idle };

it("measures a photo from its GET to its answer, whatever the order in which they came, without the warm-up", () => {
  const source = {
    ...idle,
    journal: [["0.jpg", 0] as const, ["1.jpg", 10] as const, ["2.jpg", 20] as const],
  };
  const destination = {
    ...idle,
    journal: [["2.jpg", 205] as const, ["0.jpg", 900] as const, ["1.jpg", 190] as const],
  };

  const found = latencyOf({ ...run, source, destination }, work);

  expect(found.photoMs).toEqual([180, 185]);
  expect(found.cpuMsPerPhoto).toBe(20);
  expect(found.wallMsPerPhoto).toBe(200);
});

it("does not pair a photo with one that was never asked for", () => {
  const destination = { ...idle, journal: [["1.jpg", 190] as const] };

  expect(() => latencyOf({ ...run, destination }, work)).toThrow(/1\.jpg/);
});

it("reckons no more photos on a share of a core than on a whole one, and none beyond the CPU's limit", () => {
  const ms = fc.double({ min: 0.1, max: 1e4, noNaN: true });
  fc.assert(
    fc.property(
      ms,
      ms,
      fc.integer({ min: 1, max: 64 }),
      fc.double({ min: 0.01, max: 1, noNaN: true }),
      (wall, cpu, atOnce, share) => {
        const rate = onShareOfCore(wall, cpu, atOnce, share);

        expect(rate).toBeLessThanOrEqual((1e3 / wall) * (1 + 1e-9));
        expect(rate).toBeLessThanOrEqual(cpuLimit(cpu, share));
      },
    ),
  );
});

it("reckons what is measured for a whole core that is not full", () => {
  expect(onShareOfCore(50, 20, 4, 1)).toBeCloseTo(20);
});

it.each([
  [
    [
      [1, 5],
      [4, 20],
      [8, 33],
      [10, 34],
    ],
    8,
  ],
  [
    [
      [1, 5],
      [4, 20],
      [8, 31],
      [10, 34],
    ],
    10,
  ],
  [
    [
      [10, 34],
      [1, 34],
    ],
    1,
  ],
] as const)("recommends the least that is nearly as good as the best of %j", (rates, expected) => {
  expect(recommend(rates.map(([photosAtOnce, rate]) => ({ photosAtOnce, rate })))).toBe(expected);
});

it.each([
  [0.5, 2],
  [0.95, 4],
  [0.25, 1],
  [1, 4],
])("finds the quantile %d by its nearest rank", (share, expected) => {
  expect(quantile([3, 1, 4, 2], share)).toBe(expected);
});

it("has no quantile of nothing", () => {
  expect(() => quantile([], 0.5)).toThrow(RangeError);
});
