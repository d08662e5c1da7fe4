/** Where a description goes when its block is full. */
import ExifReader from "exifreader";
import { describe, expect, it } from "vitest";
import { IMAGE_TAGS, PHOTO_TAGS, TIFF_TYPES, WANTED_TAGS } from "../../../lib/photo/exif-tags.ts";
import { createJpegWalk } from "../../../lib/photo/jpeg.ts";
import { makePhoto } from "../../../sandbox/photo-maker.ts";
import { exifSegment, jfifSegment, splitExifSegments } from "../../../sandbox/photo-maker-jpeg.ts";
import { ascii, long, short, type TiffEntry } from "../../../sandbox/photo-maker-tiff.ts";
import {
  describePhoto,
  IMAGE_DESCRIPTION,
  MAKER_NOTE,
  MAX_BLOCK_BYTES,
  makeRichPhoto,
  makeRichTiff,
  type RichSpec,
  TEXT,
} from "./describe-photos.ts";
import { judge } from "./inspected.ts";

/** A new first directory of the photos below: six entries, a count, an offset, and the text with its NUL. */
const NEEDED_BYTES = 2 + 7 * 12 + 4 + TEXT.length + 1;

/** A photo whose block has `blockBytes` by a tail of `value`. */
function withTail(spec: RichSpec, blockBytes: number, value: number): Uint8Array {
  const bytes = blockBytes - makeRichTiff(spec).length;
  return makeRichPhoto({ ...spec, tail: { bytes, value } });
}

/** The segments of a photo's EXIF, one block each. */
function blocksOf(photo: Uint8Array) {
  const walk = createJpegWalk();
  walk.push(photo);
  return walk.outline().exif.blocks;
}

const bytesTag = (tag: number, value: Uint8Array): TiffEntry => ({ tag, type: TIFF_TYPES.Undefined, value });

describe("the end of the block", () => {
  // The description begins at an even offset, so of two lengths of the block the odd one takes a byte more.
  const most = MAX_BLOCK_BYTES - NEEDED_BYTES - ((MAX_BLOCK_BYTES - NEEDED_BYTES) % 2);
  it.each([
    [most - 1, "end"],
    [most, "end"],
    [most + 1, "front"],
  ])("takes a description into 65,527 bytes, behind %s: %s", (blockBytes, place) => {
    expect(describePhoto(withTail({}, blockBytes, 0x5a)).place).toBe(place);
  });
});

