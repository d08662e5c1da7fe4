import { drawTable, tellSpread } from "../bench-table.ts";
import { type Machine, tellMachine } from "../machine.ts";
import { cpuLimit, type LatencyFigures, recommend } from "./latency-figures.ts";
import type { LatencyPlan } from "./measure-latency.ts";

/** What the figures come to. */
export interface LatencyVerdict {
  /** Of the source and the destination, in ms. */
  readonly latencySumMs: number;
  /** The median photo of the relay, one at a time, against that sum; absent where none was alone. */
  readonly aloneAgainstSum?: { readonly must: number; readonly found: number; readonly isMet: boolean };
  /** The least `photosAtOnce` within 5 % of the best rate. */
  readonly recommended: {
    /** As measured. */
    readonly onWholeCore: number;
    /** As reckoned for the function's share of a core. */
    readonly onShare: number;
  };
}

/** Target: how much longer a photo may take than the latencies in its way. */
const MOST_AGAINST_SUM = 1.1;

/** Draws the conclusions. @throws {RangeError} when the relay was not measured */
export function judgeLatency(
  figures: readonly LatencyFigures[],
  { delays }: Pick<LatencyPlan, "delays">,
): LatencyVerdict {
  const relay = figures.filter(({ peer }) => peer === "relay");
  const latencySumMs = delays.source + delays.destination;
  const alone = relay.find(({ photosAtOnce }) => photosAtOnce === 1);
  const found = alone && alone.photoMs.median / latencySumMs;
  const best = (rateOf: (of: LatencyFigures) => number) =>
    recommend(relay.map((of) => ({ photosAtOnce: of.photosAtOnce, rate: rateOf(of) })));
  return {
    latencySumMs,
    ...(found !== undefined && {
      aloneAgainstSum: { must: MOST_AGAINST_SUM, found, isMet: found <= MOST_AGAINST_SUM },
    }),
    recommended: {
      onWholeCore: best(({ photosPerSecond }) => photosPerSecond.median),
      onShare: best(({ photosPerSecondOnShare }) => photosPerSecondOnShare),
    },
  };
}

/** Everything for a person. */
export function renderLatency(
  figures: readonly LatencyFigures[],
  plan: LatencyPlan,
  machine: Machine,
): string {
  const { delays, coreShare, batchPhotos, photos, rounds, sizeMib } = plan;
  const verdict = judgeLatency(figures, plan);
  const { recommended, aloneAgainstSum, latencySumMs } = verdict;
  return [
    tellMachine(machine),
    `The relay as shipped on batches of ${batchPhotos} photos of ${sizeMib} MiB, one batch after the other; ${photos} photos in each of`,
    `${rounds} interleaved round(s). Added: ${delays.source} ms before the source's first byte, ${delays.destination} ms before the destination's answer,`,
    `${delays.table} ms before each answer of the table. Median (min–max). One photo: from its GET to its answer.`,
    "",
    drawTable(
      [
        "at a time",
        "photos/s",
        `photos/s at ${coreShare} vCPU`,
        "wall ms/photo",
        "CPU ms/photo",
        "peak RSS MB",
        "one photo p50 ms",
        "p95 ms",
        `p50 / ${latencySumMs} ms`,
      ],
      figures.map((of) => tellFigures(of, latencySumMs)),
    ),
    `At ${coreShare} vCPU is reckoned from the CPU time, not measured; the relay's lasts for ${tellLimit(figures, coreShare)} photos/s there.`,
    "",
    `Recommended photosAtOnce, the least within 5 % of the best: ${recommended.onWholeCore} on a whole core, ${recommended.onShare} at ${coreShare} vCPU.`,
    ...(aloneAgainstSum === undefined
      ? []
      : [
          `Target: one photo of the relay, alone, against the ${latencySumMs} ms of both latencies ≤ ${aloneAgainstSum.must}: found ${aloneAgainstSum.found.toFixed(2)}, ${aloneAgainstSum.isMet ? "met" : "not met"}.`,
        ]),
  ].join("\n");
}

function tellFigures(of: LatencyFigures, latencySumMs: number): string[] {
  const { median, p95 } = of.photoMs;
  return [
    `${of.peer}, ${of.photosAtOnce}`,
    tellSpread(of.photosPerSecond, 1),
    of.photosPerSecondOnShare.toFixed(1),
    tellSpread(of.wallMsPerPhoto, 1),
    tellSpread(of.cpuMsPerPhoto, 1),
    tellSpread(of.peakRssMb, 0),
    median.toFixed(0),
    p95.toFixed(0),
    (median / latencySumMs).toFixed(2),
  ];
}

function tellLimit(figures: readonly LatencyFigures[], coreShare: number): string {
  const relay = figures.filter(({ peer }) => peer === "relay");
  return Math.max(...relay.map(({ cpuMsPerPhoto }) => cpuLimit(cpuMsPerPhoto.median, coreShare))).toFixed(1);
}
