import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { wallToUtcMs, zoneAt } from "../../../lib/photo/time-zone.ts";

const toUtc = (wall: string, zone: string) =>
  new Date(wallToUtcMs(Date.parse(`${wall}Z`), zone)).toISOString();

/** What a clock in the zone shows at a moment, by another way than the one under test. */
function showClock(utcMs: number, timeZone: string): string {
  const format = new Intl.DateTimeFormat("sv-SE", { timeZone, dateStyle: "short", timeStyle: "medium" });
  return format.format(utcMs).replace(" ", "T");
}

describe("local time", () => {
  it.each([
    ["2024-07-01T12:00:00", "Europe/Berlin", "2024-07-01T10:00:00.000Z"],
    ["2024-01-01T12:00:00", "Europe/Berlin", "2024-01-01T11:00:00.000Z"],
    ["2024-01-01T12:00:00", "America/Sao_Paulo", "2024-01-01T15:00:00.000Z"],
    ["2024-01-01T12:00:00", "Asia/Kathmandu", "2024-01-01T06:15:00.000Z"],
    ["2024-01-01T12:00:00", "Pacific/Kiritimati", "2023-12-31T22:00:00.000Z"],
    ["2024-01-01T12:00:00", "America/St_Johns", "2024-01-01T15:30:00.000Z"],
    ["2024-01-01T12:00:00", "Etc/GMT+3", "2024-01-01T15:00:00.000Z"],
  ])("%s in %s is %s", (wall, zone, utc) => {
    expect(toUtc(wall, zone)).toBe(utc);
  });

  it.each([
    ["Europe/Berlin", "2024-10-27T02:30:00", "2024-10-27T00:30:00.000Z"],
    ["America/New_York", "2024-11-03T01:30:00", "2024-11-03T05:30:00.000Z"],
    ["Australia/Lord_Howe", "2024-04-07T01:45:00", "2024-04-06T14:45:00.000Z"],
  ])("that happens twice in %s is the first of the two", (zone, wall, utc) => {
    expect(toUtc(wall, zone)).toBe(utc);
  });

  it.each([
    ["Europe/Berlin", "2024-03-31T02:30:00", "2024-03-31T01:30:00.000Z"],
    ["America/New_York", "2024-03-10T02:30:00", "2024-03-10T07:30:00.000Z"],
    ["Pacific/Apia", "2011-12-30T12:00:00", "2011-12-30T22:00:00.000Z"],
  ])("that is skipped in %s keeps the offset before the change", (zone, wall, utc) => {
    expect(toUtc(wall, zone)).toBe(utc);
  });

  it("is what a clock at the place shows, all over the earth and for every moment", () => {
    const moments = fc.integer({ min: Date.UTC(1995, 0) / 1_000, max: Date.UTC(2040, 0) / 1_000 });
    const places = fc.tuple(
      fc.double({ min: -90, max: 90, noNaN: true }),
      fc.double({ min: -180, max: 180, noNaN: true }),
    );

    fc.assert(
      fc.property(places, moments, ([latitudeDeg, longitudeDeg], seconds) => {
        const zone = zoneAt(latitudeDeg, longitudeDeg);
        const shown = showClock(seconds * 1_000, zone);

        const utcMs = wallToUtcMs(Date.parse(`${shown}Z`), zone);

        expect(showClock(utcMs, zone)).toBe(shown);
        expect(utcMs).toBeLessThanOrEqual(seconds * 1_000);
      }),
      { numRuns: 1_000 },
    );
  });

  it("refuses a zone that is none", () => {
    expect(() => wallToUtcMs(0, "Atlantis")).toThrow(RangeError);
  });
});

describe("the zone at a position", () => {
  it.each([
    [52.52, 13.4, "Europe/Berlin"],
    [-23.55, -46.63, "America/Sao_Paulo"],
    [36.05, -112.08, "America/Phoenix"],
    [0, -30, "Etc/GMT+2"],
    [90, 0, "Etc/GMT"],
    [-90, 180, "Antarctica/McMurdo"],
  ])("of %d, %d is %s", (latitudeDeg, longitudeDeg, zone) => {
    expect(zoneAt(latitudeDeg, longitudeDeg)).toBe(zone);
  });
});
