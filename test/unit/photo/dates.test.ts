import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isPlausibleYear, parseDateText, parseOffset, parseSubSecond } from "../../../lib/photo/dates.ts";

/** A text's reading in the form of ISO 8601, with the offset it states. */
function read(text: string): string | undefined {
  const reading = parseDateText(text);
  if (reading === undefined) return undefined;
  const offset = reading.offsetMinutes === undefined ? "local" : `${reading.offsetMinutes} min`;
  return `${new Date(reading.wallMs).toISOString().slice(0, -1)} ${offset}`;
}

describe("date texts that are dates", () => {
  it.each([
    ["2024:05:01 10:11:12", "2024-05-01T10:11:12.000 local"],
    ["2024-05-01 10:11:12", "2024-05-01T10:11:12.000 local"],
    ["2023-09-27T14:37:11+02:00", "2023-09-27T14:37:11.000 120 min"],
    ["2024:05:01T10:11:12Z", "2024-05-01T10:11:12.000 0 min"],
    ["2018:06:26 17:46:33.847", "2018-06-26T17:46:33.847 local"],
    ["2018:06:26 17:46:33.9999999", "2018-06-26T17:46:33.999 local"],
    ["2018:06:26 17:46:33,5", "2018-06-26T17:46:33.500 local"],
    ["2024:05:01 10:11:12-0330", "2024-05-01T10:11:12.000 -210 min"],
    ["2024:05:01 10:11:12 +05", "2024-05-01T10:11:12.000 300 min"],
    ["2024:05:01 10:11:12 AM", "2024-05-01T10:11:12.000 local"],
    ["2024:05:01 10:11:12 pm", "2024-05-01T22:11:12.000 local"],
    ["2024:05:01 12:00:00 AM", "2024-05-01T00:00:00.000 local"],
    ["2024:05:01 12:00:00PM", "2024-05-01T12:00:00.000 local"],
    ["2024:05:01 01:02:03.5 PM +01:00", "2024-05-01T13:02:03.500 60 min"],
    ["2024:05:01", "2024-05-01T00:00:00.000 local"],
    ["2024:12:31 24:00:00", "2025-01-01T00:00:00.000 local"],
    ["2024:02:28 24:30:00", "2024-02-29T00:30:00.000 local"],
    ["2016:12:31 23:59:60", "2017-01-01T00:00:00.000 local"],
    ["2024:02:29 00:00:00", "2024-02-29T00:00:00.000 local"],
    ["2000:02:29 00:00:00", "2000-02-29T00:00:00.000 local"],
    ["0001:01:01 00:00:00", "0001-01-01T00:00:00.000 local"],
    ["2099:09:29 10:10:10", "2099-09-29T10:10:10.000 local"],
    ["1970:01:01 00:03:27", "1970-01-01T00:03:27.000 local"],
    ["  2024:05:01 10:11:12   ", "2024-05-01T10:11:12.000 local"],
  ])("reads %j", (text, expected) => {
    expect(read(text)).toBe(expected);
  });
});

describe("texts that are no dates", () => {
  it.each([
    "",
    "    :  :     :  :  ",
    "0000:00:00 00:00:00",
    "0000:05:01 10:11:12",
    "2024:00:01 10:11:12",
    "2024:05:00 10:11:12",
    "2024:02:30 10:11:12",
    "2023:02:29 10:11:12",
    "1900:02:29 10:11:12",
    "2024:04:31 10:11:12",
    "2024:13:01 10:11:12",
    "1999:99:99 99:99:99",
    "2024/05/01 10:11:12",
    "2024:05-01 10:11:12",
    "2024:05:01 25:00:00",
    "2024:05:01 10:60:00",
    "2024:05:01 10:00:61",
    "2024:05:01 13:00:00 PM",
    "2024:05:01 00:00:00 AM",
    "2024:05:01 24:00:00 AM",
    "2024:05:01 10:11",
    "2024:05:01 10:11:12 +25:00",
    "2024:05:01 10:11:12 +02:60",
    "2024:05:01 10:11:12 CEST",
    "2024:05:01 10:11:12.",
    "2014:09:259",
    "2:33:50",
    "24:05:01 10:11:12",
    "12024:05:01 10:11:12",
    "2024:5:1 10:11:12",
    "２０２４:05:01 10:11:12",
    "٢٠٢٤:٠٥:٠١ ١٠:١١:١٢",
    "2024:05:01 10:11:12\n2024:05:01 10:11:12",
    "WGS-84",
  ])("refuses %j", (text) => {
    expect(parseDateText(text)).toBeUndefined();
  });

  it("neither throws nor reads a date that is not the text's own, whatever the text", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[0-9:\-T .+ZAPM]{0,40}$/)), (text) => {
        const reading = parseDateText(text);

        if (reading !== undefined) expect(text).toContain(String(reading.year).padStart(4, "0"));
      }),
      { numRuns: 2_000 },
    );
  });

  it("gives back every moment that is written out", () => {
    const moments = fc.date({
      min: new Date("0001-01-01"),
      max: new Date("9999-12-31"),
      noInvalidDate: true,
    });

    fc.assert(
      fc.property(moments, (moment) => {
        const reading = parseDateText(moment.toISOString());

        expect(reading).toMatchObject({ wallMs: moment.getTime(), offsetMinutes: 0, hasFraction: true });
      }),
    );
  });
});

describe("offsets", () => {
  it.each([
    ["+02:00", 120],
    ["-09:30", -570],
    ["+0545", 345],
    ["-08", -480],
    ["Z", 0],
    ["z", 0],
    ["-00:00", 0],
    ["+14:00", 840],
    [" +01:00 ", 60],
  ])("reads %j", (text, minutes) => {
    expect(parseOffset(text)).toBe(minutes);
  });

  it.each(["", "   :  ", "02:00", "+2", "+15:00", "+14:01", "+02:60", "+99:99", "UTC", "+02:00x"])(
    "refuses %j",
    (text) => {
      expect(parseOffset(text)).toBeUndefined();
    },
  );
});

describe("sub-seconds", () => {
  it.each([
    ["63", 630],
    ["813", 813],
    ["0887", 88],
    ["023460", 23],
    ["606000", 606],
    [" 8", 80],
    ["7  ", 700],
    ["00", 0],
  ])("reads %j as that many ms", (text, ms) => {
    expect(parseSubSecond(text)).toBe(ms);
  });

  it.each(["", "-5", "1.5", "abc", "0x1F"])("refuses %j", (text) => {
    expect(parseSubSecond(text)).toBeUndefined();
  });
});

describe("years", () => {
  it.each([1990, 2005, 2026, 2059])("finds %i plausible", (year) => {
    expect(isPlausibleYear(year)).toBe(true);
  });

  it.each([1, 1970, 1980, 1989, 2060, 2099])("finds %i implausible", (year) => {
    expect(isPlausibleYear(year)).toBe(false);
  });
});
