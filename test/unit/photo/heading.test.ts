import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { GPS_TAGS } from "../../../lib/photo/exif-tags.ts";
import type { PhotoFacts } from "../../../lib/photo/photo.ts";
import type { TiffEntry } from "../../../sandbox/photo-maker-tiff.ts";
import { byte, rational, srational } from "../../../sandbox/photo-maker-tiff.ts";
import { judgeMade } from "./inspected.ts";

async function factsOf(GPSInfo: TiffEntry[], headingOffsetDeg?: number): Promise<PhotoFacts> {
  const rules = headingOffsetDeg === undefined ? {} : { headingOffsetDeg };
  const { facts } = await judgeMade({ entries: { GPSInfo } }, rules);
  return facts;
}

const direction = (...parts: number[]) => rational(GPS_TAGS.GPSImgDirection, ...parts);
const track = (...parts: number[]) => rational(GPS_TAGS.GPSTrack, ...parts);

describe("the heading", () => {
  it.each([
    ["the image direction", [direction(10_053, 100)], 100.53],
    ["the image direction before the track", [track(10, 1), direction(20, 1)], 20],
    ["the track when there is no image direction", [track(10, 1)], 10],
    ["the track when the image direction is 0/0", [direction(0, 0), track(10, 1)], 10],
    [
      "the track when the image direction is a field full of ones",
      [direction(0xffffffff, 1), track(10, 1)],
      10,
    ],
    ["north for a full turn", [direction(360, 1)], 0],
    ["within one turn", [direction(450, 1)], 90],
    ["clockwise from north for a negative direction", [srational(GPS_TAGS.GPSImgDirection, -90, 1)], 270],
  ])("is %s", async (_what, entries, headingDeg) => {
    expect((await factsOf(entries)).headingDeg).toBe(headingDeg);
  });

  it.each([[[]], [[direction(0, 0)]], [[direction(1, 0)]]])(
    "is unknown without a usable tag",
    async (entries) => {
      expect(await factsOf(entries, 90)).not.toHaveProperty("headingDeg");
    },
  );

  it.each([
    [90, 190],
    [-150, 310],
    [270, 10],
    [720, 100],
    [-100, 0],
  ])("is turned by a mount offset of %i degrees", async (offsetDeg, headingDeg) => {
    expect((await factsOf([direction(100, 1)], offsetDeg)).headingDeg).toBe(headingDeg);
  });

  it("lies from 0 up to 360 and excludes 360, whatever the offset", async () => {
    const anyOffset = fc.oneof(
      fc.double({ min: -1e6, max: 1e6, noNaN: true }),
      fc.constantFrom(-1e-15, -5e-324, 360, -0),
    );

    await fc.assert(
      fc.asyncProperty(fc.nat(36_000), anyOffset, async (hundredths, offsetDeg) => {
        const { headingDeg = Number.NaN } = await factsOf([direction(hundredths, 100)], offsetDeg);

        expect(headingDeg).toBeGreaterThanOrEqual(0);
        expect(headingDeg).toBeLessThan(360);
        expect(Object.is(headingDeg, -0)).toBe(false);
      }),
    );
  });
});

describe("the altitude", () => {
  const altitude = (...parts: number[]) => rational(GPS_TAGS.GPSAltitude, ...parts);
  const ref = (value: number) => byte(GPS_TAGS.GPSAltitudeRef, value);

  it.each([
    ["above the sea", [ref(0), altitude(427, 10)], 42.7],
    ["above the sea without a reference", [altitude(427, 10)], 42.7],
    ["below the sea", [ref(1), altitude(427, 10)], -42.7],
    ["below the sea by EXIF 3.0", [ref(3), altitude(427, 10)], -42.7],
    ["below the sea once, when both the reference and the sign say so", [ref(1), srational(6, -5, 1)], -5],
    ["at the sea, and no negative zero", [ref(1), altitude(0, 1)], 0],
  ])("is %s", async (_what, entries, altitudeMeters) => {
    expect((await factsOf(entries)).altitudeMeters).toBe(altitudeMeters);
  });

  it.each([[[]], [[altitude(0, 0)]], [[altitude(0xffffffff, 1)]]])(
    "is unknown when it cannot be",
    async (entries) => {
      expect(await factsOf(entries)).not.toHaveProperty("altitudeMeters");
    },
  );
});
