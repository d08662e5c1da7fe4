import type { Spread } from "../start/spread.ts";
import type { CaseResult, ThroughputResult } from "./measure-throughput.ts";

/** What the relay and its copy path have to reach, and whether they do. */
export interface Target {
  readonly what: string;
  readonly must: number;
  /** Better than that nobody asks for. */
  readonly reachFor: number;
  /** Absent where this run did not measure it. */
  readonly found?: Spread;
  readonly verdict: "met" | "not met" | "not measured";
}

/** Targets for CPU hold for the photos that most cameras take, eight at a time. */
export const TARGET_CASE = { sizeMib: 4, concurrency: 8 } as const;

/** Holds a result against the targets. */
export function judgeThroughput({ cases, memory, requests }: ThroughputResult): Target[] {
  const at = cases.find(
    ({ sizeMib, concurrency }) => sizeMib === TARGET_CASE.sizeMib && concurrency === TARGET_CASE.concurrency,
  );
  return [
    target("CPU of the copy path against the bare pipe", 1.1, 0.7, ratio(at, "copy", "pipe")),
    target("CPU of the relay against the bare pipe", 1.35, 0.9, ratio(at, "relay", "pipe")),
    target("CPU of the relay against the obvious Lambda", 0.42, 0.3, ratio(at, "relay", "obvious")),
    target("peak RSS of the relay in MB, 16 photos of 40 MiB at a time", 160, 110, memory?.peakRssMb),
    target("GETs for a photo", 1, 1, requests?.gets),
    target("POSTs for a photo", 1, 1, requests?.posts),
    target("writes to the table for a photo", 3, 2, requests?.tableWrites),
  ];
}

function ratio(
  result: CaseResult | undefined,
  peer: "copy" | "relay",
  yardstick: "pipe" | "obvious",
): Spread | undefined {
  return result?.peers.find((figures) => figures.peer === peer)?.cpuAgainst[yardstick];
}

function target(what: string, must: number, reachFor: number, found: Spread | undefined): Target {
  if (found === undefined) return { what, must, reachFor, verdict: "not measured" };
  return { what, must, reachFor, found, verdict: found.median <= must ? "met" : "not met" };
}
