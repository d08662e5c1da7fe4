import { describe, expect, it } from "vitest";
import { GPS_TAGS, TIFF_TYPES } from "../../../lib/photo/exif-tags.ts";
import type { TiffEntry } from "../../../sandbox/photo-maker-tiff.ts";
import { ascii, byte, long, rational, srational } from "../../../sandbox/photo-maker-tiff.ts";
import { codesOf, judgeMade, messageOf } from "./inspected.ts";

const AXES = [
  { axis: "latitude", tag: "GPSLatitude", letters: ["N", "S"], limitDeg: 90 },
  { axis: "longitude", tag: "GPSLongitude", letters: ["E", "W"], limitDeg: 180 },
] as const;

const judgeGps = (...GPSInfo: TiffEntry[]) => judgeMade({ entries: { GPSInfo } });

describe.each(AXES)("the reference of $axis", ({ axis, tag, letters, limitDeg }) => {
  const refTag = GPS_TAGS[`${tag}Ref`];
  const swapped = limitDeg === 90 ? "E" : "N";

  it.each([
    ["lower case", ascii(refTag, letters[1].toLowerCase())],
    ["trailing spaces", ascii(refTag, `${letters[1]}  `)],
    ["no NUL", { tag: refTag, type: TIFF_TYPES.Ascii, value: letters[1] }],
    ["type BYTE", byte(refTag, letters[1].charCodeAt(0), 0)],
  ])("passes in %s", async (_what, entry) => {
    const verdict = await judgeGps(entry);

    expect(verdict.verdict).toBe("accept");
    expect(verdict.facts[`${axis}Deg`]).toBeLessThan(0);
  });

  it.each([
    ["empty", ascii(refTag, ""), '""'],
    ["without a single value", { tag: refTag, type: TIFF_TYPES.Ascii, value: "" }, '""'],
    ["blank", ascii(refTag, " "), '" "'],
    ["a word", ascii(refTag, "North"), '"North"'],
    ["the other axis's letter", ascii(refTag, swapped), `"${swapped}"`],
    ["a number", long(refTag, 78), '"78"'],
    ["UNDEFINED", { tag: refTag, type: TIFF_TYPES.Undefined, value: letters[0] }, `"${letters[0]}"`],
  ])("is rejected when it is %s, and quoted", async (_what, entry, quoted) => {
    const verdict = await judgeGps(entry);

    expect(codesOf(verdict)).toEqual([`${axis}-ref-invalid`]);
    expect(messageOf(verdict, `${axis}-ref-invalid`)).toContain(`${tag}Ref is ${quoted}: expected`);
  });

  it("is rejected when it is missing", async () => {
    const verdict = await judgeMade({ without: { GPSInfo: [refTag] } });

    expect(codesOf(verdict)).toEqual([`${axis}-ref-missing`]);
  });
});

