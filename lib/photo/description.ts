import type { RelayableFacts } from "./photo.ts";

/** The decimals of Mapillary's own client: about 1 cm on the ground, 1 mm, and a thousandth of a degree. */
const COORDINATE_DECIMALS = 7;
const METER_DECIMALS = 3;
const HEADING_DECIMALS = 3;
const FULL_TURN_DEG = 360;
/** What a photo says that does not say it: rows and columns as they stand. */
const UPRIGHT = 1;

/**
 * What Mapillary reads of a photo: the JSON text for its ImageDescription, as Mapillary's own client writes it. Sorted
 * keys, no spaces, printable ASCII only; what is not known is left out. Equal facts give equal text.
 *
 * @param photo.filename the base name of the photo; of a path, what follows the last slash counts
 */
export function imageDescription(facts: RelayableFacts, photo: { readonly filename: string }): string {
  const filename = photo.filename.slice(photo.filename.lastIndexOf("/") + 1);
  const heading = facts.headingDeg === undefined ? undefined : roundHeading(facts.headingDeg);
  const description = {
    MAPAltitude: roundKnown(facts.altitudeMeters, METER_DECIMALS),
    MAPCameraUUID: facts.cameraSerial,
    MAPCaptureTime: toCaptureTime(facts.capturedAt),
    MAPCompassHeading: heading === undefined ? undefined : { MagneticHeading: heading, TrueHeading: heading },
    MAPDeviceMake: facts.make,
    MAPDeviceModel: facts.model,
    MAPFilename: filename === "" ? undefined : filename,
    MAPGPSAccuracyMeters: roundKnown(facts.accuracyMeters, METER_DECIMALS),
    MAPLatitude: round(facts.latitudeDeg, COORDINATE_DECIMALS),
    MAPLongitude: round(facts.longitudeDeg, COORDINATE_DECIMALS),
    MAPOrientation: facts.orientation ?? UPRIGHT,
  };
  // Escaped by UTF-16 unit, as JSON counts: a character beyond the basic plane becomes its two surrogates.
  return JSON.stringify(description).replace(/[^\x20-\x7e]/g, escapeUnit);
}

function escapeUnit(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

/** `2024-05-01T10:00:00.000Z` → `2024_05_01_10_00_00_000`. */
function toCaptureTime(capturedAt: string): string {
  return capturedAt.replace("Z", "").replaceAll(/[^0-9]/g, "_");
}

function roundKnown(value: number | undefined, decimals: number): number | undefined {
  return value === undefined ? undefined : round(value, decimals);
}

/** To the nearest decimal of the exact binary value; multiplying first would round twice. */
function round(value: number, decimals: number): number {
  return Number(value.toFixed(decimals));
}

/** 0 ≤ heading < 360 also after rounding. */
function roundHeading(headingDeg: number): number {
  return round(headingDeg, HEADING_DECIMALS) % FULL_TURN_DEG;
}
