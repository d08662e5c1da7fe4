import fc from "fast-check";
import { expect, it } from "vitest";
import type { PeerName } from "../peers.ts";
import type { ServerReport } from "../servers/counts.ts";
import { type Figures, figuresOf, sumUp } from "./throughput-figures.ts";

const MIB = 2 ** 20;

const figures = (cpuSecondsPerGb: number): Figures => ({
  cpuSecondsPerGb,
  wallMsPerPhoto: 10,
  peakRssMb: 80,
  busiestServer: 0.5,
});

const round = (cpu: Partial<Record<PeerName, number>>) =>
  new Map(Object.entries(cpu).map(([name, seconds]) => [name as PeerName, figures(seconds)]));

const report = (cpuMs: number): ServerReport => ({
  requests: {},
  receivedBytes: 0,
  complaints: [],
  verified: 0,
  cpuMs,
  journal: [],
});

it("divides a run by what was measured, and servers' time by the warm-up too", () => {
  const run = {
    cpuMs: 2_000,
    wallMs: 1_000,
    peakRssBytes: 90e6,
    source: report(200),
    destination: report(600),
    table: report(0),
  };
  const work = {
    sizeBytes: 4 * MIB,
    concurrency: 8,
    photos: 100,
    smallPhotos: 0,
    warmUpPhotos: 50,
    batchPhotos: 10,
  };

  const found = figuresOf(run, work);

  expect(found.cpuSecondsPerGb).toBeCloseTo(2 / 0.419_430_4);
  expect(found.wallMsPerPhoto).toBe(10);
  expect(found.peakRssMb).toBe(90);
  expect(found.busiestServer).toBeCloseTo(600 / 150 / 10);
});

it("takes ratios within a round, so that a machine that slows down is in none of them", () => {
  const slower = fc.double({ min: 0.1, max: 100, noNaN: true });
  fc.assert(
    fc.property(fc.array(slower, { minLength: 1, maxLength: 9 }), (speeds) => {
      const [copy] = sumUp(speeds.map((speed) => round({ copy: 1.5 * speed, pipe: 2 * speed })));

      expect(copy?.cpuAgainst.pipe?.min).toBeCloseTo(0.75);
      expect(copy?.cpuAgainst.pipe?.max).toBeCloseTo(0.75);
    }),
  );
});

it("takes the median of the ratios, not the ratio of the medians", () => {
  const rounds = [round({ copy: 1, pipe: 1 }), round({ copy: 10, pipe: 20 }), round({ copy: 100, pipe: 25 })];

  const [copy] = sumUp(rounds);

  expect(copy?.cpuAgainst.pipe).toEqual({ count: 3, median: 1, min: 0.5, max: 4 });
});

it("gives the median and the spread of the rounds", () => {
  const [copy] = sumUp([round({ copy: 3 }), round({ copy: 1 }), round({ copy: 8 })]);

  expect(copy?.cpuSecondsPerGb).toEqual({ count: 3, median: 3, min: 1, max: 8 });
});

it("gives no ratio to a peer that did not run", () => {
  const found = sumUp([round({ copy: 3, pipe: 4 })]);

  expect(found.map(({ peer }) => peer)).toEqual(["copy", "pipe"]);
  expect(found[0]?.cpuAgainst).toHaveProperty("pipe");
  expect(found[0]?.cpuAgainst).not.toHaveProperty("obvious");
});
