import { parse } from "exifr/dist/mini.esm.mjs";
import type { ExifEntry, ReadableBlock } from "./exif-block.ts";
import { distil, isPointer } from "./exif-distillate.ts";
import type { Directory } from "./exif-tags.ts";
import { WANTED_TAGS } from "./exif-tags.ts";
import type { ExifDirectory, ExifValue, ExifValues } from "./exif-value.ts";

/** exifr's names of the directories we follow. */
const EXIFR_NAMES = { Image: "ifd0", Photo: "exif", GPSInfo: "gps" } as const satisfies Record<
  Directory,
  string
>;

/**
 * One object for the life of the process: exifr keeps the options of every call, by identity, for good.
 * Values stay raw: its dates roll over in the process's time zone, and its texts are trimmed.
 */
const OPTIONS = Object.freeze({
  tiff: true,
  ifd0: { pick: [...WANTED_TAGS.Image] },
  exif: { pick: [...WANTED_TAGS.Photo] },
  gps: { pick: [...WANTED_TAGS.GPSInfo] },
  mergeOutput: false,
  translateKeys: false,
  translateValues: false,
  reviveValues: false,
});

/** The start of a JPEG and of an APP1 segment; its length follows, then the identifier. */
const BEFORE_LENGTH = [0xff, 0xd8, 0xff, 0xe1] as const;
const IDENTIFIER = [0x45, 0x78, 0x69, 0x66, 0x00, 0x00] as const;
const END_MARK = [0xff, 0xd9] as const;
const LENGTH_BYTES = 2;

/**
 * Reads the values of a checked block. exifr sees a block that {@link distil} wrote, never the photo's, so what it
 * costs is bounded by the tags we want.
 *
 * @returns undefined when exifr failed or lost a value: our fault, and told as an unreadable block, never as a photo
 *   that says nothing.
 */
export async function readExifValues(block: ReadableBlock): Promise<ExifValues | undefined> {
  const output = await parseQuietly(wrapInJpeg(distil(block)));
  const read = (directory: Directory) =>
    toDirectory(directory, block.entries[directory], output?.[EXIFR_NAMES[directory]] ?? {});
  const [Image, Photo, GPSInfo] = [read("Image"), read("Photo"), read("GPSInfo")];
  return Image && Photo && GPSInfo ? { Image, Photo, GPSInfo } : undefined;
}

/** exifr's output by directory name and decimal tag; undefined when it threw. */
async function parseQuietly(jpeg: Uint8Array): Promise<Record<string, Record<string, unknown>> | undefined> {
  try {
    return await parse(jpeg, OPTIONS);
  } catch {
    return undefined;
  }
}

function toDirectory(
  directory: Directory,
  entries: ReadonlyMap<number, ExifEntry>,
  output: Record<string, unknown>,
): ExifDirectory | undefined {
  const values = new Map<number, ExifValue>();
  for (const { tag, type, count } of entries.values()) {
    if (isPointer(directory, tag)) continue;
    const content = toContent(output[tag]);
    if (content === undefined) return undefined;
    values.set(tag, { type, count, content });
  }
  return values;
}

/** exifr hands over one number bare, several in an array or a typed array, and bytes as a view. */
function toContent(raw: unknown): ExifValue["content"] | undefined {
  if (typeof raw === "number") return [raw];
  if (raw instanceof Uint8Array) return raw;
  if (Array.isArray(raw)) return raw.filter((value) => typeof value === "number");
  return isNumbers(raw) ? Array.from(raw) : undefined;
}

function isNumbers(raw: unknown): raw is ArrayLike<number> {
  return ArrayBuffer.isView(raw) && !(raw instanceof DataView);
}

/** The least JPEG that exifr reads: it needs bytes after the segment. */
function wrapInJpeg(tiff: Uint8Array): Uint8Array {
  const segmentBytes = LENGTH_BYTES + IDENTIFIER.length + tiff.length;
  const length = [segmentBytes >> 8, segmentBytes & 0xff];
  const head = [...BEFORE_LENGTH, ...length, ...IDENTIFIER];
  const jpeg = new Uint8Array(head.length + tiff.length + END_MARK.length);
  jpeg.set(head);
  jpeg.set(tiff, head.length);
  jpeg.set(END_MARK, head.length + tiff.length);
  return jpeg;
}
