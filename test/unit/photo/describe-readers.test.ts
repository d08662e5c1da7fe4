/** Readers that are not ours find every tag as it was, and the description. */

import exifr from "exifr";
import ExifReader from "exifreader";
import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { makePhoto } from "../../../sandbox/photo-maker.ts";
import { exifSegment, splitExifSegments } from "../../../sandbox/photo-maker-jpeg.ts";
import {
  anyRichSpec,
  describePhoto,
  MAX_BLOCK_BYTES,
  makeRichPhoto,
  makeRichTiff,
  type RichSpec,
  TEXT,
} from "./describe-photos.ts";

/** One object for all calls: exifr keeps each it is given. */
const EVERYTHING = {
  tiff: true,
  ifd0: {},
  ifd1: true,
  exif: true,
  gps: true,
  interop: true,
  makerNote: true,
  userComment: true,
  xmp: true,
  jfif: true,
  mergeOutput: false,
  translateValues: false,
  reviveValues: false,
};

type Tags = Record<string, unknown>;

/** exifr reads the first Exif segment of a photo only, as most readers do. */
async function readWithExifr(photo: Uint8Array): Promise<{ description: unknown; tags: Tags }> {
  const { ifd0, ...others } = (await exifr.parse(Buffer.from(photo), EVERYTHING)) as { ifd0: Tags };
  const { ImageDescription, ...tags } = ifd0;
  return { description: ImageDescription, tags: { ifd0: tags, ...others } };
}

/** ExifReader looks at all of them and picks one. */
function readWithExifReader(photo: Uint8Array): { description: unknown; tags: Tags } {
  const { ImageDescription, ...tags } = ExifReader.load(Buffer.from(photo), { includeUnknown: true });
  return { description: ImageDescription?.description, tags };
}

const fits = (spec: RichSpec) => makeRichTiff(spec).length <= MAX_BLOCK_BYTES;

describe("other readers", () => {
  it("find every tag as it was, and the description, where it went into the photo's own block", async () => {
    let described = 0;
    await fc.assert(
      fc.asyncProperty(anyRichSpec.filter(fits), async (spec) => {
        const photo = makeRichPhoto(spec);
        const { bytes, place } = describePhoto(photo);
        if (place === "front") return;
        described += 1;

        const byExifr = await readWithExifr(bytes);
        const byExifReader = readWithExifReader(bytes);

        expect(byExifr).toEqual({ ...(await readWithExifr(photo)), description: TEXT });
        expect(byExifReader).toEqual({ ...readWithExifReader(photo), description: TEXT });
      }),
      { numRuns: 100 },
    );
    expect(described).toBeGreaterThan(50);
  });

  it.each<[string, Uint8Array]>([
    ["is full", makeRichPhoto({ makerNoteBytes: 64_900, hasThumbnail: true, headingDeg: 12 })],
    ["is full, big-endian", makeRichPhoto({ makerNoteBytes: 65_100, byteOrder: "MM", headingDeg: 12 })],
    [
      "goes on in a second segment",
      makePhoto({ segments: () => splitExifSegments(makeRichTiff({ makerNoteBytes: 40_000 }), 40_100) }),
    ],
  ])("find them in a block before that of the photo, where that %s", async (_what, photo) => {
    const before = await readWithExifr(photo);

    const { bytes, place } = describePhoto(photo);

    expect(place).toBe("front");
    const { description, tags } = await readWithExifr(bytes);
    expect(description).toBe(TEXT);
    // The maker note and the thumbnail stay where they are, which is too far for this reader.
    const { ifd1: _thumbnail, makerNote: _makerNote, ...expected } = before.tags;
    const { makerNote: _none, ...found } = tags;
    expect(found).toMatchObject(expected);
    const warned = vi.spyOn(console, "warn").mockReturnValue();
    const byExifReader = readWithExifReader(bytes);
    expect(warned).toHaveBeenCalledWith(expect.stringContaining("Exif segments"));
    warned.mockRestore();
    expect(byExifReader.description).toBe(TEXT);
    expect(byExifReader.tags).toMatchObject({
      Make: { description: "Acme" },
      GPSLatitudeRef: { value: ["N"] },
    });
  });

  it("find the description in front of a block that cannot be read", async () => {
    const photo = makePhoto({
      segments: (tiff) => [exifSegment(Buffer.from("II*\0 no offset")), exifSegment(tiff)],
    });

    const { bytes, place } = describePhoto(photo);

    expect(place).toBe("front");
    const { description, tags } = await readWithExifr(bytes);
    expect(description).toBe(TEXT);
    expect(tags.ifd0).toMatchObject({ Make: "Acme", Model: "Roadrunner 1" });
  });
});
