import type { ExifEntry, ReadableBlock } from "./exif-block.ts";
import type { Directory } from "./exif-tags.ts";
import { IMAGE_TAGS, TIFF_TYPE_BYTES, TIFF_TYPES } from "./exif-tags.ts";

const HEADER_BYTES = 8;
const ENTRY_BYTES = 12;
/** The count in front of a directory's entries and the offset of the next directory behind them. */
const DIRECTORY_FRAME_BYTES = 6;
const INLINE_BYTES = 4;

/**
 * The plain type a value travels under. Text goes as bytes, so that nothing trims or decodes it on the way; a fraction
 * goes as its two integers, so that 0/0 and 1/0 arrive as what they are.
 */
const PLAIN_TYPES: ReadonlyMap<number, number> = new Map([
  [TIFF_TYPES.Byte, TIFF_TYPES.Undefined],
  [TIFF_TYPES.Ascii, TIFF_TYPES.Undefined],
  [TIFF_TYPES.SByte, TIFF_TYPES.Undefined],
  [TIFF_TYPES.Rational, TIFF_TYPES.Long],
  [TIFF_TYPES.SRational, TIFF_TYPES.SLong],
  [TIFF_TYPES.Ifd, TIFF_TYPES.Long],
]);

/** An entry to be written into a fresh directory. */
export interface PlainEntry {
  readonly tag: number;
  readonly type: number;
  readonly count: number;
  readonly bytes: Uint8Array;
}

/**
 * Writes the sound, wanted entries of a block into a small fresh one: directories in order, values inside, nothing
 * else. No byte of the original's structure survives, so its reader can be a trusting one.
 */
export function distil({ entries, littleEndian }: ReadableBlock): Uint8Array {
  const photo = plainEntries(entries.Photo);
  const gps = plainEntries(entries.GPSInfo);
  const image = plainEntries(entries.Image);
  const photoAt = HEADER_BYTES + sizeOfDirectory(image) + 2 * ENTRY_BYTES;
  const gpsAt = photoAt + sizeOfDirectory(photo);
  const view = new DataView(new ArrayBuffer(gpsAt + sizeOfDirectory(gps)));
  view.setUint32(0, littleEndian ? 0x49492a00 : 0x4d4d002a);
  view.setUint32(4, HEADER_BYTES, littleEndian);
  const pointers = [
    pointerTo(IMAGE_TAGS.ExifTag, photoAt, littleEndian),
    pointerTo(IMAGE_TAGS.GPSTag, gpsAt, littleEndian),
  ];
  writeDirectory(view, HEADER_BYTES, [...image, ...pointers], littleEndian);
  writeDirectory(view, photoAt, photo, littleEndian);
  writeDirectory(view, gpsAt, gps, littleEndian);
  return new Uint8Array(view.buffer);
}

/** True for the tags a distilled block sets itself: its own directory pointers. */
export function isPointer(directory: Directory, tag: number): boolean {
  return directory === "Image" && (tag === IMAGE_TAGS.ExifTag || tag === IMAGE_TAGS.GPSTag);
}

function plainEntries(entries: ReadonlyMap<number, ExifEntry>): PlainEntry[] {
  return [...entries.values()].filter(({ tag }) => !isPointer("Image", tag)).map(toPlainEntry);
}

function toPlainEntry({ tag, type, bytes }: ExifEntry): PlainEntry {
  const plainType = PLAIN_TYPES.get(type) ?? type;
  return { tag, type: plainType, count: bytes.length / (TIFF_TYPE_BYTES.get(plainType) ?? 1), bytes };
}

/** An entry that says where a directory begins. */
export function pointerTo(tag: number, offset: number, littleEndian: boolean): PlainEntry {
  const view = new DataView(new ArrayBuffer(4));
  view.setUint32(0, offset, littleEndian);
  return { tag, type: TIFF_TYPES.Long, count: 1, bytes: new Uint8Array(view.buffer) };
}

/** Bytes of a directory with the values behind it. */
export function sizeOfDirectory(entries: readonly PlainEntry[]): number {
  return entries.reduce((total, { bytes }) => {
    return total + ENTRY_BYTES + (bytes.length > INLINE_BYTES ? bytes.length : 0);
  }, DIRECTORY_FRAME_BYTES);
}

/** Writes a directory that no other follows, and its values behind it, into zeros. */
export function writeDirectory(
  view: DataView,
  offset: number,
  entries: readonly PlainEntry[],
  littleEndian: boolean,
): void {
  const out = new Uint8Array(view.buffer);
  view.setUint16(offset, entries.length, littleEndian);
  let valueAt = offset + DIRECTORY_FRAME_BYTES + entries.length * ENTRY_BYTES;
  entries.forEach(({ tag, type, count, bytes }, nth) => {
    const at = offset + 2 + nth * ENTRY_BYTES;
    view.setUint16(at, tag, littleEndian);
    view.setUint16(at + 2, type, littleEndian);
    view.setUint32(at + 4, count, littleEndian);
    if (bytes.length <= INLINE_BYTES) {
      out.set(bytes, at + 8);
      return;
    }
    view.setUint32(at + 8, valueAt, littleEndian);
    out.set(bytes, valueAt);
    valueAt += bytes.length;
  });
}