describe.each(AXES)("the coordinate of $axis", ({ axis, tag, limitDeg }) => {
  const own = GPS_TAGS[tag];

  it.each([
    ["three RATIONAL", rational(own, 10, 1, 30, 1, 36, 1), 10.51],
    ["three SRATIONAL that are not negative", srational(own, 10, 1, 30, 1, 36, 1), 10.51],
    ["decimal minutes", rational(own, 10, 1, 306_000, 10_000, 0, 1), 10.51],
    ["decimal degrees", rational(own, 1_051, 100, 0, 1, 0, 1), 10.51],
    ["minutes over 59 within the range", rational(own, 9, 1, 90, 1, 36, 1), 10.51],
    ["the limit itself", rational(own, limitDeg, 1, 0, 1, 0, 1), limitDeg],
  ])("passes as %s", async (_what, entry, degrees) => {
    const verdict = await judgeGps(entry);

    expect(verdict.verdict).toBe("accept");
    expect(verdict.facts[`${axis}Deg`]).toBeCloseTo(degrees, 9);
  });

  it.each([
    ["a zero denominator", rational(own, 10, 1, 30, 1, 0, 0), '"10/1 30/1 0/0": a denominator is zero'],
    ["a negative part", srational(own, 10, 1, -30, 1, 0, 1), '"10/1 -30/1 0/1": a part is negative'],
    ["a negative denominator", srational(own, 10, 1, 30, -1, 0, 1), "a part is negative"],
    ["one value", rational(own, 10, 1), '"10/1": 1 × RATIONAL, expected 3 × RATIONAL'],
    ["two values", rational(own, 10, 1, 30, 1), "2 × RATIONAL, expected 3"],
    ["four values", rational(own, 10, 1, 30, 1, 0, 1, 0, 1), "4 × RATIONAL, expected 3"],
    ["thousands of values", rational(own, ...Array<number>(4_000).fill(1)), "2000 × RATIONAL, expected 3"],
    ["no value", rational(own), "0 × RATIONAL"],
    ["ASCII", ascii(own, "52,00000,50,00000"), '"52,00000,50,00000": 18 × ASCII'],
    ["LONG", long(own, 10, 30, 0), '"10 30 0": 3 × LONG'],
    ["one LONG", long(own, 10), '"10": 1 × LONG'],
    ["DOUBLE", { tag: own, type: TIFF_TYPES.Double, value: [10.5, 0, 0] }, '"10.5 0 0": 3 × DOUBLE'],
  ])("is rejected as %s, and shown", async (_what, entry, shown) => {
    const verdict = await judgeGps(entry);

    expect(codesOf(verdict)).toEqual([`${axis}-invalid`]);
    expect(messageOf(verdict, `${axis}-invalid`)).toContain(`${tag} is `);
    expect(messageOf(verdict, `${axis}-invalid`)).toContain(shown);
    expect(verdict.facts).not.toHaveProperty(`${axis}Deg`);
  });

  it("is rejected when it is missing", async () => {
    const verdict = await judgeMade({ without: { GPSInfo: [own] } });

    expect(codesOf(verdict)).toEqual([`${axis}-missing`]);
    expect(messageOf(verdict, `${axis}-missing`)).toContain(`${tag} is missing`);
  });

  it.each([
    rational(own, limitDeg, 1, 0, 1, 1, 10_000),
    rational(own, limitDeg - 1, 1, 61, 1, 0, 1),
    rational(own, 4_294_967_295, 1, 0, 1, 0, 1),
  ])("is rejected beyond the range", async (entry) => {
    const verdict = await judgeGps(entry);

    expect(codesOf(verdict)).toEqual([`${axis}-out-of-range`]);
  });
});

describe("a position as a whole", () => {
  it.each([
    ["N", "E"],
    ["S", "W"],
  ])("is rejected at exactly 0 %s, 0 %s", async (latitudeRef, longitudeRef) => {
    const verdict = await judgeGps(
      ascii(GPS_TAGS.GPSLatitudeRef, latitudeRef),
      rational(GPS_TAGS.GPSLatitude, 0, 1, 0, 1, 0, 1_000),
      ascii(GPS_TAGS.GPSLongitudeRef, longitudeRef),
      rational(GPS_TAGS.GPSLongitude, 0, 1, 0, 1, 0, 1),
    );

    expect(codesOf(verdict)).toEqual(["null-island"]);
    expect(verdict.facts).toMatchObject({ latitudeDeg: 0, longitudeDeg: 0 });
    expect(Object.is(verdict.facts.latitudeDeg, 0)).toBe(true);
  });

  it.each([
    { latitudeDeg: 0, longitudeDeg: 6.5 },
    { latitudeDeg: 51.5, longitudeDeg: 0 },
    { latitudeDeg: 0.000_01, longitudeDeg: 0 },
  ])("passes on the equator or the prime meridian: %o", async (place) => {
    const verdict = await judgeMade(place);

    expect(verdict.verdict).toBe("accept");
    expect(verdict.facts.latitudeDeg).toBeCloseTo(place.latitudeDeg, 7);
    expect(verdict.facts.longitudeDeg).toBeCloseTo(place.longitudeDeg, 7);
  });

  it("lists every flaw of both axes at once", async () => {
    const verdict = await judgeGps(
      ascii(GPS_TAGS.GPSLatitudeRef, "X"),
      rational(GPS_TAGS.GPSLatitude, 91, 1, 0, 1, 0, 1),
      ascii(GPS_TAGS.GPSLongitudeRef, ""),
      rational(GPS_TAGS.GPSLongitude, 0, 0, 0, 0, 0, 0),
    );

    expect(codesOf(verdict)).toEqual([
      "latitude-ref-invalid",
      "latitude-out-of-range",
      "longitude-ref-invalid",
      "longitude-invalid",
    ]);
  });

  it("carries the estimated error, unless it is no size", async () => {
    const known = await judgeGps(rational(GPS_TAGS.GPSHPositioningError, 47, 10));
    const unknown = await judgeGps(rational(GPS_TAGS.GPSHPositioningError, 0, 0));
    const negative = await judgeGps(srational(GPS_TAGS.GPSHPositioningError, -5, 1));

    expect(known.facts.accuracyMeters).toBe(4.7);
    expect(unknown.facts).not.toHaveProperty("accuracyMeters");
    expect(negative.facts).not.toHaveProperty("accuracyMeters");
  });
});
