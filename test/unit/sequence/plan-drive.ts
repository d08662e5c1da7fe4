/** Drives on the equator, where metres and degrees convert exactly, and plans of them in few words. */

import { type PlannedPhoto, planSequences } from "../../../lib/sequence/plan.ts";
import { MAPILLARY_LIMITS, type SequenceLimits } from "../../../lib/sequence/plan-limits.ts";

export const START_MS = Date.UTC(2026, 5, 24, 12);
/** WGS 84 on the equator, eastwards and northwards. */
const EAST_RADIUS_METERS = 6_378_137;
const NORTH_RADIUS_METERS = 6_356_752.314_245 ** 2 / EAST_RADIUS_METERS;

/** A photo so many metres east and north of 0° N 10° E. */
export function photoAt(eastMeters: number, rest: Partial<PlannedPhoto> = {}, northMeters = 0): PlannedPhoto {
  const basename = rest.basename ?? "photo.jpg";
  return {
    id: `row of ${basename}`,
    folder: "van/monday",
    capturedAtMs: START_MS,
    basename,
    latitude: degrees(northMeters / NORTH_RADIUS_METERS),
    longitude: 10 + degrees(eastMeters / EAST_RADIUS_METERS),
    sizeBytes: 4_000_000,
    ...rest,
  };
}

/** Photos at the given places (metres east, metres north), one a second, called p00000, p00001 … */
export function driveBy(
  places: readonly (readonly [east: number, north: number])[],
  rest: (index: number) => Partial<PlannedPhoto> = () => ({}),
): PlannedPhoto[] {
  return places.map(([east, north], index) =>
    photoAt(east, { basename: nameOf(index), capturedAtMs: START_MS + index * 1_000, ...rest(index) }, north),
  );
}

/** A drive of so many photos, ten metres and a second apart. */
export function straightDrive(
  count: number,
  rest?: (index: number) => Partial<PlannedPhoto>,
): PlannedPhoto[] {
  return driveBy(
    Array.from({ length: count }, (_, index) => [index * 10, 0] as const),
    rest,
  );
}

function nameOf(index: number): string {
  return `p${String(index).padStart(5, "0")}`;
}

/** How many photos each sequence has. */
export function lengthsOf(photos: readonly PlannedPhoto[], limits: Partial<SequenceLimits> = {}): number[] {
  const { sequences } = planSequences(photos, { ...MAPILLARY_LIMITS, ...limits });
  return sequences.map((sequence) => sequence.photos.length);
}

/** What was dropped, by file name. */
export function droppedOf(photos: readonly PlannedPhoto[]): [basename: string, code: string][] {
  const names = new Map(photos.map(({ id, basename }) => [id, basename]));
  return planSequences(photos).dropped.map(({ id, code }) => [names.get(id) ?? id, code]);
}

function degrees(radians: number): number {
  return (radians / Math.PI) * 180;
}