describe("padding", () => {
  it.each([
    [NEEDED_BYTES, "front"],
    [NEEDED_BYTES + 1, "padding"],
    [20_000, "padding"],
  ])("of %s bytes at the end of a full block: %s", (zeros, place) => {
    const photo = Buffer.from(withTail({}, MAX_BLOCK_BYTES, 0x5a));
    const { segmentAt, bytes } = blocksOf(photo)[0] ?? { segmentAt: 0, bytes: Buffer.alloc(0) };
    const end = segmentAt + 10 + bytes.length;
    photo.fill(0, end - zeros, end);

    const described = describePhoto(photo);

    expect(described.place).toBe(place);
    if (place === "padding") expect(described.addedBytes).toBe(0);
  });

  /** An entry whose value begins at byte 40,000. */
  const at40000 = (tag: number, count: number): TiffEntry => {
    return { tag, type: TIFF_TYPES.Undefined, value: "", count, offset: 40_000 };
  };
  const toTheEnd = MAX_BLOCK_BYTES - 40_000;
  it.each<[string, RichSpec]>([
    ["a maker note", { entries: { Photo: [at40000(MAKER_NOTE, toTheEnd)] } }],
    ["a text", { entries: { GPSInfo: [at40000(0x001b, toTheEnd)] } }],
    ["the interoperability directory", { entries: { Photo: [long(0xa005, 8_000)] } }],
    ["strips of a picture", { entries: { Image: [long(0x0111, 40_000), long(0x0117, 25_000)] } }],
    ["directories of other pictures", { entries: { Image: [long(0x014a, 40_000)] } }],
    ["a thumbnail", { entries: { Image: [long(0x0201, 40_000), long(0x0202, toTheEnd)] } }],
    ["something damaged", { entries: { Image: [{ tag: 0x0131, type: 0, value: "abcd" }] } }],
    ["something beyond the block", { entries: { Image: [{ ...ascii(0x0131, "abcdef"), offset: 65_526 }] } }],
    ["a directory beyond the block", { entries: { Image: [long(0x8769, 65_527)] } }],
  ])("is none when it may belong to %s", (_what, spec) => {
    const photo = withTail(spec, MAX_BLOCK_BYTES, 0);

    expect(describePhoto(photo).place).toBe("front");
  });

  it("is none when it may belong to the thumbnail of the directory behind the first", () => {
    const thumbnailed = makeRichTiff({ hasThumbnail: true });
    const lengthAt =
      thumbnailed.length - makePhoto({ segments: () => [], widthPx: 8, heightPx: 8 }).length - 8;
    const tiff = Buffer.concat([thumbnailed, Buffer.alloc(MAX_BLOCK_BYTES - thumbnailed.length)]);
    const placeOf = (thumbnailBytes: number) => {
      tiff.writeUInt32LE(thumbnailBytes, lengthAt);
      return describePhoto(makePhoto({ segments: () => [exifSegment(tiff)] })).place;
    };

    expect(placeOf(60_000)).toBe("padding");
    expect(placeOf(MAX_BLOCK_BYTES - lengthAt - 8)).toBe("front");
  });

  it("is what lies behind all of these", () => {
    const entries = {
      Image: [long(0x0201, 40_000), long(0x0202, toTheEnd - 1_000)],
      Photo: [at40000(MAKER_NOTE, toTheEnd - 1_000)],
      GPSInfo: [at40000(0x001b, toTheEnd - 1_000)],
    };

    expect(describePhoto(withTail({ entries }, MAX_BLOCK_BYTES, 0)).place).toBe("padding");
  });
});

