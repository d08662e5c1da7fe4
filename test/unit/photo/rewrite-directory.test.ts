import ExifReader from "exifreader";
import { describe, expect, it } from "vitest";
import { IMAGE_TAGS, TIFF_TYPES } from "../../../lib/photo/exif-tags.ts";
import { makePhoto, makePhotoTiff, type PhotoSpec } from "../../../sandbox/photo-maker.ts";
import { exifSegment } from "../../../sandbox/photo-maker-jpeg.ts";
import { ascii, type ByteOrder, short } from "../../../sandbox/photo-maker-tiff.ts";
import { describePhoto, IMAGE_DESCRIPTION, TEXT } from "./describe-photos.ts";
import { judge } from "./inspected.ts";
import { IMAGE_AT, patchTiff } from "./patched.ts";

const BYTE_ORDERS = ["II", "MM"] as const;
const SOFTWARE = 0x0131;

const photoOf = (tiff: Uint8Array) => makePhoto({ segments: () => [exifSegment(tiff)] });
const withDescription = (...entries: ReturnType<typeof ascii>[]): PhotoSpec => ({
  entries: { Image: entries },
});

/** The first directory of a photo whose first segment is its EXIF. */
function readFirstDirectory(photo: Uint8Array) {
  const tiff = Buffer.from(photo).subarray(12);
  const view = new DataView(tiff.buffer, tiff.byteOffset, tiff.byteLength);
  const littleEndian = tiff[0] === 0x49;
  const at = view.getUint32(4, littleEndian);
  const tags = Array.from({ length: view.getUint16(at, littleEndian) }, (_, nth) =>
    view.getUint16(at + 2 + nth * 12, littleEndian),
  );
  return { at, tags, next: view.getUint32(at + 2 + tags.length * 12, littleEndian) };
}

/** What another reader finds in ImageDescription. */
function readDescription(photo: Uint8Array): unknown {
  return ExifReader.load(Buffer.from(photo)).ImageDescription?.description;
}

async function expectDescribed(photo: Uint8Array, described: Uint8Array): Promise<void> {
  expect(readDescription(described)).toBe(TEXT);
  const { tags } = readFirstDirectory(described);
  expect(tags.filter((tag) => tag === IMAGE_DESCRIPTION)).toHaveLength(1);
  const { facts } = await judge(photo);
  expect((await judge(described)).facts).toEqual(facts);
}

describe.each(BYTE_ORDERS)("an old description, %s", (byteOrder: ByteOrder) => {
  it.each(Object.entries(TIFF_TYPES))("of type %s is replaced", async (_name, type) => {
    const photo = photoOf(
      makePhotoTiff({
        ...withDescription({ tag: IMAGE_DESCRIPTION, type, value: Buffer.alloc(8, 1) }),
        byteOrder,
      }),
    );

    await expectDescribed(photo, describePhoto(photo).bytes);
  });

  it.each([
    ["of a type that does not exist", { type: 0, value: "abcd" }],
    ["with a count beyond the block", { type: TIFF_TYPES.Ascii, value: "abcdefgh", count: 0xffffffff }],
    ["that lies beyond the block", { type: TIFF_TYPES.Ascii, value: "abcdefgh", offset: 0xfffffff0 }],
    ["without a value", { type: TIFF_TYPES.Ascii, value: "" }],
  ])("%s is replaced", async (_what, entry) => {
    const spec = { ...withDescription({ tag: IMAGE_DESCRIPTION, ...entry }), byteOrder };
    const photo = photoOf(makePhotoTiff(spec));

    await expectDescribed(photo, describePhoto(photo).bytes);
  });

  it("that says the same, but not as text, is replaced", async () => {
    const value = Buffer.from(`${TEXT}\0`);
    const undefinedText = { tag: IMAGE_DESCRIPTION, type: TIFF_TYPES.Undefined, value };
    const photo = photoOf(makePhotoTiff({ ...withDescription(undefinedText), byteOrder }));

    const { bytes, place } = describePhoto(photo);

    expect(place).toBe("end");
    await expectDescribed(photo, bytes);
  });

  it("that is given twice is given once", async () => {
    const twice = withDescription(ascii(IMAGE_DESCRIPTION, TEXT), ascii(IMAGE_DESCRIPTION, "other"));
    const photo = photoOf(makePhotoTiff({ ...twice, byteOrder }));

    await expectDescribed(photo, describePhoto(photo).bytes);
  });

  it("is turned to the new text where it stands, and the directory stays where it is", () => {
    const photo = photoOf(makePhotoTiff({ ...withDescription(ascii(IMAGE_DESCRIPTION, "old")), byteOrder }));

    const { bytes } = describePhoto(photo);

    expect(readFirstDirectory(bytes)).toEqual(readFirstDirectory(photo));
  });
});

