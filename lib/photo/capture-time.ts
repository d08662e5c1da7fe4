import type { ClockReading } from "./dates.ts";
import { isPlausibleYear, parseDateText, parseOffset, parseSubSecond } from "./dates.ts";
import { GPS_TAGS, IMAGE_TAGS, PHOTO_TAGS, TIFF_TYPES } from "./exif-tags.ts";
import type { ExifDirectory, ExifValue, ExifValues } from "./exif-value.ts";
import { readFractions, readText, showShape, showValue } from "./exif-value.ts";
import type { CaptureTimeSource, Reason, Warning } from "./photo.ts";
import { wallToUtcMs, zoneAt } from "./time-zone.ts";

/** When a photo was taken, and what is wrong with that. */
export interface CaptureTimeReading {
  /** ISO 8601 UTC with milliseconds. Absent without a usable date, or for local time without a zone to put it in. */
  readonly capturedAt?: string;
  /** Absent exactly when `capturedAt` is. */
  readonly capturedAtSource?: CaptureTimeSource;
  /** The zone that had to be supplied; absent when the photo told its distance from UTC. */
  readonly timeZone?: string;
  /** Empty when at least one date is usable. */
  readonly reasons: readonly Reason[];
  readonly warnings: readonly Warning[];
}

/** What settles a local time that states no offset. */
export interface LocalTimeRules {
  /** IANA name, as configured for the photo's prefix. It goes before the position. */
  readonly timeZone?: string | undefined;
  /** Where the photo was taken; absent when that is not known. */
  readonly position?: { readonly latitudeDeg: number; readonly longitudeDeg: number } | undefined;
}

/** The tags that refine a date: EXIF gives each kind of date its own pair. */
interface Refinement {
  readonly subSecond: number;
  readonly offset: number;
}

interface DateTag {
  readonly source: CaptureTimeSource;
  readonly value: ExifValue | undefined;
  readonly reading: ClockReading | undefined;
}

/** Types a date may have; a few cameras write UNDEFINED. */
const DATE_TYPES = [TIFF_TYPES.Ascii, TIFF_TYPES.Undefined] as const;
const MINUTE_MS = 60_000;
const SECONDS_OF_PART = [3_600, 60, 1] as const;

/**
 * Reads the capture time from the first of these that works, in the order of Mapillary's own client: the GPS clock,
 * original, digitized, changed. IFD0's stray DateTimeOriginal counts as an original; a GPS date without a time is
 * its midnight, and comes last.
 */
export function readCaptureTime(values: ExifValues, rules: LocalTimeRules): CaptureTimeReading {
  const tags = readDateTags(values);
  const usable = tags.filter((tag): tag is DateTag & { reading: ClockReading } => tag.reading !== undefined);
  if (usable.length === 0) return { reasons: [tellWhyNone(tags)], warnings: [] };
  for (const { source, reading } of usable) {
    const timeZone = reading.offsetMinutes === undefined ? supplyZone(rules) : undefined;
    const capturedAt = toUtc(reading, timeZone);
    if (capturedAt === undefined) continue;
    return {
      capturedAt,
      capturedAtSource: source,
      ...(timeZone === undefined ? {} : { timeZone }),
      reasons: [],
      warnings: warnOfYear(source, reading),
    };
  }
  // What is left is local time that no zone was known for, which is no flaw of the date, or a date off the calendar.
  const lacksZone = usable.some(({ reading }) => reading.offsetMinutes === undefined) && !supplyZone(rules);
  return { reasons: lacksZone ? [] : [tellWhyNone(tags)], warnings: [] };
}

/** The date tags in the order they are tried. */
function readDateTags({ Image, Photo, GPSInfo }: ExifValues): DateTag[] {
  const original = { subSecond: PHOTO_TAGS.SubSecTimeOriginal, offset: PHOTO_TAGS.OffsetTimeOriginal };
  const digitized = { subSecond: PHOTO_TAGS.SubSecTimeDigitized, offset: PHOTO_TAGS.OffsetTimeDigitized };
  const changed = { subSecond: PHOTO_TAGS.SubSecTime, offset: PHOTO_TAGS.OffsetTime };
  const tag = (source: CaptureTimeSource, value: ExifValue | undefined, beside: Refinement): DateTag => ({
    source,
    value,
    reading: refine(readDate(value), Photo.get(beside.subSecond), Photo.get(beside.offset)),
  });
  const gpsDate = GPSInfo.get(GPS_TAGS.GPSDateStamp);
  return [
    { source: "Exif.GPSInfo.GPSTimeStamp", value: undefined, reading: readGpsClock(GPSInfo) },
    tag("Exif.Photo.DateTimeOriginal", Photo.get(PHOTO_TAGS.DateTimeOriginal), original),
    tag("Exif.Image.DateTimeOriginal", Image.get(IMAGE_TAGS.DateTimeOriginal), original),
    tag("Exif.Photo.DateTimeDigitized", Photo.get(PHOTO_TAGS.DateTimeDigitized), digitized),
    tag("Exif.Image.DateTime", Image.get(IMAGE_TAGS.DateTime), changed),
    { source: "Exif.GPSInfo.GPSDateStamp", value: gpsDate, reading: inUtc(readDate(gpsDate)) },
  ];
}

