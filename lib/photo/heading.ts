import { GPS_TAGS } from "./exif-tags.ts";
import type { ExifDirectory } from "./exif-value.ts";
import { readRatio } from "./exif-value.ts";

const FULL_TURN_DEG = 360;
/** A reading of more than two turns is no direction but a field left full of ones. */
const MAX_READING_DEG = 2 * FULL_TURN_DEG;
/** No camera is farther from sea level; a drone's ceiling and the deepest sea lie well within. Metres. */
const MAX_ALTITUDE_METERS = 100_000;
/** 1 is below sea level; 3 is the same against the sea-level datum that EXIF 3.0 added. */
const BELOW_SEA_REFS: readonly (number | undefined)[] = [1, 3];

/**
 * Which way the camera looks, 0 ≤ heading < 360: GPSImgDirection, else the direction of travel, turned by how the
 * camera is mounted (`offsetDeg`, clockwise, any size). Undefined when the photo has neither.
 */
export function readHeadingDeg(gps: ExifDirectory, offsetDeg: number): number | undefined {
  const direction = [GPS_TAGS.GPSImgDirection, GPS_TAGS.GPSTrack]
    .map((tag) => readRatio(gps.get(tag)))
    .find((degrees) => degrees !== undefined && Math.abs(degrees) <= MAX_READING_DEG);
  return direction === undefined ? undefined : normalise(direction + offsetDeg);
}

/** Metres above sea level, negative below it; undefined when the photo does not say or it cannot be. */
export function readAltitudeMeters(gps: ExifDirectory): number | undefined {
  const meters = readRatio(gps.get(GPS_TAGS.GPSAltitude));
  if (meters === undefined || Math.abs(meters) > MAX_ALTITUDE_METERS) return undefined;
  const isBelow = BELOW_SEA_REFS.includes(readAltitudeRef(gps));
  return isBelow && meters !== 0 ? -Math.abs(meters) : meters;
}

function readAltitudeRef(gps: ExifDirectory): number | undefined {
  return gps.get(GPS_TAGS.GPSAltitudeRef)?.content[0];
}

function normalise(degrees: number): number {
  const rest = degrees % FULL_TURN_DEG;
  const positive = rest < 0 ? rest + FULL_TURN_DEG : rest;
  // A tiny negative rest rounds up to a full turn; and -0 is a different value to whoever compares or prints it.
  return positive === FULL_TURN_DEG || positive === 0 ? 0 : positive;
}
