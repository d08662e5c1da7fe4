import ExifReader from "exifreader";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { makePhoto } from "../../../sandbox/photo-maker.ts";
import { judge } from "./inspected.ts";

const anyPhoto = fc.record({
  latitudeDeg: fc.double({ min: -90, max: 90, noNaN: true }),
  longitudeDeg: fc.double({ min: -180, max: 180, noNaN: true }),
  headingDeg: fc.double({ min: 0, max: 359.99, noNaN: true }),
  altitudeMeters: fc.double({ min: -400, max: 8_000, noNaN: true }),
  takenAt: fc.date({ min: new Date("1990-01-01"), max: new Date("2059-12-31"), noInvalidDate: true }),
  make: fc.stringMatching(/^[A-Za-z][A-Za-z0-9 .-]{0,40}[A-Za-z]$/),
  model: fc.stringMatching(/^[A-Za-z][A-Za-z0-9 .-]{0,40}[A-Za-z]$/),
  byteOrder: fc.constantFrom("II" as const, "MM" as const),
  widthPx: fc.integer({ min: 1, max: 300 }),
  heightPx: fc.integer({ min: 1, max: 300 }),
});

/** ExifReader's text of a tag. */
const describeTag = (tag: { description: string } | undefined) => tag?.description;

describe("a second opinion", () => {
  it("says of every photo what we say", async () => {
    await fc.assert(
      fc.asyncProperty(anyPhoto, async (spec) => {
        fc.pre(Math.abs(spec.latitudeDeg) > 1e-6 || Math.abs(spec.longitudeDeg) > 1e-6);
        const photo = makePhoto(spec);

        const { verdict, facts } = await judge(photo);

        const { exif, gps, file } = ExifReader.load(Buffer.from(photo), { expanded: true });
        expect(verdict).toBe("accept");
        expect(facts.latitudeDeg).toBeCloseTo(gps?.Latitude ?? Number.NaN, 9);
        expect(facts.longitudeDeg).toBeCloseTo(gps?.Longitude ?? Number.NaN, 9);
        expect(facts.altitudeMeters).toBeCloseTo(gps?.Altitude ?? Number.NaN, 9);
        expect(facts.headingDeg).toBeCloseTo(Number(describeTag(exif?.GPSImgDirection)), 9);
        expect(facts.make).toBe(describeTag(exif?.Make));
        expect(facts.model).toBe(describeTag(exif?.Model));
        expect(facts.widthPx).toBe(file?.["Image Width"]?.value);
        expect(facts.heightPx).toBe(file?.["Image Height"]?.value);
        const date = describeTag(exif?.DateTimeOriginal)?.replace(/^(\d+):(\d+):(\d+) /, "$1-$2-$3T");
        expect(facts.capturedAt).toBe(`${date}.${describeTag(exif?.SubSecTimeOriginal)}Z`);
      }),
      { numRuns: 300 },
    );
  });

  it("is one of the photo asked for: within what the photo maker's fractions can tell", async () => {
    await fc.assert(
      fc.asyncProperty(anyPhoto, async (spec) => {
        const { facts } = await judge(makePhoto(spec));

        expect(facts.latitudeDeg).toBeCloseTo(spec.latitudeDeg, 7);
        expect(facts.longitudeDeg).toBeCloseTo(spec.longitudeDeg, 7);
        expect(facts.capturedAt).toBe(spec.takenAt.toISOString());
      }),
    );
  });
});
