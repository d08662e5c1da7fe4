/** Photos with everything a rewrite could harm: maker notes, thumbnails, pictures behind the picture. */
import fc from "fast-check";
import { describeHead } from "../../../lib/photo/describe-head.ts";
import { IMAGE_TAGS, TIFF_TYPES } from "../../../lib/photo/exif-tags.ts";
import type { PhotoSpec } from "../../../sandbox/photo-maker.ts";
import { makePhoto, makePhotoTiff } from "../../../sandbox/photo-maker.ts";
import {
  exifSegment,
  jfifSegment,
  paddingSegments,
  segment,
  xmpSegment,
} from "../../../sandbox/photo-maker-jpeg.ts";
import type { ByteOrder, TiffEntry } from "../../../sandbox/photo-maker-tiff.ts";
import { ascii, long, makeTiff, rational } from "../../../sandbox/photo-maker-tiff.ts";
import { findDirectory, findEntry, IMAGE_AT } from "./patched.ts";

export const IMAGE_DESCRIPTION = 0x010e;
export const MAKER_NOTE = 0x927c;
const SOFTWARE = 0x0131;
const EXPOSURE_TIME = 0x829a;
const USER_COMMENT = 0x9286;
const FOCAL_LENGTH = 0x920a;
const THUMBNAIL_AT = 0x0201;
const THUMBNAIL_BYTES = 0x0202;
/** Most bytes of a TIFF block in one segment. */
export const MAX_BLOCK_BYTES = 65_527;

/** What a photo has besides what every photo of the photo maker has. */
export interface RichSpec extends PhotoSpec {
  readonly description?: TiffEntry;
  /** Bytes of a user comment. */
  readonly commentBytes?: number;
  /** Whether there is a thumbnail, and a second directory for it. */
  readonly hasThumbnail?: boolean;
  /** Bytes of a maker note without meaning. */
  readonly makerNoteBytes?: number;
  /** Bytes behind all that, of this value. */
  readonly tail?: { readonly bytes: number; readonly value: number };
  readonly hasXmpBefore?: boolean;
  readonly hasXmpAfter?: boolean;
  /** Behind the picture's end. */
  readonly trailer?: Uint8Array;
}

/** A TIFF block that ends in a second directory with a thumbnail, and then in the tail. */
export function makeRichTiff(spec: RichSpec): Uint8Array {
  const tiff = makePhotoTiff({
    ...spec,
    entries: {
      Image: [...(spec.description ? [spec.description] : []), ascii(SOFTWARE, "Firmware 1.2.3")],
      Photo: [
        rational(EXPOSURE_TIME, 1, 250),
        rational(FOCAL_LENGTH, 350, 100),
        ...(spec.makerNoteBytes === undefined ? [] : [noise(MAKER_NOTE, spec.makerNoteBytes)]),
        ...(spec.commentBytes === undefined ? [] : [noise(USER_COMMENT, spec.commentBytes)]),
      ],
      ...spec.entries,
    },
  });
  const tail = Buffer.alloc(spec.tail?.bytes ?? 0, spec.tail?.value ?? 0);
  return Buffer.concat([spec.hasThumbnail ? withThumbnail(tiff, spec.byteOrder ?? "II") : tiff, tail]);
}

function noise(tag: number, bytes: number): TiffEntry {
  return { tag, type: TIFF_TYPES.Undefined, value: Buffer.alloc(bytes, "noise ") };
}

function withThumbnail(tiff: Uint8Array, byteOrder: ByteOrder): Uint8Array {
  const littleEndian = byteOrder === "II";
  const thumbnail = makePhoto({ segments: () => [], widthPx: 8, heightPx: 8 });
  const directoryAt = tiff.length + (tiff.length % 2);
  const directory = makeTiff(
    {
      Image: [long(THUMBNAIL_AT, directoryAt + 2 + 2 * 12 + 4), long(THUMBNAIL_BYTES, thumbnail.length)],
    },
    byteOrder,
  ).subarray(IMAGE_AT);
  const block = Buffer.concat([tiff, Buffer.alloc(tiff.length % 2), directory, thumbnail]);
  const view = new DataView(block.buffer, block.byteOffset, block.byteLength);
  view.setUint32(IMAGE_AT + 2 + view.getUint16(IMAGE_AT, littleEndian) * 12, directoryAt, littleEndian);
  return block;
}

/** A photo of that block. */
export function makeRichPhoto(spec: RichSpec): Uint8Array {
  const photo = makePhoto({
    ...spec,
    segments: () => [
      jfifSegment(),
      ...(spec.hasXmpBefore ? [xmpSegment("<x:xmpmeta>before</x:xmpmeta>")] : []),
      exifSegment(makeRichTiff(spec)),
      ...(spec.hasXmpAfter ? [xmpSegment("<x:xmpmeta>after</x:xmpmeta>"), ...paddingSegments(70_000)] : []),
    ],
  });
  return Buffer.concat([photo, spec.trailer ?? Buffer.alloc(0)]);
}