function readDate(value: ExifValue | undefined): ClockReading | undefined {
  const text = readText(value, DATE_TYPES);
  return text === undefined ? undefined : parseDateText(text);
}

/** Adds what stands beside a date: its sub-second and its offset. What the date says itself goes before them. */
function refine(
  reading: ClockReading | undefined,
  subSecond: ExifValue | undefined,
  offset: ExifValue | undefined,
): ClockReading | undefined {
  if (reading === undefined) return undefined;
  const subSecondMs = reading.hasFraction ? 0 : (parseSubSecond(readText(subSecond, DATE_TYPES) ?? "") ?? 0);
  const offsetMinutes = reading.offsetMinutes ?? parseOffset(readText(offset, DATE_TYPES) ?? "");
  return {
    ...reading,
    wallMs: reading.wallMs + subSecondMs,
    ...(offsetMinutes === undefined ? {} : { offsetMinutes }),
  };
}

/** GPS tags are in UTC by definition. */
function inUtc(reading: ClockReading | undefined): ClockReading | undefined {
  return reading && { offsetMinutes: 0, ...reading };
}

/** GPSDateStamp's day with GPSTimeStamp's time. A receiver that has not heard the date yet says 1 January 1970. */
function readGpsClock(gps: ExifDirectory): ClockReading | undefined {
  const date = readDate(gps.get(GPS_TAGS.GPSDateStamp));
  const seconds = readGpsSeconds(gps.get(GPS_TAGS.GPSTimeStamp));
  if (date === undefined || seconds === undefined) return undefined;
  const midnightMs = new Date(date.wallMs).setUTCHours(0, 0, 0, 0);
  if (midnightMs === 0) return undefined;
  return {
    wallMs: midnightMs + Math.round(seconds * 1_000),
    year: date.year,
    offsetMinutes: 0,
    hasFraction: true,
  };
}

/** The time of day, in seconds since midnight; undefined unless hour, minute and second are what a clock shows. */
function readGpsSeconds(value: ExifValue | undefined): number | undefined {
  const fractions = value === undefined ? undefined : readFractions(value);
  if (fractions === undefined || value?.count !== SECONDS_OF_PART.length) return undefined;
  const parts = fractions.map(({ numerator, denominator }) => numerator / denominator);
  const [hour = Number.NaN, minute = Number.NaN, second = Number.NaN] = parts;
  const isClock = hour >= 0 && hour <= 24 && minute >= 0 && minute < 60 && second >= 0 && second < 61;
  return isClock ? parts.reduce((sum, part, nth) => sum + part * (SECONDS_OF_PART[nth] ?? 0), 0) : undefined;
}

function supplyZone({ timeZone, position }: LocalTimeRules): string | undefined {
  return timeZone ?? (position && zoneAt(position.latitudeDeg, position.longitudeDeg));
}

/** Undefined for local time without a zone, and where the offset moves the moment out of the years 1 to 9999. */
function toUtc({ wallMs, offsetMinutes }: ClockReading, timeZone: string | undefined): string | undefined {
  if (offsetMinutes === undefined && timeZone === undefined) return undefined;
  const utcMs =
    timeZone === undefined ? wallMs - (offsetMinutes ?? 0) * MINUTE_MS : wallToUtcMs(wallMs, timeZone);
  const iso = new Date(utcMs).toISOString();
  return /^(?!0000)[0-9]{4}-/.test(iso) ? iso : undefined;
}

function warnOfYear(source: CaptureTimeSource, { year }: ClockReading): Warning[] {
  if (isPlausibleYear(year)) return [];
  return [{ code: "implausible-year", message: `the capture time, from ${source}, is in the year ${year}` }];
}

function tellWhyNone(tags: readonly DateTag[]): Reason {
  const dates = tags.filter(({ source }) => source !== "Exif.GPSInfo.GPSTimeStamp");
  const seen = dates.flatMap(({ source, value }) =>
    value === undefined ? [] : [`${source} is ${showDate(value)}`],
  );
  if (seen.length > 0) {
    return { code: "date-invalid", message: `${seen.join(", ")}: expected a date, YYYY:MM:DD HH:MM:SS` };
  }
  const names = dates.map(({ source }) => source).join(", ");
  return { code: "date-missing", message: `no date: expected one of ${names}` };
}

function showDate(value: ExifValue): string {
  const isText = value.content instanceof Uint8Array;
  return isText ? showValue(value) : `${showValue(value)} (${showShape(value)})`;
}
