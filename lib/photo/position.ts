import { GPS_TAGS, TIFF_TYPES } from "./exif-tags.ts";
import type { ExifDirectory, ExifValue, Fraction } from "./exif-value.ts";
import { readFractions, readRatio, readText, showShape, showValue } from "./exif-value.ts";
import type { Reason } from "./photo.ts";

/** A place, and what is wrong with it. */
export interface PositionReading {
  /** WGS 84, north positive. Absent when it cannot be known. */
  readonly latitudeDeg?: number;
  /** WGS 84, east positive. Absent when it cannot be known. */
  readonly longitudeDeg?: number;
  /** Estimated horizontal error. */
  readonly accuracyMeters?: number;
  /** Empty exactly when both coordinates are there and can be relied on. */
  readonly reasons: readonly Reason[];
}

interface Axis {
  readonly name: "latitude" | "longitude";
  readonly tag: "GPSLatitude" | "GPSLongitude";
  readonly positive: "N" | "E";
  readonly negative: "S" | "W";
  readonly limitDeg: number;
}

interface AxisReading {
  readonly deg?: number;
  readonly reasons: readonly Reason[];
}

const LATITUDE: Axis = { name: "latitude", tag: "GPSLatitude", positive: "N", negative: "S", limitDeg: 90 };
const LONGITUDE: Axis = {
  name: "longitude",
  tag: "GPSLongitude",
  positive: "E",
  negative: "W",
  limitDeg: 180,
};

/** Degrees, minutes and seconds: what each of the three fractions counts, as a share of a degree. */
const DEGREES_OF_PART = [1, 1 / 60, 1 / 3600] as const;

/** Reads the position from the four tags that make it, by our own arithmetic, and names every tag that is amiss. */
export function readPosition(gps: ExifDirectory): PositionReading {
  const latitude = readAxis(gps, LATITUDE);
  const longitude = readAxis(gps, LONGITUDE);
  const accuracyMeters = readRatio(gps.get(GPS_TAGS.GPSHPositioningError));
  const isNullIsland = latitude.deg === 0 && longitude.deg === 0;
  return {
    ...(latitude.deg === undefined ? {} : { latitudeDeg: latitude.deg }),
    ...(longitude.deg === undefined ? {} : { longitudeDeg: longitude.deg }),
    ...(accuracyMeters === undefined || accuracyMeters < 0 ? {} : { accuracyMeters }),
    reasons: [...latitude.reasons, ...longitude.reasons, ...(isNullIsland ? [NULL_ISLAND] : [])],
  };
}

const NULL_ISLAND: Reason = {
  code: "null-island",
  message: "GPSLatitude and GPSLongitude are exactly 0, 0: what a camera without a fix writes",
};

function readAxis(gps: ExifDirectory, axis: Axis): AxisReading {
  const sign = readSign(gps.get(GPS_TAGS[`${axis.tag}Ref`]), axis);
  const size = readDegrees(gps.get(GPS_TAGS[axis.tag]), axis);
  const reasons = [sign, size].filter((reading) => typeof reading !== "number");
  if (typeof sign !== "number" || typeof size !== "number") return { reasons };
  // 0 × -1 is -0, which is a different value to whoever compares or prints it.
  return { deg: size === 0 ? 0 : sign * size, reasons };
}

/** 1 or -1, by the letter of the hemisphere. */
function readSign(value: ExifValue | undefined, axis: Axis): 1 | -1 | Reason {
  const tag = `${axis.tag}Ref`;
  const expected = `expected "${axis.positive}" or "${axis.negative}"`;
  if (value === undefined) {
    return { code: `${axis.name}-ref-missing`, message: `${tag} is missing: ${expected}` };
  }
  const letter = readText(value, [TIFF_TYPES.Ascii, TIFF_TYPES.Byte])?.replace(/ +$/, "").toUpperCase();
  if (letter === axis.positive) return 1;
  if (letter === axis.negative) return -1;
  return { code: `${axis.name}-ref-invalid`, message: `${tag} is ${showValue(value)}: ${expected}` };
}

/** The coordinate without its sign, 0 ≤ degrees ≤ limit. */
function readDegrees(value: ExifValue | undefined, axis: Axis): number | Reason {
  if (value === undefined) {
    return {
      code: `${axis.name}-missing`,
      message: `${axis.tag} is missing: expected degrees, minutes and seconds as fractions`,
    };
  }
  const fractions = readFractions(value);
  const flaw = findFlaw(fractions, value);
  if (fractions === undefined || flaw !== undefined) {
    return { code: `${axis.name}-invalid`, message: `${axis.tag} is ${showValue(value)}: ${flaw}` };
  }
  const degrees = fractions.reduce((sum, { numerator, denominator }, part) => {
    return sum + (numerator / denominator) * (DEGREES_OF_PART[part] ?? 0);
  }, 0);
  if (degrees <= axis.limitDeg) return degrees;
  return {
    code: `${axis.name}-out-of-range`,
    message: `${axis.tag} is ${showValue(value)}, ${degrees} degrees: expected at most ${axis.limitDeg}`,
  };
}

/** What keeps a value from being a coordinate. */
function findFlaw(fractions: readonly Fraction[] | undefined, value: ExifValue): string | undefined {
  if (fractions === undefined || value.count !== DEGREES_OF_PART.length) {
    return `${showShape(value)}, expected 3 × RATIONAL`;
  }
  if (fractions.some(({ denominator }) => denominator === 0)) return "a denominator is zero";
  const isNegative = fractions.some(({ numerator, denominator }) => numerator < 0 || denominator < 0);
  return isNegative ? "a part is negative, and the hemisphere is told by the reference alone" : undefined;
}
