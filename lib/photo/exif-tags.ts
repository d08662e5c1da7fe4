/** The EXIF directories we follow, by the name exiv2 gives their tags: `Exif.Image`, `Exif.Photo`, `Exif.GPSInfo`. */
export const DIRECTORIES = ["Image", "Photo", "GPSInfo"] as const;
export type Directory = (typeof DIRECTORIES)[number];

/** Tags of IFD0 (EXIF 3.0, table 4). `DateTimeOriginal` does not belong there; a few cameras write it there. */
export const IMAGE_TAGS = {
  Make: 0x010f,
  Model: 0x0110,
  Orientation: 0x0112,
  DateTime: 0x0132,
  ExifTag: 0x8769,
  GPSTag: 0x8825,
  DateTimeOriginal: 0x9003,
} as const;

/** Tags of the Exif directory (EXIF 3.0, tables 7 and 8). */
export const PHOTO_TAGS = {
  DateTimeOriginal: 0x9003,
  DateTimeDigitized: 0x9004,
  OffsetTime: 0x9010,
  OffsetTimeOriginal: 0x9011,
  OffsetTimeDigitized: 0x9012,
  SubSecTime: 0x9290,
  SubSecTimeOriginal: 0x9291,
  SubSecTimeDigitized: 0x9292,
  BodySerialNumber: 0xa431,
  LensSerialNumber: 0xa435,
} as const;

/** Tags of the GPS directory (EXIF 3.0, table 15). */
export const GPS_TAGS = {
  GPSLatitudeRef: 0x0001,
  GPSLatitude: 0x0002,
  GPSLongitudeRef: 0x0003,
  GPSLongitude: 0x0004,
  GPSAltitudeRef: 0x0005,
  GPSAltitude: 0x0006,
  GPSTimeStamp: 0x0007,
  GPSTrack: 0x000f,
  GPSImgDirection: 0x0011,
  GPSDateStamp: 0x001d,
  GPSHPositioningError: 0x001f,
} as const;

/** Every tag we read, by directory: all that a distilled block holds. */
export const WANTED_TAGS: Readonly<Record<Directory, readonly number[]>> = {
  Image: Object.values(IMAGE_TAGS),
  Photo: Object.values(PHOTO_TAGS),
  GPSInfo: Object.values(GPS_TAGS),
};

/** TIFF field types (TIFF 6.0, section 2; `Ifd` from the TIFF tech notes). */
export const TIFF_TYPES = {
  Byte: 1,
  Ascii: 2,
  Short: 3,
  Long: 4,
  Rational: 5,
  SByte: 6,
  Undefined: 7,
  SShort: 8,
  SLong: 9,
  SRational: 10,
  Float: 11,
  Double: 12,
  Ifd: 13,
} as const;

/** Bytes of one value, by TIFF type. A type that is not a key is no TIFF type. */
export const TIFF_TYPE_BYTES: ReadonlyMap<number, number> = new Map([
  [TIFF_TYPES.Byte, 1],
  [TIFF_TYPES.Ascii, 1],
  [TIFF_TYPES.Short, 2],
  [TIFF_TYPES.Long, 4],
  [TIFF_TYPES.Rational, 8],
  [TIFF_TYPES.SByte, 1],
  [TIFF_TYPES.Undefined, 1],
  [TIFF_TYPES.SShort, 2],
  [TIFF_TYPES.SLong, 4],
  [TIFF_TYPES.SRational, 8],
  [TIFF_TYPES.Float, 4],
  [TIFF_TYPES.Double, 8],
  [TIFF_TYPES.Ifd, 4],
]);

const TYPE_NAMES: ReadonlyMap<number, string> = new Map(
  Object.entries(TIFF_TYPES).map(([name, type]) => [type, name.toUpperCase()]),
);

/** How messages name a TIFF type: `SRATIONAL`, or `type 99`. */
export function nameOfType(type: number): string {
  return TYPE_NAMES.get(type) ?? `type ${type}`;
}
