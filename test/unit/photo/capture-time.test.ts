import { describe, expect, it } from "vitest";
import { GPS_TAGS, IMAGE_TAGS, PHOTO_TAGS, TIFF_TYPES } from "../../../lib/photo/exif-tags.ts";
import type { TiffDirectories, TiffEntry } from "../../../sandbox/photo-maker-tiff.ts";
import { ascii, rational, short } from "../../../sandbox/photo-maker-tiff.ts";
import { codesOf, judgeMade, messageOf } from "./inspected.ts";

/** Berlin, so that a local time of summer is two hours ahead of UTC. */
const BERLIN = { latitudeDeg: 52.52, longitudeDeg: 13.4 };

const judgeDates = (entries: TiffDirectories, rules?: { timeZone: string }) =>
  judgeMade({ ...BERLIN, takenAt: null, entries }, rules);

const gpsDate = (text: string) => ascii(GPS_TAGS.GPSDateStamp, text);
const gpsTime = (hour: number, minute: number, centiseconds: number) =>
  rational(GPS_TAGS.GPSTimeStamp, hour, 1, minute, 1, centiseconds, 100);
const original = (text: string) => ascii(PHOTO_TAGS.DateTimeOriginal, text);
const strayOriginal = (text: string) => ascii(IMAGE_TAGS.DateTimeOriginal, text);
const digitized = (text: string) => ascii(PHOTO_TAGS.DateTimeDigitized, text);
const changed = (text: string) => ascii(IMAGE_TAGS.DateTime, text);

describe("which date counts", () => {
  const all = {
    gps: [gpsDate("2024:07:01"), gpsTime(1, 2, 345)],
    original: [original("2024:07:02 12:00:00")],
    strayOriginal: [strayOriginal("2024:07:03 12:00:00")],
    digitized: [digitized("2024:07:04 12:00:00")],
    changed: [changed("2024:07:05 12:00:00")],
  };

  it.each([
    ["Exif.GPSInfo.GPSTimeStamp", "2024-07-01T01:02:03.450Z", all],
    ["Exif.Photo.DateTimeOriginal", "2024-07-02T10:00:00.000Z", { ...all, gps: all.gps.slice(0, 1) }],
    ["Exif.Image.DateTimeOriginal", "2024-07-03T10:00:00.000Z", { ...all, gps: [], original: [] }],
    [
      "Exif.Photo.DateTimeDigitized",
      "2024-07-04T10:00:00.000Z",
      { ...all, gps: [], original: [], strayOriginal: [strayOriginal("never")] },
    ],
    ["Exif.Image.DateTime", "2024-07-05T10:00:00.000Z", { gps: all.gps.slice(0, 1), changed: all.changed }],
    ["Exif.GPSInfo.GPSDateStamp", "2024-07-01T00:00:00.000Z", { gps: all.gps.slice(0, 1) }],
  ] as [string, string, Partial<typeof all>][])("is %s", async (source, capturedAt, dates) => {
    const verdict = await judgeDates({
      GPSInfo: dates.gps ?? [],
      Photo: [...(dates.original ?? []), ...(dates.digitized ?? [])],
      Image: [...(dates.strayOriginal ?? []), ...(dates.changed ?? [])],
    });

    expect(verdict).toMatchObject({ verdict: "accept", facts: { capturedAt, capturedAtSource: source } });
  });

  it("is not the GPS clock of a receiver that has not heard the date", async () => {
    const verdict = await judgeDates({
      GPSInfo: [gpsDate("1970:01:01"), gpsTime(10, 0, 0)],
      Photo: [original("2024:07:02 12:00:00")],
    });

    expect(verdict.facts.capturedAtSource).toBe("Exif.Photo.DateTimeOriginal");
  });

  it.each([
    ["hour 25", rational(GPS_TAGS.GPSTimeStamp, 25, 1, 0, 1, 0, 1)],
    ["minute 60", rational(GPS_TAGS.GPSTimeStamp, 1, 1, 60, 1, 0, 1)],
    ["second 61", rational(GPS_TAGS.GPSTimeStamp, 1, 1, 0, 1, 61, 1)],
    ["a zero denominator", rational(GPS_TAGS.GPSTimeStamp, 1, 1, 0, 1, 0, 0)],
    ["two values", rational(GPS_TAGS.GPSTimeStamp, 1, 1, 0, 1)],
    ["text", ascii(GPS_TAGS.GPSTimeStamp, "10:00:00")],
  ])("is not a GPS clock that shows %s", async (_what, time) => {
    const verdict = await judgeDates({ GPSInfo: [gpsDate("2024:07:01"), time] });

    expect(verdict.facts.capturedAtSource).toBe("Exif.GPSInfo.GPSDateStamp");
  });

  it("takes the day from a GPS date that holds a time as well, and the time from the GPS clock", async () => {
    const verdict = await judgeDates({ GPSInfo: [gpsDate("2008:05:08 09:54:28"), gpsTime(16, 54, 0)] });

    expect(verdict.facts.capturedAt).toBe("2008-05-08T16:54:00.000Z");
  });

  it("passes over a date that its offset moves out of the calendar", async () => {
    const verdict = await judgeDates({
      Photo: [original("9999:12:31 23:59:59-12:00"), digitized("2024:07:04 12:00:00")],
    });

    expect(verdict.facts.capturedAtSource).toBe("Exif.Photo.DateTimeDigitized");
  });
});

