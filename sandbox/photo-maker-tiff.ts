import type { Directory } from "../lib/photo/exif-tags.ts";
import { DIRECTORIES, IMAGE_TAGS, TIFF_TYPE_BYTES, TIFF_TYPES } from "../lib/photo/exif-tags.ts";

/** `II` puts the least significant byte first, `MM` the most significant. */
export type ByteOrder = "II" | "MM";

/** One directory entry, written as it is told, sense or nonsense. */
export interface TiffEntry {
  readonly tag: number;
  /** TIFF field type. One that does not exist is written too, with its value as bytes. */
  readonly type: number;
  /** Text, bytes, or numbers; a fraction is two numbers. */
  readonly value: string | Uint8Array | readonly number[];
  /** What the entry states in place of how many values there are. */
  readonly count?: number;
  /** What the entry states in place of where its value stands. */
  readonly offset?: number;
}

/** The directories of a block to write. One that is absent is not pointed to either. */
export type TiffDirectories = Partial<Readonly<Record<Directory, readonly TiffEntry[]>>>;

const HEADER_BYTES = 8;
const ENTRY_BYTES = 12;
const INLINE_BYTES = 4;

/** An ASCII entry, ended by NUL as the standard wants it. */
export function ascii(tag: number, text: string): TiffEntry {
  return { tag, type: TIFF_TYPES.Ascii, value: `${text}\0` };
}

/** A RATIONAL entry: numerator, denominator, numerator, … */
export function rational(tag: number, ...parts: number[]): TiffEntry {
  return { tag, type: TIFF_TYPES.Rational, value: parts };
}

/** An SRATIONAL entry: numerator, denominator, numerator, … */
export function srational(tag: number, ...parts: number[]): TiffEntry {
  return { tag, type: TIFF_TYPES.SRational, value: parts };
}

/** A SHORT entry. */
export function short(tag: number, ...values: number[]): TiffEntry {
  return { tag, type: TIFF_TYPES.Short, value: values };
}

/** A LONG entry. */
export function long(tag: number, ...values: number[]): TiffEntry {
  return { tag, type: TIFF_TYPES.Long, value: values };
}

/** A BYTE entry. */
export function byte(tag: number, ...values: number[]): TiffEntry {
  return { tag, type: TIFF_TYPES.Byte, value: Uint8Array.from(values) };
}

/**
 * Writes a TIFF block: IFD0, then the Exif and GPS directories it points to, each with its values behind it.
 * Entries keep their order, so that one given twice stays twice.
 */
export function makeTiff(directories: TiffDirectories, byteOrder: ByteOrder = "II"): Uint8Array {
  const littleEndian = byteOrder === "II";
  const present = DIRECTORIES.filter((name) => name === "Image" || directories[name] !== undefined);
  const pointerCount = present.length - 1;
  const starts = new Map<Directory, number>();
  let endBytes = HEADER_BYTES;
  for (const name of present) {
    starts.set(name, endBytes);
    endBytes += sizeOf(directories[name] ?? []) + (name === "Image" ? pointerCount * ENTRY_BYTES : 0);
  }
  const view = new DataView(new ArrayBuffer(endBytes));
  view.setUint32(0, littleEndian ? 0x49492a00 : 0x4d4d002a);
  view.setUint32(4, HEADER_BYTES, littleEndian);
  const pointer = (tag: number, name: Directory) =>
    present.includes(name) ? [long(tag, starts.get(name) ?? 0)] : [];
  for (const name of present) {
    const pointers =
      name === "Image"
        ? [...pointer(IMAGE_TAGS.ExifTag, "Photo"), ...pointer(IMAGE_TAGS.GPSTag, "GPSInfo")]
        : [];
    writeDirectory(view, starts.get(name) ?? 0, [...(directories[name] ?? []), ...pointers], littleEndian);
  }
  return new Uint8Array(view.buffer);
}

function sizeOf(entries: readonly TiffEntry[]): number {
  return entries.reduce((bytes, entry) => {
    const valueBytes = sizeOfValue(entry);
    return bytes + ENTRY_BYTES + (valueBytes > INLINE_BYTES ? valueBytes : 0);
  }, 6);
}

function sizeOfValue({ type, value }: TiffEntry): number {
  if (typeof value === "string" || value instanceof Uint8Array) return value.length;
  return (value.length * (TIFF_TYPE_BYTES.get(type) ?? 1)) / numbersPerValue(type);
}

/** A fraction is one value of two numbers. */
function numbersPerValue(type: number): 1 | 2 {
  return type === TIFF_TYPES.Rational || type === TIFF_TYPES.SRational ? 2 : 1;
}

function writeDirectory(
  view: DataView,
  start: number,
  entries: readonly TiffEntry[],
  littleEndian: boolean,
): void {
  view.setUint16(start, entries.length, littleEndian);
  let valueAt = start + 6 + entries.length * ENTRY_BYTES;
  entries.forEach((entry, nth) => {
    const at = start + 2 + nth * ENTRY_BYTES;
    const valueBytes = sizeOfValue(entry);
    const unitBytes = TIFF_TYPE_BYTES.get(entry.type) ?? 1;
    view.setUint16(at, entry.tag, littleEndian);
    view.setUint16(at + 2, entry.type, littleEndian);
    view.setUint32(at + 4, entry.count ?? valueBytes / unitBytes, littleEndian);
    const isInline = valueBytes <= INLINE_BYTES;
    writeValue(view, isInline ? at + 8 : valueAt, entry, littleEndian);
    if (entry.offset !== undefined || !isInline)
      view.setUint32(at + 8, entry.offset ?? valueAt, littleEndian);
    if (!isInline) valueAt += valueBytes;
  });
}

function writeValue(view: DataView, at: number, { type, value }: TiffEntry, littleEndian: boolean): void {
  if (typeof value === "string" || value instanceof Uint8Array) {
    const bytes = typeof value === "string" ? Buffer.from(value, "latin1") : value;
    new Uint8Array(view.buffer).set(bytes, at);
    return;
  }
  const bytesPerNumber = (TIFF_TYPE_BYTES.get(type) ?? 1) / numbersPerValue(type);
  value.forEach((number, nth) => {
    writeNumber(view, at + nth * bytesPerNumber, type, number, littleEndian);
  });
}

function writeNumber(view: DataView, at: number, type: number, number: number, littleEndian: boolean): void {
  if (type === TIFF_TYPES.Double) view.setFloat64(at, number, littleEndian);
  else if (type === TIFF_TYPES.Float) view.setFloat32(at, number, littleEndian);
  else if (type === TIFF_TYPES.Short || type === TIFF_TYPES.SShort) view.setUint16(at, number, littleEndian);
  else if (TIFF_TYPE_BYTES.get(type) === 1) view.setUint8(at, number);
  else view.setUint32(at, number, littleEndian);
}