describe.each(BYTE_ORDERS)("a new first directory, %s", (byteOrder: ByteOrder) => {
  it.each([0, 1])("begins at an even offset behind a block of odd or even length: %s", async (oddBytes) => {
    const tiff = makePhotoTiff({ byteOrder });
    const photo = photoOf(Buffer.concat([tiff, Buffer.alloc((tiff.length + oddBytes) % 2)]));
    const blockBytes = photo.length - photoOf(Buffer.alloc(0)).length;
    expect(blockBytes % 2).toBe(oddBytes);

    const { bytes } = describePhoto(photo);

    expect(readFirstDirectory(bytes).at).toBe(blockBytes + oddBytes);
    await expectDescribed(photo, bytes);
  });

  it("has the description where tags are in order, and other tags as they were", () => {
    const artist = 0x013b;
    const before = 0x0100;
    const entries = { Image: [short(before, 8), ascii(artist, "A"), ascii(SOFTWARE, "B")] };
    const photo = photoOf(makePhotoTiff({ byteOrder, entries }));
    const { tags } = readFirstDirectory(photo);
    expect(tags.slice(0, 2)).toEqual([IMAGE_TAGS.Make, IMAGE_TAGS.Model]);

    const described = describePhoto(photo);

    expect(readFirstDirectory(described.bytes).tags).toEqual([IMAGE_DESCRIPTION, ...tags]);
  });

  it("comes last when every other tag is smaller", () => {
    const photo = photoOf(makePhotoTiff({ byteOrder, without: { Image: Object.values(IMAGE_TAGS) } }));
    const tiff = Buffer.from(photo.subarray(12));
    const view = new DataView(tiff.buffer, tiff.byteOffset, tiff.byteLength);
    // Two pointers are left; as tags of a size they are sorted before the description.
    view.setUint16(IMAGE_AT + 2, 0x0100, byteOrder === "II");
    view.setUint16(IMAGE_AT + 2 + 12, 0x0101, byteOrder === "II");
    const patched = Buffer.concat([photo.subarray(0, 12), tiff]);

    expect(readFirstDirectory(describePhoto(patched).bytes).tags).toEqual([
      0x0100,
      0x0101,
      IMAGE_DESCRIPTION,
    ]);
  });
});

describe("a new first directory", () => {
  it("is found from a block whose own begins at an odd offset", async () => {
    const tiff = patchTiff((view) => view.setUint32(4, 9, true));
    const moved = Buffer.concat([tiff.subarray(0, 8), Buffer.alloc(1), tiff.subarray(8)]);
    const view = new DataView(moved.buffer, moved.byteOffset, moved.byteLength);
    const count = view.getUint16(9, true);
    for (let nth = 0; nth < count; nth++) shiftOffset(view, 9 + 2 + nth * 12);
    const photo = photoOf(moved);

    const { bytes } = describePhoto(photo);

    expect(readFirstDirectory(bytes).at % 2).toBe(0);
    expect(readDescription(bytes)).toBe(TEXT);
    expect(ExifReader.load(Buffer.from(bytes)).Make?.description).toBe("Acme");
  });

  it("is followed by the directory that followed the old one", () => {
    const photo = photoOf(patchTiff((view) => view.setUint32(nextAt(view), 0x30, true)));

    expect(readFirstDirectory(describePhoto(photo).bytes).next).toBe(0x30);
  });

  it("is followed by none where the block ends before it says", () => {
    const tiff = makePhotoTiff({ without: { Image: Object.values(IMAGE_TAGS) } });
    const view = new DataView(tiff.buffer, tiff.byteOffset, tiff.byteLength);
    // A block that is a header, a directory of two pointers, and not a byte more.
    const photo = photoOf(tiff.subarray(0, nextAt(view)));

    expect(readFirstDirectory(describePhoto(photo).bytes).next).toBe(0);
  });

  it("follows itself where the old one did", () => {
    const photo = photoOf(patchTiff((view) => view.setUint32(nextAt(view), IMAGE_AT, true)));

    const { at, next } = readFirstDirectory(describePhoto(photo).bytes);

    expect(at).not.toBe(IMAGE_AT);
    expect(next).toBe(at);
  });

  it("takes damaged entries along as they are", async () => {
    const entries = { Image: [{ tag: SOFTWARE, type: 0, value: "abcd" }, ascii(0x013b, "Artist")] };
    const photo = photoOf(makePhotoTiff({ entries }));

    const { bytes } = describePhoto(photo);

    expect(readFirstDirectory(bytes).tags).toContain(SOFTWARE);
    expect((await judge(bytes)).warnings).toEqual((await judge(photo)).warnings);
    expect((await judge(bytes)).warnings).toHaveLength(1);
  });

  it("is written behind the identifier of a camera that pads with something else than zero", async () => {
    const segment = Buffer.from(exifSegment(makePhotoTiff()));
    segment[9] = 0x20;
    const photo = makePhoto({ segments: () => [segment] });

    const { bytes } = describePhoto(photo);

    expect(bytes[2 + 9]).toBe(0x20);
    expect((await judge(bytes)).verdict).toBe("accept");
    expect(readFirstDirectory(bytes).tags).toContain(IMAGE_DESCRIPTION);
  });
});

function nextAt(view: DataView): number {
  return IMAGE_AT + 2 + view.getUint16(IMAGE_AT, true) * 12;
}

/** Moves what an entry points to by one byte, if it points. */
function shiftOffset(view: DataView, entryAt: number): void {
  const isInline = view.getUint32(entryAt + 4, true) <= 1;
  const isPointer = view.getUint16(entryAt, true) >= IMAGE_TAGS.ExifTag;
  if (!isInline || isPointer) view.setUint32(entryAt + 8, view.getUint32(entryAt + 8, true) + 1, true);
}