const anyText = fc.stringMatching(/^[A-Za-z][A-Za-z0-9 .-]{0,40}[A-Za-z]$/);
const anyDescription: fc.Arbitrary<TiffEntry> = fc.oneof(
  anyText.map((text) => ascii(IMAGE_DESCRIPTION, text)),
  fc.constant(ascii(IMAGE_DESCRIPTION, "")),
  fc.constant(ascii(IMAGE_DESCRIPTION, " ".repeat(600))),
  fc.constant({ tag: IMAGE_DESCRIPTION, type: TIFF_TYPES.Long, value: [1, 2, 3] }),
  fc.constant({ tag: IMAGE_DESCRIPTION, type: TIFF_TYPES.Short, value: [7] }),
);

/** Photos in every form, with blocks from small to full to the last byte. */
export const anyRichSpec: fc.Arbitrary<RichSpec> = fc.record(
  {
    latitudeDeg: fc.double({ min: 1, max: 90, noNaN: true }),
    longitudeDeg: fc.double({ min: -180, max: 180, noNaN: true }),
    headingDeg: fc.double({ min: 0, max: 359.99, noNaN: true }),
    takenAt: fc.date({ min: new Date("1990-01-01"), max: new Date("2059-12-31"), noInvalidDate: true }),
    make: anyText,
    byteOrder: fc.constantFrom("II" as const, "MM" as const),
    description: anyDescription,
    commentBytes: fc.oneof(fc.integer({ min: 0, max: 300 }), fc.integer({ min: 60_000, max: 64_000 })),
    makerNoteBytes: fc.integer({ min: 5, max: 300 }),
    hasThumbnail: fc.boolean(),
    tail: fc.record({ bytes: fc.integer({ min: 0, max: 700 }), value: fc.constantFrom(0, 0x5a) }),
    hasXmpBefore: fc.boolean(),
    hasXmpAfter: fc.boolean(),
    trailer: fc.uint8Array({ maxLength: 50 }),
  },
  { requiredKeys: [] },
);

/** A text as the relay writes it. */
export const TEXT =
  '{"MAPCaptureTime":"2024_05_01_10_00_00_000","MAPLatitude":52.0907,"MAPLongitude":5.1214,"MAPOrientation":1}';

/** The photo with its description, whole; its head is `headBytes` of it, in one chunk. */
export function describePhoto(photo: Uint8Array, text: string = TEXT, headBytes: number = photo.length) {
  const described = describeHead([photo.subarray(0, headBytes)], photo.length, text);
  if (described.kind === "problem") throw new Error(described.problem);
  return { ...described, bytes: Buffer.concat([...described.head, photo.subarray(headBytes)]) };
}

/**
 * A Canon maker note: a directory whose values stand behind it, at offsets that count from the beginning of the
 * photo's TIFF block. Little-endian, as Canon writes.
 */
export function makeCanonPhoto(owner: string): Uint8Array {
  const OWNER_NAME = 0x0009;
  const note = makeTiff({ Image: [ascii(OWNER_NAME, owner)] }).subarray(IMAGE_AT);
  const tiff = makePhotoTiff({
    make: "Canon",
    model: "Canon EOS 40D",
    entries: { Photo: [{ tag: MAKER_NOTE, type: TIFF_TYPES.Undefined, value: note }] },
  });
  const view = new DataView(tiff.buffer, tiff.byteOffset, tiff.byteLength);
  const entryAt = findEntry(view, findDirectory(view, IMAGE_TAGS.ExifTag), MAKER_NOTE);
  const noteAt = view.getUint32(entryAt + 8, true);
  view.setUint32(findEntry(view, noteAt, OWNER_NAME) + 8, noteAt + 2 + 12 + 4, true);
  return makePhoto({ segments: () => [jfifSegment(), exifSegment(tiff)] });
}

/**
 * A photo with a second picture behind its end, which a Multi-Picture segment points to: with an offset that counts
 * from that segment (CIPA DC-007).
 */
export function makeTwoPictures(second: Uint8Array): Uint8Array {
  const first = assembleTwo(0, 0);
  const headerAt = Buffer.from(first).indexOf("MPF\0") + 4;
  return Buffer.concat([assembleTwo(first.length - headerAt, second.length), second]);
}

function assembleTwo(secondAt: number, secondBytes: number): Uint8Array {
  const pictures = Buffer.alloc(2 * 16);
  pictures.writeUInt32LE(secondBytes, 16 + 4);
  pictures.writeUInt32LE(secondAt, 16 + 8);
  const index = makeTiff({
    Image: [
      { tag: 0xb000, type: TIFF_TYPES.Undefined, value: "0100" },
      long(0xb001, 2),
      { tag: 0xb002, type: TIFF_TYPES.Undefined, value: pictures },
    ],
  });
  const multiPicture = segment(0xe2, Buffer.concat([Buffer.from("MPF\0"), index]));
  return makePhoto({ segments: (tiff) => [jfifSegment(), exifSegment(tiff), multiPicture] });
}
