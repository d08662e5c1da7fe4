import type { Directory } from "./exif-tags.ts";
import { IMAGE_TAGS, nameOfType, TIFF_TYPE_BYTES, TIFF_TYPES, WANTED_TAGS } from "./exif-tags.ts";

/** Most values of one entry that are carried on: enough for every sound one, and for a message about another. */
const MAX_VALUES = 8;
/** Most bytes of text of one entry that are carried on. The longest sound text is a camera's name. */
const MAX_TEXT_BYTES = 128;
/** Byte order, magic number and the offset of the first directory (TIFF 6.0, section 2). */
const HEADER_BYTES = 8;
const COUNT_BYTES = 2;
const ENTRY_BYTES = 12;
/** A value of up to this many bytes stands in its entry, in place of an offset. */
const INLINE_BYTES = 4;

/** A wanted entry whose bytes lie inside its block. */
export interface ExifEntry {
  readonly tag: number;
  /** TIFF field type; always one that exists. */
  readonly type: number;
  /** As the entry states it; more than `bytes` holds when it was capped. */
  readonly count: number;
  /** A view of the block: the first values, in the block's byte order. */
  readonly bytes: Uint8Array;
}

/** What could be read of a block. */
export interface ReadableBlock {
  readonly kind: "readable";
  readonly littleEndian: boolean;
  /** By directory and tag; of a tag that is given twice, the first sound entry. */
  readonly entries: Readonly<Record<Directory, ReadonlyMap<number, ExifEntry>>>;
  /** Why each followed directory that is missing from `entries` could not be read. */
  readonly lost: ReadonlyMap<Directory, string>;
  /** How many entries were skipped, and what is wrong with the first of them. */
  readonly damage: { readonly count: number; readonly first?: string };
}

/** A block; or why there is none: `none` has no TIFF header at all, `unreadable` has no usable first directory. */
export type ExifBlock =
  | ReadableBlock
  | { readonly kind: "none" }
  | { readonly kind: "unreadable"; readonly because: string };

interface Reader {
  readonly view: DataView;
  readonly littleEndian: boolean;
  readonly damage: { count: number; first?: string };
}

/**
 * Reads the directories of a TIFF block that a stranger wrote. Only IFD0 and the Exif and GPS directories it points
 * to are visited, once each, so no chain can loop; every count is held against the bytes present before it is used.
 * Takes time in proportion to the block, whatever the block says.
 */
export function readExifBlock(block: Uint8Array): ExifBlock {
  const view = new DataView(block.buffer, block.byteOffset, block.byteLength);
  const littleEndian = readByteOrder(view);
  if (littleEndian === undefined) return { kind: "none" };
  if (view.byteLength < HEADER_BYTES) return { kind: "unreadable", because: "it ends inside its header" };
  const reader: Reader = { view, littleEndian, damage: { count: 0 } };
  const image = readDirectory(reader, "Image", view.getUint32(4, littleEndian));
  if (typeof image === "string") return { kind: "unreadable", because: image };
  const lost = new Map<Directory, string>();
  const follow = (directory: Directory, pointerTag: number) => {
    const offset = readPointer(reader, image.get(pointerTag));
    if (offset === undefined) return new Map<number, ExifEntry>();
    const entries = readDirectory(reader, directory, offset);
    if (typeof entries !== "string") return entries;
    lost.set(directory, entries);
    return new Map<number, ExifEntry>();
  };
  const entries = {
    Image: image,
    Photo: follow("Photo", IMAGE_TAGS.ExifTag),
    GPSInfo: follow("GPSInfo", IMAGE_TAGS.GPSTag),
  };
  return { kind: "readable", littleEndian, entries, lost, damage: reader.damage };
}

/** True for `II`, false for `MM`, each with the magic number 42 after it; anything else is no TIFF header. */
function readByteOrder(view: DataView): boolean | undefined {
  if (view.byteLength < 4) return undefined;
  const header = view.getUint32(0);
  if (header === 0x49492a00) return true;
  return header === 0x4d4d002a ? false : undefined;
}

/** The wanted entries of one directory, or why it cannot be read. */
function readDirectory(
  reader: Reader,
  directory: Directory,
  offset: number,
): Map<number, ExifEntry> | string {
  const { view, littleEndian } = reader;
  if (offset < HEADER_BYTES || offset + COUNT_BYTES > view.byteLength) {
    return `its ${directory} directory would begin at byte ${offset}, outside its ${view.byteLength} bytes`;
  }
  const count = view.getUint16(offset, littleEndian);
  const room = Math.floor((view.byteLength - offset - COUNT_BYTES) / ENTRY_BYTES);
  if (count > room) return `its ${directory} directory claims ${count} entries and has room for ${room}`;
  const wanted = WANTED_TAGS[directory];
  const entries = new Map<number, ExifEntry>();
  for (let nth = 0; nth < count; nth++) {
    const entry = readEntry(reader, directory, offset + COUNT_BYTES + nth * ENTRY_BYTES);
    if (entry !== undefined && wanted.includes(entry.tag) && !entries.has(entry.tag))
      entries.set(entry.tag, entry);
  }
  return entries;
}

/** The entry at `offset`; nothing when its value does not lie inside the block, which is noted as damage. */
function readEntry(reader: Reader, directory: Directory, offset: number): ExifEntry | undefined {
  const { view, littleEndian } = reader;
  const tag = view.getUint16(offset, littleEndian);
  const type = view.getUint16(offset + 2, littleEndian);
  const count = view.getUint32(offset + 4, littleEndian);
  const valueBytes = TIFF_TYPE_BYTES.get(type);
  if (valueBytes === undefined) {
    noteDamage(reader, `tag 0x${hex(tag)} in ${directory} has type ${type}, which does not exist`);
    return undefined;
  }
  const totalBytes = count * valueBytes;
  const start = totalBytes <= INLINE_BYTES ? offset + 8 : view.getUint32(offset + 8, littleEndian);
  if (start + totalBytes > view.byteLength) {
    noteDamage(
      reader,
      `tag 0x${hex(tag)} in ${directory} claims ${totalBytes} bytes at ${start}, outside the block of ${view.byteLength}`,
    );
    return undefined;
  }
  const keptBytes = Math.min(totalBytes, valueBytes === 1 ? MAX_TEXT_BYTES : MAX_VALUES * valueBytes);
  return { tag, type, count, bytes: new Uint8Array(view.buffer, view.byteOffset + start, keptBytes) };
}

/** The types a directory pointer may have. LONG by the standard; a Canon PowerShot S5 IS wrote SLONG. */
const POINTER_TYPES: readonly number[] = [TIFF_TYPES.Long, TIFF_TYPES.SLong, TIFF_TYPES.Ifd];

/** Where a directory begins. A pointer that is no offset (Photoshop once wrote one as text) points nowhere. */
function readPointer(reader: Reader, entry: ExifEntry | undefined): number | undefined {
  if (entry === undefined) return undefined;
  if (!POINTER_TYPES.includes(entry.type) || entry.count === 0) {
    noteDamage(
      reader,
      `the directory pointer 0x${hex(entry.tag)} is ${entry.count} × ${nameOfType(entry.type)}`,
    );
    return undefined;
  }
  const { buffer, byteOffset, byteLength } = entry.bytes;
  return new DataView(buffer, byteOffset, byteLength).getUint32(0, reader.littleEndian);
}

function noteDamage({ damage }: Reader, what: string): void {
  damage.count += 1;
  damage.first ??= what;
}

function hex(tag: number): string {
  return tag.toString(16).padStart(4, "0");
}