describe("a photo without a usable date", () => {
  it.each(["9999:12:31 23:59:59-12:00", "0001:01:01 00:00:00+14:00", "9999:12:31 24:00:00Z"])(
    "is one whose only date lies beyond the calendar: %s",
    async (text) => {
      const verdict = await judgeDates({ Photo: [original(text)] });

      expect(codesOf(verdict)).toEqual(["date-invalid"]);
      expect(messageOf(verdict, "date-invalid")).toContain(text);
    },
  );

  it("names the five tags that could have held one", async () => {
    const verdict = await judgeDates({});

    expect(codesOf(verdict)).toEqual(["date-missing"]);
    expect(messageOf(verdict, "date-missing")).toContain("Exif.Image.DateTimeOriginal");
  });

  it("quotes every date it has", async () => {
    const verdict = await judgeDates({
      Photo: [original("0000:00:00 00:00:00"), digitized("\x1b[31m")],
      Image: [changed("")],
      GPSInfo: [gpsDate("2014:09:259")],
    });

    expect(codesOf(verdict)).toEqual(["date-invalid"]);
    expect(messageOf(verdict, "date-invalid")).toBe(
      'Exif.Photo.DateTimeOriginal is "0000:00:00 00:00:00", Exif.Photo.DateTimeDigitized is "\\x1b[31m", ' +
        'Exif.Image.DateTime is "", Exif.GPSInfo.GPSDateStamp is "2014:09:259": ' +
        "expected a date, YYYY:MM:DD HH:MM:SS",
    );
  });

  it("needs only one of several to be usable", async () => {
    const verdict = await judgeDates({
      Photo: [original("    :  :     :  :  ")],
      Image: [changed("2024:07:05")],
    });

    expect(verdict.verdict).toBe("accept");
  });

  it.each([
    [
      "UNDEFINED",
      { tag: PHOTO_TAGS.DateTimeOriginal, type: TIFF_TYPES.Undefined, value: "2024:07:02 12:00:00" },
      [],
    ],
    [
      "BYTE",
      { tag: PHOTO_TAGS.DateTimeOriginal, type: TIFF_TYPES.Byte, value: "2024:07:02 12:00:00" },
      ["date-invalid"],
    ],
    ["SHORT", short(PHOTO_TAGS.DateTimeOriginal, 2024, 7, 2), ["date-invalid"]],
  ])("minds the type of a date: %s", async (_type, entry, codes) => {
    expect(codesOf(await judgeDates({ Photo: [entry] }))).toEqual(codes);
  });

  it("ends a date at its first NUL", async () => {
    const verdict = await judgeDates({
      Photo: [original("2:33:50\x002013:07:13 1"), digitized("2024:07:04\0junk")],
    });

    expect(verdict.facts.capturedAt).toBe("2024-07-03T22:00:00.000Z");
  });
});

