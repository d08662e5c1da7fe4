import { describe, expect, it } from "vitest";
import { IMAGE_TAGS, PHOTO_TAGS, TIFF_TYPES } from "../../../lib/photo/exif-tags.ts";
import { makePhoto, makePhotoTiff } from "../../../sandbox/photo-maker.ts";
import { exifSegment } from "../../../sandbox/photo-maker-jpeg.ts";
import { ascii, byte, long } from "../../../sandbox/photo-maker-tiff.ts";
import { codesOf, FIVE_MISSING, judge, judgeMade, messageOf } from "./inspected.ts";
import { findDirectory, findEntry, IMAGE_AT, patchTiff } from "./patched.ts";

const judgeBlock = (tiff: Uint8Array) => judge(makePhoto({ segments: () => [exifSegment(tiff)] }));

describe("damage", () => {
  it("passes an entry of a type that does not exist, with a warning that names it", async () => {
    const verdict = await judgeMade({ entries: { Image: [{ tag: 1, type: 0, value: "oops" }] } });

    expect(verdict.verdict).toBe("accept");
    expect(verdict.warnings).toEqual([
      { code: "exif-damaged", message: expect.stringContaining("tag 0x0001 in Image has type 0") },
    ]);
  });

  it("passes an entry elsewhere that claims more bytes than there are", async () => {
    const verdict = await judgeMade({
      entries: { Image: [{ tag: 0x8827, type: TIFF_TYPES.Double, value: [], count: 0xffffffff, offset: 8 }] },
    });

    expect(verdict.verdict).toBe("accept");
    expect(verdict.warnings[0]?.message).toContain("claims 34359738360 bytes");
  });

  it("counts the flaws it does not tell", async () => {
    const bad = { tag: 1, type: 99, value: "oops" };

    const verdict = await judgeMade({ entries: { Image: [bad, bad, bad] } });

    expect(verdict.warnings).toHaveLength(1);
    expect(verdict.warnings[0]?.message).toContain("the first of 3 flaws");
  });

  it("counts the first of a tag that is given twice", async () => {
    const twice = [
      ascii(PHOTO_TAGS.DateTimeOriginal, "2020:02:02 02:02:02"),
      ascii(PHOTO_TAGS.DateTimeOriginal, "?"),
    ];

    const verdict = await judgeMade({ entries: { Photo: twice } });

    expect(verdict.facts.capturedAt).toBe("2020-02-02T02:02:02.000Z");
  });

  it("counts the first sound one when the first is damaged", async () => {
    const damaged = {
      tag: IMAGE_TAGS.Make,
      type: TIFF_TYPES.Ascii,
      value: "",
      count: 99,
      offset: 0x00ffffff,
    };

    const verdict = await judgeMade({ entries: { Image: [damaged, ascii(IMAGE_TAGS.Make, "Sound")] } });

    expect(verdict.facts.make).toBe("Sound");
  });

  it.each([
    ["Image", (view: DataView) => view.setUint16(IMAGE_AT, 0xffff, true), FIVE_MISSING],
    ["Image", (view: DataView) => view.setUint32(4, 0xfffffff0, true), FIVE_MISSING],
    ["Image", (view: DataView) => view.setUint32(4, 0, true), FIVE_MISSING],
    [
      "GPSInfo",
      (view: DataView) => view.setUint16(findDirectory(view, IMAGE_TAGS.GPSTag), 5_000, true),
      FIVE_MISSING.slice(0, 4),
    ],
    [
      "Photo",
      (view: DataView) => view.setUint16(findDirectory(view, IMAGE_TAGS.ExifTag), 5_000, true),
      ["date-missing"],
    ],
  ])("cannot read a block whose %s directory does not fit", async (directory, patch, missing) => {
    const verdict = await judgeBlock(patchTiff(patch));

    expect(codesOf(verdict)).toEqual(["exif-unreadable", ...missing]);
    expect(messageOf(verdict, "exif-unreadable")).toContain(`its ${directory} directory`);
  });

  it("passes an unreadable Exif directory when another directory has a date", async () => {
    const tiff = makePhotoTiff({ entries: { Image: [ascii(IMAGE_TAGS.DateTime, "2024:05:01 12:00:00")] } });
    const view = new DataView(tiff.buffer);
    view.setUint16(findDirectory(view, IMAGE_TAGS.ExifTag), 5_000, true);

    const verdict = await judgeBlock(tiff);

    expect(verdict).toMatchObject({ verdict: "accept", warnings: [{ code: "exif-damaged" }] });
  });

  it("cannot read a block that ends inside its header", async () => {
    expect(codesOf(await judgeBlock(Buffer.from("II*\0\x08\0", "latin1")))).toContain("exif-unreadable");
  });

  it("cannot read a block that the file ends in the middle of", async () => {
    const photo = makePhoto({ segments: (tiff) => [exifSegment(tiff)] });

    const verdict = await judge(photo.subarray(0, 100));

    expect(codesOf(verdict)).toEqual(["no-picture", "exif-unreadable", ...FIVE_MISSING]);
    expect(messageOf(verdict, "exif-unreadable")).toContain("the file ends after 88 of its ");
  });
});

describe("directory pointers", () => {
  it("does not follow one that is text, as Photoshop once wrote it", async () => {
    const tiff = patchTiff((view) =>
      view.setUint16(findEntry(view, IMAGE_AT, IMAGE_TAGS.ExifTag) + 2, 2, true),
    );

    const verdict = await judgeBlock(tiff);

    expect(codesOf(verdict)).toEqual(["date-missing"]);
    expect(verdict.warnings[0]?.message).toContain("pointer 0x8769 is 1 × ASCII");
  });

  it.each([TIFF_TYPES.SLong, TIFF_TYPES.Ifd])("follows one of type %i", async (type) => {
    const tiff = patchTiff((view) =>
      view.setUint16(findEntry(view, IMAGE_AT, IMAGE_TAGS.GPSTag) + 2, type, true),
    );

    expect((await judgeBlock(tiff)).verdict).toBe("accept");
  });

  it("visits each directory once, wherever the pointers lead", async () => {
    const tiff = patchTiff((view) => {
      view.setUint32(findEntry(view, IMAGE_AT, IMAGE_TAGS.ExifTag) + 8, IMAGE_AT, true);
      view.setUint32(findEntry(view, IMAGE_AT, IMAGE_TAGS.GPSTag) + 8, IMAGE_AT, true);
    });

    expect(codesOf(await judgeBlock(tiff))).toEqual(FIVE_MISSING);
  });

  it("does not look into the thumbnail's directory", async () => {
    const inThumbnail = makePhotoTiff({
      entries: { Image: [byte(0x0103, 6), long(0x0201, 8)] },
      takenAt: null,
    });
    const view = new DataView(inThumbnail.buffer);
    view.setUint32(IMAGE_AT + 2 + view.getUint16(IMAGE_AT, true) * 12, IMAGE_AT, true);

    expect(codesOf(await judgeBlock(inThumbnail))).toEqual(["date-missing"]);
  });
});
