import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MAX_NAME_CHARACTERS } from "../../../lib/photo/camera.ts";
import { imageDescription } from "../../../lib/photo/description.ts";
import type { RelayableFacts } from "../../../lib/photo/photo.ts";
import { MAX_DESCRIPTION_BYTES } from "../../../lib/photo/rewrite-front.ts";
import type { PhotoSpec } from "../../../sandbox/photo-maker.ts";
import { judgeMade } from "./inspected.ts";

const LEAST: RelayableFacts = {
  latitudeDeg: 52.0907,
  longitudeDeg: 5.1214,
  capturedAt: "2024-05-01T10:00:00.000Z",
  capturedAtSource: "Exif.Photo.DateTimeOriginal",
};

const anyName = fc.string({ unit: "binary", maxLength: MAX_NAME_CHARACTERS });
const anyFacts: fc.Arbitrary<RelayableFacts> = fc
  .record(
    {
      latitudeDeg: fc.double({ min: -90, max: 90, noNaN: true }),
      longitudeDeg: fc.double({ min: -180, max: 180, noNaN: true }),
      altitudeMeters: fc.double({ min: -100_000, max: 100_000, noNaN: true }),
      headingDeg: fc.double({ min: 0, max: 360, maxExcluded: true, noNaN: true }),
      accuracyMeters: fc.double({ min: 0, max: 2 ** 32, noNaN: true }),
      make: anyName,
      model: anyName,
      cameraSerial: fc.stringMatching(/^[A-Za-z0-9]{1,128}_[A-Za-z0-9]{1,128}$/),
      orientation: fc.integer({ min: 1, max: 8 }),
    },
    { requiredKeys: [] },
  )
  .map((facts) => ({ ...LEAST, ...facts }));

const parse = (facts: RelayableFacts, filename = "a.jpg") =>
  JSON.parse(imageDescription(facts, { filename })) as Record<string, unknown>;

