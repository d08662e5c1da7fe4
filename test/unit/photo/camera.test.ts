import { describe, expect, it } from "vitest";
import { MAX_NAME_CHARACTERS } from "../../../lib/photo/camera.ts";
import { IMAGE_TAGS, PHOTO_TAGS, TIFF_TYPES } from "../../../lib/photo/exif-tags.ts";
import type { PhotoFacts } from "../../../lib/photo/photo.ts";
import type { TiffDirectories } from "../../../sandbox/photo-maker-tiff.ts";
import { ascii, long, short } from "../../../sandbox/photo-maker-tiff.ts";
import { judgeMade } from "./inspected.ts";

async function factsOf(entries: TiffDirectories): Promise<PhotoFacts> {
  const { facts } = await judgeMade({ entries });
  return facts;
}

const make = (value: string | Uint8Array) => ({
  Image: [{ tag: IMAGE_TAGS.Make, type: TIFF_TYPES.Ascii, value }],
});

describe("maker and model", () => {
  it.each([
    ["trimmed", "  Acme  \0", "Acme"],
    ["ended by NUL", "Acme\0rest", "Acme"],
    ["without control characters", "Ac\x1b[31mme\r\n", "Ac[31mme"],
    ["of digits", "456\0", "456"],
    ["in UTF-8", Buffer.from("Škoda é\0"), "Škoda é"],
    ["in Latin-1", Buffer.from("Caf\xe9\0", "latin1"), "Café"],
    ["without marks that turn the reading direction", Buffer.from("a\u202eb\u200bc\u2028d"), "abcd"],
  ])("is kept %s", async (_what, value, expected) => {
    expect((await factsOf(make(value))).make).toBe(expected);
  });

  it("is capped, without cutting a character in two", async () => {
    const ascii = await factsOf(make("x".repeat(500)));
    const wide = await factsOf(make(Buffer.from(`x${"😀".repeat(100)}`)));

    expect(ascii.make).toHaveLength(MAX_NAME_CHARACTERS);
    expect(wide.make).toMatch(/^x😀+$/u);
  });

  it.each(["", "   ", "\0Acme", "\x01\x02"])("is absent when there is nothing to see: %j", async (value) => {
    expect(await factsOf(make(value))).not.toHaveProperty("make");
  });

  it("is absent when it is a number", async () => {
    expect(await factsOf({ Image: [long(IMAGE_TAGS.Model, 7)] })).not.toHaveProperty("model");
  });
});

describe("the serial", () => {
  const body = (text: string) => ascii(PHOTO_TAGS.BodySerialNumber, text);
  const lens = (text: string) => ascii(PHOTO_TAGS.LensSerialNumber, text);

  it.each([
    ["both, joined", [body("AB-12 3"), lens("é9/x")], "AB123_9x"],
    ["the body's alone", [body("1000f46")], "1000f46"],
    ["the lens's alone", [body("---"), lens("77")], "77"],
  ])("is %s, alphanumerics only", async (_what, Photo, expected) => {
    expect((await factsOf({ Photo })).cameraSerial).toBe(expected);
  });

  it("is absent when nothing alphanumeric is left", async () => {
    expect(await factsOf({ Photo: [body("-"), lens("")] })).not.toHaveProperty("cameraSerial");
  });
});

describe("the orientation", () => {
  it.each([1, 6, 8])("is kept from 1 to 8: %i", async (orientation) => {
    const facts = await factsOf({ Image: [short(IMAGE_TAGS.Orientation, orientation)] });

    expect(facts.orientation).toBe(orientation);
  });

  it.each([0, 9, 65_535])("is absent beyond: %i", async (orientation) => {
    const facts = await factsOf({ Image: [short(IMAGE_TAGS.Orientation, orientation)] });

    expect(facts).not.toHaveProperty("orientation");
  });
});

describe("the size", () => {
  it("is that of the frame header", async () => {
    const { facts } = await judgeMade({ widthPx: 133, heightPx: 97 });

    expect(facts).toMatchObject({ widthPx: 133, heightPx: 97 });
  });
});