describe("what stands beside a date", () => {
  const beside = (...entries: TiffEntry[]) =>
    judgeDates({ Photo: [original("2024:07:02 12:00:00"), ...entries] });

  it("adds the sub-second and settles the offset", async () => {
    const verdict = await beside(
      ascii(PHOTO_TAGS.SubSecTimeOriginal, "063"),
      ascii(PHOTO_TAGS.OffsetTimeOriginal, "-05:00"),
    );

    expect(verdict.facts.capturedAt).toBe("2024-07-02T17:00:00.063Z");
    expect(verdict.facts).not.toHaveProperty("timeZone");
  });

  it("is passed over when it is nonsense", async () => {
    const verdict = await beside(
      ascii(PHOTO_TAGS.SubSecTimeOriginal, "half"),
      ascii(PHOTO_TAGS.OffsetTimeOriginal, "   :  "),
    );

    expect(verdict.facts).toMatchObject({
      capturedAt: "2024-07-02T10:00:00.000Z",
      timeZone: "Europe/Berlin",
    });
  });

  it("does not go before what the date says itself", async () => {
    const verdict = await judgeDates({
      Photo: [
        original("2024:07:02 12:00:00.25+01:00"),
        ascii(PHOTO_TAGS.SubSecTimeOriginal, "9"),
        ascii(PHOTO_TAGS.OffsetTimeOriginal, "-05:00"),
      ],
    });

    expect(verdict.facts.capturedAt).toBe("2024-07-02T11:00:00.250Z");
  });

  it.each([
    [digitized("2024:07:02 12:00:00"), PHOTO_TAGS.SubSecTimeDigitized, PHOTO_TAGS.OffsetTimeDigitized],
    [changed("2024:07:02 12:00:00"), PHOTO_TAGS.SubSecTime, PHOTO_TAGS.OffsetTime],
  ])("belongs to its own date", async (date, subSecond, offset) => {
    const others = [
      ascii(PHOTO_TAGS.SubSecTimeOriginal, "9"),
      ascii(PHOTO_TAGS.OffsetTimeOriginal, "-05:00"),
    ];
    const own = [ascii(subSecond, "123"), ascii(offset, "+03:00")];

    const verdict = await judgeDates({ Photo: [date, ...others, ...own], Image: [date] });

    expect(verdict.facts.capturedAt).toBe("2024-07-02T09:00:00.123Z");
  });
});

describe("local time", () => {
  it("is that of the position", async () => {
    const verdict = await judgeMade({
      latitudeDeg: 45.52,
      longitudeDeg: -122.57,
      takenAt: "2018:06:08 13:24:10",
    });

    expect(verdict.facts).toMatchObject({
      capturedAt: "2018-06-08T20:24:10.000Z",
      timeZone: "America/Los_Angeles",
    });
  });

  it("is that of the configured zone before that of the position", async () => {
    const verdict = await judgeDates(
      { Photo: [original("2024:07:02 12:00:00")] },
      { timeZone: "Asia/Kathmandu" },
    );

    expect(verdict.facts).toMatchObject({
      capturedAt: "2024-07-02T06:15:00.000Z",
      timeZone: "Asia/Kathmandu",
    });
  });

  it("stays unknown without a position and a configured zone", async () => {
    const verdict = await judgeMade({ latitudeDeg: null, takenAt: "2024:07:02 12:00:00" });

    expect(codesOf(verdict)).toEqual(["latitude-ref-missing", "latitude-missing"]);
    expect(verdict.facts).not.toHaveProperty("capturedAt");
    expect(verdict.facts).not.toHaveProperty("capturedAtSource");
  });

  it("refuses a configured zone that is none", async () => {
    const judging = judgeDates({ Photo: [original("2024:07:02 12:00:00")] }, { timeZone: "Mars/Olympus" });

    await expect(judging).rejects.toThrow('timeZone is "Mars/Olympus": expected an IANA time zone name');
  });
});

describe("an implausible year", () => {
  it.each([1970, 2099])("passes with a warning: %i", async (year) => {
    const verdict = await judgeDates({ Photo: [original(`${year}:01:02 03:04:05`)] });

    expect(verdict).toMatchObject({ verdict: "accept", warnings: [{ code: "implausible-year" }] });
    expect(verdict.warnings[0]?.message).toContain(`Exif.Photo.DateTimeOriginal, is in the year ${year}`);
  });

  it("is no matter in a date that does not count", async () => {
    const verdict = await judgeDates({
      Photo: [original("2016:01:06 10:11:06"), digitized("1970:01:01 00:03:27")],
    });

    expect(verdict.warnings).toEqual([]);
  });
});
