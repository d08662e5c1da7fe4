import { expect, it } from "vitest";
import { describeMachine } from "../machine.ts";
import { measureThroughput } from "./measure-throughput.ts";
import { renderThroughput } from "./throughput-report.ts";

it("measures the copy path, the bare pipe and the relay on photos that arrived whole", {
  timeout: 60_000,
}, async () => {
  const peers = ["pipe", "copy", "relay"] as const;
  const plan = { peers, sizesMib: [0.05], concurrencies: [2], rounds: 1, photos: 10 };

  const result = await measureThroughput(plan, () => {}, new AbortController().signal);

  const [only] = result.cases;
  expect(only?.peers.map(({ peer }) => peer)).toEqual(peers);
  for (const figures of only?.peers ?? []) {
    expect(figures.cpuSecondsPerGb.median).toBeGreaterThan(0);
    expect(figures.wallMsPerPhoto.median).toBeGreaterThan(0);
    expect(figures.peakRssMb.median).toBeGreaterThan(20);
    expect(figures.cpuAgainst.pipe?.median).toBeGreaterThan(0);
  }
  // Two at a time, and one to warm up.
  expect(result.verifiedPhotos).toEqual({ pipe: 3, copy: 3, relay: 3 });
  expect(result.skipped).toEqual([]);
  const report = renderThroughput(result, 1, describeMachine());
  for (const peer of peers) expect(report).toMatch(new RegExp(`^. ${peer} .*\\d\\.\\d\\d`, "m"));
});
