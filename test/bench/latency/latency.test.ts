import { expect, it } from "vitest";
import { describeMachine } from "../machine.ts";
import { renderLatency } from "./latency-report.ts";
import { type LatencyPlan, measureLatency } from "./measure-latency.ts";

const PLAN: LatencyPlan = {
  photosAtOnce: [1, 2],
  rounds: 1,
  photos: 2,
  sizeMib: 0.05,
  batchPhotos: 2,
  delays: { source: 20, destination: 30, table: 0 },
  coreShare: 0.29,
};

it("measures the relay at each setting, with the latencies in every photo's way", {
  timeout: 60_000,
}, async () => {
  const figures = await measureLatency(PLAN, () => {}, new AbortController().signal);

  expect(figures.map(({ peer, photosAtOnce }) => `${peer}, ${photosAtOnce}`)).toEqual([
    "relay, 1",
    "relay, 2",
    "copy, 1",
    "pipe, 1",
  ]);
  // Two timers, each early by less than a millisecond.
  for (const { photoMs } of figures) expect(photoMs.median).toBeGreaterThanOrEqual(48);
  const report = renderLatency(figures, PLAN, describeMachine());
  for (const { peer, photosAtOnce } of figures) expect(report).toContain(` ${peer}, ${photosAtOnce} `);
  expect(report).toMatch(/Recommended photosAtOnce.*: [12] on a whole core, [12] at 0\.29 vCPU/);
});