describe("a description", () => {
  it("holds everything that is known, with sorted keys and no spaces", () => {
    const facts = {
      ...LEAST,
      altitudeMeters: -3.25,
      headingDeg: 271.5,
      accuracyMeters: 4.73,
      make: "Acme",
      model: "Roadrunner 1",
      cameraSerial: "A1_B2",
      orientation: 6,
      widthPx: 4_000,
      timeZone: "Europe/Amsterdam",
    };

    expect(imageDescription(facts, { filename: "IMG_0001.jpg" })).toBe(
      '{"MAPAltitude":-3.25,"MAPCameraUUID":"A1_B2","MAPCaptureTime":"2024_05_01_10_00_00_000",' +
        '"MAPCompassHeading":{"MagneticHeading":271.5,"TrueHeading":271.5},"MAPDeviceMake":"Acme",' +
        '"MAPDeviceModel":"Roadrunner 1","MAPFilename":"IMG_0001.jpg","MAPGPSAccuracyMeters":4.73,' +
        '"MAPLatitude":52.0907,"MAPLongitude":5.1214,"MAPOrientation":6}',
    );
  });

  it("leaves out what is not known, but for the orientation, which is then upright", () => {
    expect(imageDescription(LEAST, { filename: "IMG_0001.jpg" })).toBe(
      '{"MAPCaptureTime":"2024_05_01_10_00_00_000","MAPFilename":"IMG_0001.jpg",' +
        '"MAPLatitude":52.0907,"MAPLongitude":5.1214,"MAPOrientation":1}',
    );
  });

  it.each([
    ["Straße.jpg", '"Stra\\u00dfe.jpg"'],
    ["東京.jpg", '"\\u6771\\u4eac.jpg"'],
    ["😀.jpg", '"\\ud83d\\ude00.jpg"'],
    ["half \ud83d.jpg", '"half \\ud83d.jpg"'],
    ['"\\.jpg', '"\\"\\\\.jpg"'],
    ["\u0000\u001f\u007f.jpg", '"\\u0000\\u001f\\u007f.jpg"'],
  ])("escapes %j as Python's json does, in printable ASCII", (filename, expected) => {
    expect(imageDescription(LEAST, { filename })).toContain(`"MAPFilename":${expected},`);
  });

  it.each([
    ["car-1/2024/IMG_1.jpg", "IMG_1.jpg"],
    ["IMG_1.jpg", "IMG_1.jpg"],
    ["folder/", undefined],
  ])("calls the photo %s by its base name", (filename, expected) => {
    expect(parse(LEAST, filename).MAPFilename).toBe(expected);
  });

  it.each<[keyof RelayableFacts, string, number, number]>([
    ["latitudeDeg", "MAPLatitude", 1.000_000_04, 1],
    ["latitudeDeg", "MAPLatitude", -1.000_000_06, -1.000_000_1],
    ["latitudeDeg", "MAPLatitude", -0.000_000_01, 0],
    // Its binary value lies below the half; multiplying by 10^3 first would round it up.
    ["altitudeMeters", "MAPAltitude", 1.0005, 1],
    ["altitudeMeters", "MAPAltitude", -0.0006, -0.001],
    ["accuracyMeters", "MAPGPSAccuracyMeters", 65 / 14, 4.643],
  ])("rounds %s", (fact, key, value, expected) => {
    expect(parse({ ...LEAST, [fact]: value })[key]).toBe(expected);
  });

  it.each([
    [0.0004, 0],
    [359.9994, 359.999],
    [359.9996, 0],
  ])("keeps a heading of %s below a full turn", (headingDeg, expected) => {
    const { MAPCompassHeading } = parse({ ...LEAST, headingDeg });

    expect(MAPCompassHeading).toEqual({ MagneticHeading: expected, TrueHeading: expected });
  });

  it("tells the time in UTC and the heading as the rules for the photo have them", async () => {
    const spec: PhotoSpec = { takenAt: "2024:05:01 10:00:00", headingDeg: 350 };
    const rules = { timeZone: "America/New_York", headingOffsetDeg: 20 };

    const verdict = await judgeMade(spec, rules);

    if (verdict.verdict === "reject") throw new Error("the photo was rejected");
    expect(parse(verdict.facts)).toMatchObject({
      MAPCaptureTime: "2024_05_01_14_00_00_000",
      MAPCompassHeading: { MagneticHeading: 10, TrueHeading: 10 },
    });
  });

  it("is printable ASCII, sorted, compact, short enough to be written, and says what the facts say", () => {
    fc.assert(
      fc.property(anyFacts, fc.string({ unit: "binary", maxLength: 341 }), (facts, filename) => {
        const text = imageDescription(facts, { filename });

        expect(text).toMatch(/^[\x20-\x7e]+$/);
        expect(text.length).toBeLessThanOrEqual(MAX_DESCRIPTION_BYTES);
        const parsed = JSON.parse(text) as Record<string, unknown>;
        const keys = Object.keys(parsed);
        expect(keys).toEqual(keys.toSorted());
        expect(text.replace(/"(?:[^"\\]|\\.)*"/g, "")).not.toContain(" ");
        expect(parsed.MAPDeviceMake).toBe(facts.make);
        expect(parsed.MAPDeviceModel).toBe(facts.model);
        expect(parsed.MAPLatitude).toBeCloseTo(facts.latitudeDeg, 7);
        expect(parsed.MAPLongitude).toBeCloseTo(facts.longitudeDeg, 7);
        expect(imageDescription(structuredClone(facts), { filename })).toBe(text);
      }),
    );
  });

  it("of the longest names there can be is short enough to be written", () => {
    const longest = "\u{10ffff}".repeat(MAX_NAME_CHARACTERS);
    const cameraSerial = `${"A".repeat(128)}_${"B".repeat(128)}`;
    const facts = { ...LEAST, make: longest, model: longest, cameraSerial };

    // The longest object key has 1,024 bytes; control characters grow most.
    const text = imageDescription(facts, { filename: "\u0001".repeat(1_024) });

    expect(text.length).toBeGreaterThan(6_144);
    expect(text.length).toBeLessThanOrEqual(MAX_DESCRIPTION_BYTES);
  });
});
