import type { Directory } from "../lib/photo/exif-tags.ts";
import { GPS_TAGS, IMAGE_TAGS, PHOTO_TAGS } from "../lib/photo/exif-tags.ts";
import { assembleJpeg, drawPicture, exifSegment, jfifSegment } from "./photo-maker-jpeg.ts";
import type { ByteOrder, TiffDirectories, TiffEntry } from "./photo-maker-tiff.ts";
import { ascii, byte, makeTiff, rational, short } from "./photo-maker-tiff.ts";

/** What a photo to be made shows and says. Every field has a default; `null` leaves its tags out. */
export interface PhotoSpec {
  /** WGS 84, north positive. Default 52.0907, in Utrecht. */
  readonly latitudeDeg?: number | null;
  /** WGS 84, east positive. Default 5.1214. */
  readonly longitudeDeg?: number | null;
  /** Clockwise from north. Default none. */
  readonly headingDeg?: number | null;
  /** Negative below the sea. Default none. */
  readonly altitudeMeters?: number | null;
  /**
   * DateTimeOriginal. A Date is told in UTC with its sub-second and an offset of +00:00; a text is written as it is,
   * without either. Default 2024-05-01T10:00:00Z.
   */
  readonly takenAt?: Date | string | null;
  /** Default "Acme". */
  readonly make?: string | null;
  /** Default "Roadrunner 1". */
  readonly model?: string | null;
  /** Default 64. */
  readonly widthPx?: number;
  /** Default 48. */
  readonly heightPx?: number;
  /** Changes the picture, so that photos that say the same still differ in content. Default 0. */
  readonly seed?: number;
  /** Default "II". */
  readonly byteOrder?: ByteOrder;
  /** Entries in place of those of the same tag, or besides; one tag may come twice. */
  readonly entries?: TiffDirectories;
  /** Tags to leave out, by directory. */
  readonly without?: Partial<Readonly<Record<Directory, readonly number[]>>>;
  /** The segments before the picture, given the TIFF block. Default: JFIF, then the block in one APP1. */
  readonly segments?: (tiff: Uint8Array) => readonly Uint8Array[];
  /** The picture's own segments. Default: drawn by `widthPx`, `heightPx` and `seed`. */
  readonly picture?: Uint8Array;
}

const DEFAULT_TAKEN_AT = new Date("2024-05-01T10:00:00.000Z");
/** Seconds of arc are written in units of 1/10,000, about 3 mm on the ground. */
const SECONDS_DENOMINATOR = 10_000;
/** Other measurements are written in hundredths. */
const HUNDREDTHS = 100;
const END_MARK_BYTES = 2;
/** JPEG's fill byte: any number may stand before a marker (ITU T.81, B.1.1.2). */
const FILL_BYTE = 0xff;

/** Makes a JPEG that any decoder opens, with EXIF that says what `spec` says. The same spec gives the same bytes. */
export function makePhoto(spec: PhotoSpec = {}): Uint8Array {
  const segments = spec.segments ?? ((tiff) => [jfifSegment(), exifSegment(tiff)]);
  return assembleJpeg(segments(makePhotoTiff(spec)), spec.picture ?? drawStreet(spec));
}

/** The TIFF block of a photo, without its JPEG. */
export function makePhotoTiff(spec: PhotoSpec = {}): Uint8Array {
  const directory = (name: Directory, defaults: readonly TiffEntry[]): TiffEntry[] => {
    const entries = spec.entries?.[name] ?? [];
    const replaced = [...entries.map(({ tag }) => tag), ...(spec.without?.[name] ?? [])];
    return [...defaults.filter(({ tag }) => !replaced.includes(tag)), ...entries];
  };
  return makeTiff(
    {
      Image: directory("Image", describeCamera(spec)),
      Photo: directory("Photo", describeTime(spec)),
      GPSInfo: directory("GPSInfo", describePlace(spec)),
    },
    spec.byteOrder,
  );
}

/**
 * A photo grown to exactly `sizeBytes` by fill bytes in front of its end mark: it still decodes, and its EXIF stays
 * where it is. Allocates the result and nothing else of that size.
 *
 * @throws {RangeError} when the photo is larger already.
 */
export function growPhoto(photo: Uint8Array, sizeBytes: number): Uint8Array {
  const grown = Buffer.alloc(checkedSize(photo, sizeBytes), FILL_BYTE);
  grown.set(photo.subarray(0, photo.length - END_MARK_BYTES));
  grown.set(photo.subarray(-END_MARK_BYTES), sizeBytes - END_MARK_BYTES);
  return grown;
}

/**
 * The bytes of {@link growPhoto} as a stream that never holds more than the photo and one chunk of `chunkBytes`
 * (default 64 KiB), whatever the size.
 *
 * @throws {RangeError} when the photo is larger already.
 */
