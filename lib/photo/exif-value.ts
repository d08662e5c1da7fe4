import type { Directory } from "./exif-tags.ts";
import { nameOfType, TIFF_TYPES } from "./exif-tags.ts";
import { quote } from "./quote.ts";

/** One EXIF value as the photo gives it, before any judgement. */
export interface ExifValue {
  /** TIFF field type. */
  readonly type: number;
  /** How many values the entry states; more than are kept when it was capped. */
  readonly count: number;
  /** Bytes of text or of single bytes; else numbers, a fraction as two: numerator, then denominator. */
  readonly content: Uint8Array | readonly number[];
}

/** The values of one directory, by tag. */
export type ExifDirectory = ReadonlyMap<number, ExifValue>;
/** Every value we read of one photo. */
export type ExifValues = Readonly<Record<Directory, ExifDirectory>>;

/** What a photo without EXIF says. */
export const NO_EXIF_VALUES: ExifValues = { Image: new Map(), Photo: new Map(), GPSInfo: new Map() };

/** A fraction as EXIF stores it. The denominator may be 0 and either part may be negative. */
export interface Fraction {
  readonly numerator: number;
  readonly denominator: number;
}

/** The text of a value of one of `types`, up to its first NUL; undefined for a value of another type. */
export function readText(value: ExifValue | undefined, types: readonly number[]): string | undefined {
  if (value === undefined || !types.includes(value.type) || !(value.content instanceof Uint8Array))
    return undefined;
  return untilNul(latin1(value.content));
}

/** The fractions of a RATIONAL or SRATIONAL value; undefined for a value of another type. */
export function readFractions(value: ExifValue): Fraction[] | undefined {
  const isFraction = value.type === TIFF_TYPES.Rational || value.type === TIFF_TYPES.SRational;
  if (!isFraction || value.content instanceof Uint8Array) return undefined;
  const fractions: Fraction[] = [];
  for (let at = 0; at + 1 < value.content.length; at += 2) {
    fractions.push({ numerator: value.content[at] ?? 0, denominator: value.content[at + 1] ?? 0 });
  }
  return fractions;
}

/** The first fraction of a value as a number; undefined when there is none or its denominator is zero. */
export function readRatio(value: ExifValue | undefined): number | undefined {
  const first = value === undefined ? undefined : readFractions(value)?.[0];
  return first === undefined || first.denominator === 0 ? undefined : first.numerator / first.denominator;
}

/** The first number of a BYTE, SHORT or LONG value. */
export function readInteger(value: ExifValue | undefined): number | undefined {
  if (value === undefined) return undefined;
  const { Byte, Short, Long, Undefined } = TIFF_TYPES;
  const isInteger = ([Byte, Short, Long, Undefined] as readonly number[]).includes(value.type);
  return isInteger ? value.content[0] : undefined;
}

/** A value as a message shows it: quoted, escaped and short. Trailing NULs, which end every EXIF text, are left out. */
export function showValue(value: ExifValue): string {
  if (value.content instanceof Uint8Array) return quote(latin1(value.content).replace(/\0+$/, ""));
  const parts = readFractions(value)?.map(({ numerator, denominator }) => `${numerator}/${denominator}`);
  return quote((parts ?? value.content).join(" "));
}

/** A value's shape as a message names it, such as `3 × RATIONAL`. */
export function showShape(value: ExifValue): string {
  return `${value.count} × ${nameOfType(value.type)}`;
}

/** Byte for byte: EXIF text has no encoding, and one that mattered would be ASCII. */
function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");
}

function untilNul(text: string): string {
  const end = text.indexOf("\0");
  return end === -1 ? text : text.slice(0, end);
}
