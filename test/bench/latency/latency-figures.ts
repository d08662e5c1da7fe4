import type { PeerName } from "../peers.ts";
import { quantile } from "../quantile.ts";
import type { PeerRun, Work } from "../run-peer.ts";
import type { ServerReport } from "../servers/counts.ts";
import { type Spread, spreadOf } from "../start/spread.ts";

/** Who is measured, and at how many photos at a time. */
export interface LatencyCase {
  readonly peer: Extract<PeerName, "relay" | "copy" | "pipe">;
  /** For the relay, the fleet's setting of that name. */
  readonly photosAtOnce: number;
}

/** What one run of a case came to. */
export interface LatencyRun {
  readonly wallMsPerPhoto: number;
  readonly cpuMsPerPhoto: number;
  /** In 10^6 bytes. */
  readonly peakRssMb: number;
  /** From the source's GET to the destination's answer, of each photo. */
  readonly photoMs: readonly number[];
}

/** All runs of a case. */
export interface LatencyFigures extends LatencyCase {
  /** Of one function, on a whole core. */
  readonly photosPerSecond: Spread;
  readonly wallMsPerPhoto: Spread;
  readonly cpuMsPerPhoto: Spread;
  readonly peakRssMb: Spread;
  /** From the source's GET to the destination's answer. */
  readonly photoMs: { readonly median: number; readonly p95: number };
  /** What a function with a share of a core would do; see {@link onShareOfCore}. */
  readonly photosPerSecondOnShare: number;
}

/** Reads the figures out of a run. Photos of the warm-up are left out. @throws {RangeError} when a photo is missing */
export function latencyOf(run: PeerRun, { photos, warmUpPhotos }: Work): LatencyRun {
  return {
    wallMsPerPhoto: run.wallMs / photos,
    cpuMsPerPhoto: run.cpuMs / photos,
    peakRssMb: run.peakRssBytes / 1e6,
    photoMs: pairJournals(run.source.journal, run.destination.journal).slice(warmUpPhotos),
  };
}

/** How long each photo took, in the order of their names. */
function pairJournals(source: ServerReport["journal"], destination: ServerReport["journal"]): number[] {
  const asked = new Map(source);
  return destination
    .toSorted(([a], [b]) => a.localeCompare(b))
    .map(([filename, answeredMs]) => {
      const askedMs = asked.get(filename);
      if (askedMs === undefined) throw new RangeError(`${filename} arrived and was never asked for`);
      return answeredMs - askedMs;
    });
}

/** Sums up the runs of a case. @param coreShare as for {@link onShareOfCore} */
export function sumUpLatency(
  of: LatencyCase,
  runs: readonly LatencyRun[],
  coreShare: number,
): LatencyFigures {
  const wallMsPerPhoto = spreadOf(runs.map((run) => run.wallMsPerPhoto));
  const cpuMsPerPhoto = spreadOf(runs.map((run) => run.cpuMsPerPhoto));
  const photoMs = runs.flatMap((run) => run.photoMs);
  return {
    ...of,
    photosPerSecond: spreadOf(runs.map((run) => 1e3 / run.wallMsPerPhoto)),
    wallMsPerPhoto,
    cpuMsPerPhoto,
    peakRssMb: spreadOf(runs.map((run) => run.peakRssMb)),
    photoMs: { median: quantile(photoMs, 0.5), p95: quantile(photoMs, 0.95) },
    photosPerSecondOnShare: onShareOfCore(
      wallMsPerPhoto.median,
      cpuMsPerPhoto.median,
      of.photosAtOnce,
      coreShare,
    ),
  };
}

/**
 * Photos per second with a share of a core, reckoned from what was measured on a whole one: each photo's own CPU takes
 * `1 / coreShare` times as long, and all of them together can have no more than the share.
 */
export function onShareOfCore(
  wallMsPerPhoto: number,
  cpuMsPerPhoto: number,
  photosAtOnce: number,
  coreShare: number,
): number {
  const turnMs = wallMsPerPhoto * photosAtOnce + cpuMsPerPhoto * (1 / coreShare - 1);
  return Math.min((1e3 * photosAtOnce) / turnMs, cpuLimit(cpuMsPerPhoto, coreShare));
}

/** Most photos per second that a share of a core has the CPU for. */
export function cpuLimit(cpuMsPerPhoto: number, coreShare: number): number {
  return (1e3 * coreShare) / cpuMsPerPhoto;
}

/** Little enough to be worth the memory of photos that are in the works. */
const GOOD_ENOUGH = 0.95;

/** The least `photosAtOnce` whose rate is within 5 % of the best. @throws {RangeError} when there is none */
export function recommend(
  rates: readonly { readonly photosAtOnce: number; readonly rate: number }[],
): number {
  const best = Math.max(...rates.map(({ rate }) => rate));
  const good = rates.filter(({ rate }) => rate >= GOOD_ENOUGH * best).map(({ photosAtOnce }) => photosAtOnce);
  if (good.length === 0) throw new RangeError("there is no rate to choose from");
  return Math.min(...good);
}
