import { MAX_PHOTOS_PER_SEQUENCE } from "./sequence.ts";

/** What one sequence may hold, and which photos it is better off without. */
export interface SequenceLimits {
  readonly maxPhotos: number;
  /** Longest time between neighbours. */
  readonly maxGapMs: number;
  /** All photos of a sequence together. */
  readonly maxBytes: number;
  /** All photos of a sequence together. */
  readonly maxPixels: number;
  /** Longest way between neighbours, once outliers are gone. */
  readonly maxJumpMeters: number;
  /** A photo this near the last one kept is a duplicate, unless the camera has turned. */
  readonly duplicateMeters: number;
  /** A camera that turned by no more than this has not turned. */
  readonly duplicateDeg: number;
  /** Fastest average over a whole sequence. */
  readonly maxKmh: number;
  readonly zigzag: ZigzagLimits;
}

/** When a track counts as jumping away and back. */
export interface ZigzagLimits {
  /** How many photos back a photo is compared with. */
  readonly window: number;
  /** A jump back of no more than this is taken for driving. */
  readonly minJumpMeters: number;
  /** A jump back ends at less than this share of the distance it started from. */
  readonly ratio: number;
}

/**
 * The defaults of Mapillary's client (mapillary_tools 0.14.7, constants.py), which calls uploads beyond the first
 * four likely to fail. Every limit may be reached, none passed.
 */
export const MAPILLARY_LIMITS: SequenceLimits = {
  maxPhotos: MAX_PHOTOS_PER_SEQUENCE,
  maxGapMs: 60_000,
  maxBytes: 110 * 2 ** 30,
  maxPixels: 6e9,
  maxJumpMeters: 100,
  duplicateMeters: 0.1,
  duplicateDeg: 5,
  maxKmh: 400,
  zigzag: { window: 5, minJumpMeters: 30, ratio: 0.8 },
};
