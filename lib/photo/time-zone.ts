import { tzOffset } from "@date-fns/tz/tzOffset";
import lookUpZone from "@photostructure/tz-lookup";

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

/** The IANA zone at a position, from a map that is rough within about 10 km of a border. Open sea has `Etc/GMT±n`. */
export function zoneAt(latitudeDeg: number, longitudeDeg: number): string {
  return lookUpZone(latitudeDeg, longitudeDeg);
}

/**
 * Turns a wall clock's reading in a zone into UTC, both in ms since 1970 (the reading as if the clock hung in
 * Greenwich). Where clocks go back, a reading happens twice: the first is taken. Where they go forward, a reading
 * that is skipped is taken for that of a camera which nobody has set yet, and keeps the offset before the change.
 *
 * @throws {RangeError} when the zone is none: a mistake of configuration, not of a photo.
 */
export function wallToUtcMs(wallMs: number, timeZone: string): number {
  const before = offsetMsAt(timeZone, wallMs - DAY_MS);
  const after = offsetMsAt(timeZone, wallMs + DAY_MS);
  const real = [before, after].filter((offsetMs) => offsetMsAt(timeZone, wallMs - offsetMs) === offsetMs);
  // The greater offset is the earlier moment.
  return wallMs - (real.length === 0 ? before : Math.max(...real));
}

function offsetMsAt(timeZone: string, utcMs: number): number {
  const offsetMinutes = tzOffset(timeZone, new Date(utcMs));
  if (Number.isNaN(offsetMinutes))
    throw new RangeError(`timeZone is "${timeZone}": expected an IANA time zone name`);
  return offsetMinutes * MINUTE_MS;
}
