import { type EarthPoint, earthPointOf } from "./geodesy.ts";
import type { PlannedPhoto } from "./plan.ts";

/** A photo at its place in space and time. */
export interface Shot {
  readonly photo: PlannedPhoto;
  readonly at: EarthPoint;
  /** ms since 1970, after photos of the same millisecond were spread. */
  readonly capturedAtMs: number;
}

const SECOND_MS = 1_000;

/** One list per folder and camera, each in order of capture, the one that begins first first. None is empty. */
export function shotsByCamera(photos: readonly PlannedPhoto[]): Shot[][] {
  const sorted = photos.toSorted(byCapture);
  return [...Map.groupBy(sorted, cameraOf).values()].map(spreadBursts);
}

/** Time, then file name; the id only decides between photos that nothing else tells apart. */
function byCapture(a: PlannedPhoto, b: PlannedPhoto): number {
  return a.capturedAtMs - b.capturedAtMs || compare(a.basename, b.basename) || compare(a.id, b.id);
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

/** The same text for photos of the same folder that the same camera took. Size and make tell cameras apart too. */
function cameraOf({ folder, cameraUuid, make, model, widthPx, heightPx }: PlannedPhoto): string {
  return JSON.stringify([folder, cameraUuid, make, model, widthPx, heightPx]);
}

/** Gives photos of one millisecond times of their own, in order, evenly up to whatever comes next. */
function spreadBursts(sorted: readonly PlannedPhoto[]): Shot[] {
  const bursts = [...Map.groupBy(sorted, ({ capturedAtMs }) => Math.floor(capturedAtMs)).values()];
  return bursts.flatMap((burst, index) => spread(burst, bursts[index + 1]?.[0]?.capturedAtMs));
}

function spread(burst: readonly PlannedPhoto[], nextMs = Number.POSITIVE_INFINITY): Shot[] {
  const startMs = burst[0]?.capturedAtMs ?? 0;
  // A camera that notes whole seconds had until the next one.
  const endMs = Math.min(nextMs, (Math.floor(startMs / SECOND_MS) + 1) * SECOND_MS);
  const stepMs = (endMs - startMs) / burst.length;
  return burst.map((photo, index) => ({
    photo,
    at: earthPointOf(photo),
    capturedAtMs: startMs + index * stepMs,
  }));
}
