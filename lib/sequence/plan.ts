/**
 * Which photos make which sequence (docs/decisions/012-sequence-plan.md). The order of the steps matters: a photo
 * that is dropped still kept its neighbours together in time, and it may be what a jump is made of.
 */
import type { Finding } from "../photo/photo.ts";
import type { Position } from "./geodesy.ts";
import { sift } from "./plan-filters.ts";
import { MAPILLARY_LIMITS, type SequenceLimits } from "./plan-limits.ts";
import { type Shot, shotsByCamera } from "./plan-order.ts";
import { splitAtJumps, splitByLoad } from "./plan-split.ts";

/** A photo that waits for its sequence. Numbers are finite. */
export interface PlannedPhoto extends Position {
  /** Names the photo to the caller; different for every photo. */
  readonly id: string;
  /** Photos of different folders never share a sequence. */
  readonly folder: string;
  /** `<body serial>_<lens serial>` */
  readonly cameraUuid?: string;
  readonly make?: string;
  readonly model?: string;
  readonly widthPx?: number;
  readonly heightPx?: number;
  /** ms since 1970. */
  readonly capturedAtMs: number;
  /** File name without folders: the order of photos of the same millisecond. */
  readonly basename: string;
  /** 0 ≤ heading < 360, clockwise from north. */
  readonly headingDeg?: number;
  readonly sizeBytes: number;
}

/** `too-fast` takes all photos of a sequence, the others single ones. */
export type DropCode = "null-island" | "duplicate-position" | "too-fast" | "zigzag";

/** A photo that will be in no sequence. The message has the numbers that decided, and the limit. */
export interface DroppedPhoto extends Finding<DropCode> {
  readonly id: string;
}

/** A photo's place in its sequence. */
export interface SequencedPhoto {
  readonly id: string;
  /**
   * ms since 1970, with a fraction where photos of the same millisecond had to be spread. Each is later than the one
   * before (up to the year 2109, if no more than 1,000 photos share a millisecond), and less than a second after
   * what the camera noted.
   */
  readonly capturedAtMs: number;
}

/** One sequence in order of capture; never empty. */
export interface PlannedSequence {
  readonly photos: readonly SequencedPhoto[];
}

/** Every photo is in one sequence, or dropped. */
export interface Plan {
  readonly sequences: readonly PlannedSequence[];
  readonly dropped: readonly DroppedPhoto[];
}

/**
 * Makes sequences of photos: apart by folder and camera, in order of capture, cut where a limit would be passed,
 * without the photos that do harm, and cut once more where neighbours are too far apart. The plan is the same in
 * whatever order the photos come.
 */
export function planSequences(
  photos: readonly PlannedPhoto[],
  limits: SequenceLimits = MAPILLARY_LIMITS,
): Plan {
  const sifted = shotsByCamera(photos)
    .flatMap((shots) => splitByLoad(shots, limits))
    .map((shots) => sift(shots, limits));
  return {
    sequences: sifted.flatMap(({ kept }) => splitAtJumps(kept, limits)).map(sequenceOf),
    dropped: sifted.flatMap(({ dropped }) => dropped),
  };
}

function sequenceOf(shots: readonly Shot[]): PlannedSequence {
  return { photos: shots.map(({ photo: { id }, capturedAtMs }) => ({ id, capturedAtMs })) };
}