describe("a block in front", () => {
  const full = { makerNoteBytes: 65_100, headingDeg: 12 };

  it("stands before the photo's own, which is as it was, and is the one that counts", async () => {
    const photo = makeRichPhoto({ ...full, hasXmpBefore: true });
    const before = await judge(photo);

    const { bytes, addedBytes } = describePhoto(photo);

    const [front, own] = blocksOf(bytes);
    const at = blocksOf(photo)[0]?.segmentAt ?? 0;
    expect(front?.segmentAt).toBe(at);
    expect(own?.segmentAt).toBe(at + addedBytes);
    expect(Buffer.compare(bytes.subarray(at + addedBytes), photo.subarray(at))).toBe(0);
    expect(await judge(bytes)).toEqual(before);
  });

  it("stands before all blocks when the first cannot be read", () => {
    const broken = exifSegment(Buffer.from("II*\0 no offset"));
    const photo = makePhoto({ segments: (tiff) => [jfifSegment(), broken, exifSegment(tiff)] });

    const { bytes, place } = describePhoto(photo);

    expect(place).toBe("front");
    expect(blocksOf(bytes)).toHaveLength(3);
    expect(blocksOf(bytes)[0]?.segmentAt).toBe(2 + jfifSegment().length);
  });

  it("keeps the segments of a block that goes on next to each other", () => {
    const tiff = makeRichTiff({ makerNoteBytes: 100_000 });
    const photo = makePhoto({ segments: () => splitExifSegments(tiff, 65_000) });

    const blocks = blocksOf(describePhoto(photo).bytes);

    expect(blocks.map(({ segmentCount }) => segmentCount)).toEqual([1, 2]);
    expect(Buffer.compare(blocks[1]?.bytes ?? Buffer.alloc(0), tiff)).toBe(0);
  });

  it("has room for every photo: long values in each directory, all we read among them, and the longest text", async () => {
    const ours = [...new Set(Object.values(WANTED_TAGS).flat())];
    const others = Array.from({ length: 400 }, (_, nth) => 0xc000 + nth);
    const many = [...others, ...ours]
      .filter((tag) => tag !== IMAGE_TAGS.ExifTag && tag !== IMAGE_TAGS.GPSTag)
      .map((tag) => bytesTag(tag, Buffer.alloc(128, 1)));
    const tiff = makeRichTiff({ entries: { Image: many, Photo: many, GPSInfo: many } });
    const photo = makePhoto({ segments: () => splitExifSegments(tiff, 65_000) });

    const { bytes, place } = describePhoto(photo, "d".repeat(9_000));

    expect(place).toBe("front");
    expect(blocksOf(bytes)[0]?.bytes.length).toBeGreaterThan(45_000);
    expect(await judge(bytes)).toEqual(await judge(photo));
  });

  it("has each value at an even offset, as TIFF wants it", () => {
    const entries = { Image: [ascii(0x013b, "four"), ascii(0x8298, "sixsix"), ascii(0x0131, "eighteig")] };
    const photo = makeRichPhoto({ ...full, entries });

    const front = Buffer.from(blocksOf(describePhoto(photo, `${TEXT} `).bytes)[0]?.bytes ?? []);

    const count = front.readUInt16LE(8);
    const texts = Array.from({ length: count }, (_, nth) => 10 + nth * 12).filter((at) => {
      return front.readUInt16LE(at + 2) === TIFF_TYPES.Ascii && front.readUInt32LE(at + 4) > 4;
    });
    expect(texts.length).toBeGreaterThanOrEqual(5);
    expect(texts.map((at) => front.readUInt32LE(at + 8) % 2)).toEqual(texts.map(() => 0));
  });

  it("cuts long texts, and what we read ourselves, as far as we read them", async () => {
    const entries = {
      Image: [ascii(IMAGE_TAGS.Make, "m".repeat(400)), ascii(0x013b, "a".repeat(400))],
      Photo: [
        bytesTag(PHOTO_TAGS.DateTimeOriginal, Buffer.from("2024:05:01 10:00:00".padEnd(300, "\0"))),
        bytesTag(MAKER_NOTE, Buffer.alloc(64_000, 1)),
      ],
    };
    const photo = makeRichPhoto({ entries });

    const { bytes, place } = describePhoto(photo);

    expect(place).toBe("front");
    const front = blocksOf(bytes)[0]?.bytes ?? Buffer.alloc(0);
    expect(front.length).toBeLessThan(900);
    expect(await judge(bytes)).toEqual(await judge(photo));
    expect(ExifReader.load(Buffer.from(front)).Artist?.description).toBe("a".repeat(128));
  });

  it("leaves out what is too long and no text, and what points elsewhere", () => {
    const photo = makeRichPhoto({
      ...full,
      entries: {
        Image: [
          short(0x0100, 4),
          ascii(0x013b, "a".repeat(127)),
          bytesTag(0x8298, Buffer.alloc(129)),
          long(0x0111, 9),
        ],
        Photo: [
          short(0xa001, 1),
          long(IMAGE_TAGS.GPSTag, 9),
          bytesTag(MAKER_NOTE, Buffer.alloc(64)),
          bytesTag(0x9286, Buffer.alloc(64_800)),
        ],
      },
    });

    const front = Buffer.from(blocksOf(describePhoto(photo).bytes)[0]?.bytes ?? []);

    const tagsAt = (at: number) =>
      Array.from({ length: front.readUInt16LE(at) }, (_, nth) => front.readUInt16LE(at + 2 + nth * 12));
    expect(tagsAt(8)).toEqual([0x0100, IMAGE_DESCRIPTION, 0x010f, 0x0110, 0x0112, 0x013b, 0x8769, 0x8825]);
    const photoAt = front.readUInt32LE(8 + 2 + 6 * 12 + 8);
    expect(tagsAt(photoAt)).toEqual([0x9003, 0x9011, 0x9291, 0xa001]);
  });
});
