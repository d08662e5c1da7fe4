/** A point of time as a photo tells it: a wall clock's reading, with or without its distance from UTC. */
export interface ClockReading {
  /** The wall clock's reading as if it hung in Greenwich, in ms since 1970. */
  readonly wallMs: number;
  /** The calendar year as written. */
  readonly year: number;
  /** East of Greenwich positive. Absent when the text tells local time only. */
  readonly offsetMinutes?: number;
  /** True when the text itself goes below the second, so that no sub-second tag adds to it. */
  readonly hasFraction: boolean;
}

/** The first cameras that wrote EXIF were sold in 1996; an earlier year is a clock that was never set. */
const EARLIEST_PLAUSIBLE_YEAR = 1990;
/** A year after this is a clock set wrong. No clock of ours is asked, so the verdict on a photo never changes. */
const LATEST_PLAUSIBLE_YEAR = 2059;

/** No zone lies farther from UTC (Kiribati, +14:00). */
const MAX_OFFSET_MINUTES = 14 * 60;
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

const DATE = /^([0-9]{4})([:-])([0-9]{2})\2([0-9]{2})(?:(?: +|T)(.+))?$/i;
const TIME = /^([0-9]{2}):([0-9]{2}):([0-9]{2})(?:[.,]([0-9]+))?(?: ?([AP]M))?(?: ?(Z|[+-][0-9:]+))?$/i;
const OFFSET = /^([+-])([0-9]{2})(?::?([0-9]{2}))?$/;

/**
 * Reads a date text: `YYYY:MM:DD HH:MM:SS`, with what writers make of it: `-` as separator, `T`, a fraction, AM or PM,
 * an offset or `Z`, no time at all (midnight), hour 24 (the next day), second 60 (the next minute).
 *
 * @returns undefined for anything else, and for a day no calendar has.
 */
export function parseDateText(text: string): ClockReading | undefined {
  const match = DATE.exec(text.trim());
  if (match === null) return undefined;
  const [, yearText, , month, day, timeText] = match;
  const year = Number(yearText);
  const midnightMs = toMidnightMs(year, Number(month), Number(day));
  if (midnightMs === undefined) return undefined;
  if (timeText === undefined) return { wallMs: midnightMs, year, hasFraction: false };
  const time = parseTime(timeText);
  return time && { ...time, wallMs: midnightMs + time.wallMs, year };
}

/** Reads an offset from UTC, in minutes: `+02:00`, `-0330`, `+05`, `Z`. Undefined for anything else. */
export function parseOffset(text: string): number | undefined {
  const trimmed = text.trim();
  if (trimmed.toUpperCase() === "Z") return 0;
  const match = OFFSET.exec(trimmed);
  if (match === null) return undefined;
  const [, sign, hours, minutes = "0"] = match;
  const size = Number(hours) * 60 + Number(minutes);
  if (Number(minutes) > 59 || size > MAX_OFFSET_MINUTES) return undefined;
  return sign === "-" && size > 0 ? -size : size;
}

/**
 * Reads the digits behind a second's decimal point, in ms. Spaces count as zeros: some cameras pad with them on the
 * left. Undefined for anything else.
 */
export function parseSubSecond(text: string): number | undefined {
  const digits = text.replaceAll(" ", "0");
  return /^[0-9]+$/.test(digits) ? toMilliseconds(digits) : undefined;
}

/** True when a camera may well have taken a photo in that year. */
export function isPlausibleYear(year: number): boolean {
  return year >= EARLIEST_PLAUSIBLE_YEAR && year <= LATEST_PLAUSIBLE_YEAR;
}

/** The start of a day of the Gregorian calendar; undefined for 30 February, month 13 and the year 0. */
function toMidnightMs(year: number, month: number, day: number): number | undefined {
  if (year === 0) return undefined;
  // Not Date.UTC, which takes the years 1 to 99 for 1901 to 1999.
  const midnightMs = new Date(0).setUTCFullYear(year, month - 1, day);
  const date = new Date(midnightMs);
  return date.getUTCMonth() === month - 1 && date.getUTCDate() === day ? midnightMs : undefined;
}

/** The time of day since midnight, and the offset it states. */
function parseTime(text: string): Omit<ClockReading, "year"> | undefined {
  const match = TIME.exec(text);
  if (match === null) return undefined;
  const [, hourText, minuteText, secondText, fraction, halfOfDay, offsetText] = match;
  const hour = toHourOfDay(Number(hourText), halfOfDay?.toUpperCase());
  const minute = Number(minuteText);
  const second = Number(secondText);
  if (hour === undefined || minute > 59 || second > 60) return undefined;
  const offsetMinutes = offsetText === undefined ? undefined : parseOffset(offsetText);
  if (offsetText !== undefined && offsetMinutes === undefined) return undefined;
  const wallMs = hour * HOUR_MS + minute * MINUTE_MS + second * 1_000 + toMilliseconds(fraction ?? "0");
  return {
    wallMs,
    hasFraction: fraction !== undefined,
    ...(offsetMinutes === undefined ? {} : { offsetMinutes }),
  };
}

/** 0 to 24; 24 is midnight at the end of the day. The twelve-hour clock runs 12, 1, 2 … 11. */
function toHourOfDay(hour: number, halfOfDay: string | undefined): number | undefined {
  if (halfOfDay === undefined) return hour <= DAY_MS / HOUR_MS ? hour : undefined;
  if (hour < 1 || hour > 12) return undefined;
  return (hour % 12) + (halfOfDay === "PM" ? 12 : 0);
}

/** Digits finer than the millisecond are cut off, not rounded: a photo never moves into the next second. */
function toMilliseconds(fractionDigits: string): number {
  return Number(fractionDigits.slice(0, 3).padEnd(3, "0"));
}