export async function* streamGrownPhoto(
  photo: Uint8Array,
  sizeBytes: number,
  chunkBytes: number = 64 * 2 ** 10,
): AsyncGenerator<Uint8Array, void, undefined> {
  const fill = Buffer.alloc(chunkBytes, FILL_BYTE);
  let fillBytes = checkedSize(photo, sizeBytes) - photo.length;
  yield* cutIntoChunks(photo.subarray(0, photo.length - END_MARK_BYTES), chunkBytes);
  for (; fillBytes > 0; fillBytes -= chunkBytes) yield fill.subarray(0, Math.min(fillBytes, chunkBytes));
  yield photo.subarray(-END_MARK_BYTES);
}

/** A file as a stream of chunks of `chunkBytes`, the last one shorter. */
export async function* cutIntoChunks(
  file: Uint8Array,
  chunkBytes: number,
): AsyncGenerator<Uint8Array, void, undefined> {
  for (let at = 0; at < file.length; at += chunkBytes) yield file.subarray(at, at + chunkBytes);
}

/** Degrees, minutes and seconds as EXIF's three fractions, without the sign. */
export function toDegreeFractions(degrees: number): number[] {
  const units = Math.round(Math.abs(degrees) * 3_600 * SECONDS_DENOMINATOR);
  const minutes = Math.floor(units / (60 * SECONDS_DENOMINATOR));
  return [
    Math.floor(minutes / 60),
    1,
    minutes % 60,
    1,
    units % (60 * SECONDS_DENOMINATOR),
    SECONDS_DENOMINATOR,
  ];
}

function checkedSize(photo: Uint8Array, sizeBytes: number): number {
  if (sizeBytes >= photo.length) return sizeBytes;
  throw new RangeError(`sizeBytes is ${sizeBytes}: expected at least the photo's own ${photo.length}`);
}

function describeCamera({ make = "Acme", model = "Roadrunner 1" }: PhotoSpec): TiffEntry[] {
  return [
    ...(make === null ? [] : [ascii(IMAGE_TAGS.Make, make)]),
    ...(model === null ? [] : [ascii(IMAGE_TAGS.Model, model)]),
    short(IMAGE_TAGS.Orientation, 1),
  ];
}

function describeTime({ takenAt = DEFAULT_TAKEN_AT }: PhotoSpec): TiffEntry[] {
  if (takenAt === null) return [];
  if (typeof takenAt === "string") return [ascii(PHOTO_TAGS.DateTimeOriginal, takenAt)];
  const iso = takenAt.toISOString();
  return [
    ascii(PHOTO_TAGS.DateTimeOriginal, `${iso.slice(0, 10).replaceAll("-", ":")} ${iso.slice(11, 19)}`),
    ascii(PHOTO_TAGS.OffsetTimeOriginal, "+00:00"),
    ascii(PHOTO_TAGS.SubSecTimeOriginal, iso.slice(20, 23)),
  ];
}

function describePlace(spec: PhotoSpec): TiffEntry[] {
  const { latitudeDeg = 52.0907, longitudeDeg = 5.1214, altitudeMeters = null, headingDeg = null } = spec;
  const latitude = latitudeDeg === null ? [] : describeAxis("GPSLatitude", latitudeDeg, ["S", "N"]);
  const longitude = longitudeDeg === null ? [] : describeAxis("GPSLongitude", longitudeDeg, ["W", "E"]);
  return [...latitude, ...longitude, ...describeAltitude(altitudeMeters), ...describeHeading(headingDeg)];
}

function describeAxis(
  tag: "GPSLatitude" | "GPSLongitude",
  degrees: number,
  [negative, positive]: readonly [string, string],
): TiffEntry[] {
  return [
    ascii(GPS_TAGS[`${tag}Ref`], degrees < 0 ? negative : positive),
    rational(GPS_TAGS[tag], ...toDegreeFractions(degrees)),
  ];
}

function describeAltitude(meters: number | null): TiffEntry[] {
  if (meters === null) return [];
  const hundredths = Math.round(Math.abs(meters) * HUNDREDTHS);
  return [
    byte(GPS_TAGS.GPSAltitudeRef, meters < 0 ? 1 : 0),
    rational(GPS_TAGS.GPSAltitude, hundredths, HUNDREDTHS),
  ];
}

function describeHeading(degrees: number | null): TiffEntry[] {
  if (degrees === null) return [];
  return [rational(GPS_TAGS.GPSImgDirection, Math.round(degrees * HUNDREDTHS), HUNDREDTHS)];
}

/** A road under a sky, with a pole that the seed moves along it. */
function drawStreet({ widthPx = 64, heightPx = 48, seed = 0 }: PhotoSpec): Uint8Array {
  const pole = (seed * 0.618_034) % 1;
  return drawPicture(widthPx, heightPx, (x, y) => {
    if (Math.abs(x - pole) < 0.07 && y < 0.7) return 30 + (seed % 64);
    return y < 0.5 ? 230 - 80 * y : 70 + 60 * y - 20 * x;
  });
}
