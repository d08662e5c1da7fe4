import { TIFF_TYPE_BYTES, TIFF_TYPES } from "./exif-tags.ts";

/** Byte order, magic number and the offset of the first directory. */
export const HEADER_BYTES = 8;
/** Bytes of a directory's count, of one entry, and of the offset of the next directory (TIFF 6.0, section 2). */
export const COUNT_BYTES = 2;
export const ENTRY_BYTES = 12;
export const NEXT_BYTES = 4;
const INLINE_BYTES = 4;
/** In the Exif directory: where the interoperability directory begins (EXIF 3.0, section 4.6.3). */
export const INTEROPERABILITY_TAG = 0xa005;

/** A TIFF block that was found readable. */
export interface TiffBlock {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  readonly littleEndian: boolean;
}

/** An entry as it stands in a block, sound or not. */
export interface RawEntry {
  readonly tag: number;
  readonly type: number;
  readonly count: number;
  /** The entry itself. */
  readonly raw: Uint8Array;
  /** Absent when the type does not exist, or the value would not lie inside the block. */
  readonly value?: Uint8Array;
}

/** A view on a block, by the byte order it states. */
export function openBlock(bytes: Uint8Array): TiffBlock {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return { bytes, view, littleEndian: bytes[0] === 0x49 };
}

/** Where the first directory begins. */
export function firstDirectoryOf({ view, littleEndian }: TiffBlock): number {
  return view.getUint32(4, littleEndian);
}

/** How many entries a directory has; 0 for one that is not there, or claims more than the block has room for. */
export function entryCountAt({ view, littleEndian }: TiffBlock, directoryAt: number): number {
  if (directoryAt < HEADER_BYTES || directoryAt + COUNT_BYTES > view.byteLength) return 0;
  const count = view.getUint16(directoryAt, littleEndian);
  return directoryAt + COUNT_BYTES + count * ENTRY_BYTES > view.byteLength ? 0 : count;
}

/** The entries of a directory, one at a time: a hostile one has thousands. */
export function* entriesAt(block: TiffBlock, directoryAt: number): Generator<RawEntry> {
  const count = entryCountAt(block, directoryAt);
  for (let nth = 0; nth < count; nth++) yield readEntry(block, directoryAt + COUNT_BYTES + nth * ENTRY_BYTES);
}

function readEntry({ bytes, view, littleEndian }: TiffBlock, at: number): RawEntry {
  const type = view.getUint16(at + 2, littleEndian);
  const count = view.getUint32(at + 4, littleEndian);
  const entry = {
    tag: view.getUint16(at, littleEndian),
    type,
    count,
    raw: bytes.subarray(at, at + ENTRY_BYTES),
  };
  const valueBytes = count * (TIFF_TYPE_BYTES.get(type) ?? Number.POSITIVE_INFINITY);
  const valueAt = valueBytes <= INLINE_BYTES ? at + 8 : view.getUint32(at + 8, littleEndian);
  // NaN, of no values of an unknown type, is not within the block either.
  if (!(valueAt + valueBytes <= bytes.length)) return entry;
  return { ...entry, value: bytes.subarray(valueAt, valueAt + valueBytes) };
}

/** The offset of the directory behind another: 0 for none, or where the block ends before it. */
export function nextDirectoryOf(block: TiffBlock, directoryAt: number): number {
  const at = directoryAt + COUNT_BYTES + entryCountAt(block, directoryAt) * ENTRY_BYTES;
  return at + NEXT_BYTES > block.bytes.length ? 0 : block.view.getUint32(at, block.littleEndian);
}

/** The types a directory pointer may have, as our own reader takes them. */
const POINTER_TYPES: readonly number[] = [TIFF_TYPES.Long, TIFF_TYPES.SLong, TIFF_TYPES.Ifd];

/** Where an entry points; undefined for one that is no offset. */
export function pointedToBy({ littleEndian }: TiffBlock, { type, value }: RawEntry): number | undefined {
  if (value === undefined || !POINTER_TYPES.includes(type) || value.length < 4) return undefined;
  return new DataView(value.buffer, value.byteOffset, value.byteLength).getUint32(0, littleEndian);
}
