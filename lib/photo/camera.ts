import { IMAGE_TAGS, PHOTO_TAGS, TIFF_TYPES } from "./exif-tags.ts";
import type { ExifValue, ExifValues } from "./exif-value.ts";
import { readInteger } from "./exif-value.ts";
import type { PhotoFacts } from "./photo.ts";

/** Longest name of a maker or model that is kept. The longest real one we met has 33 characters. */
export const MAX_NAME_CHARACTERS = 64;
const MAX_ORIENTATION = 8;
const TEXT_TYPES: readonly number[] = [TIFF_TYPES.Ascii, TIFF_TYPES.Undefined, TIFF_TYPES.Byte];

/** What took the photo. Every text is one line of visible characters, or absent. */
export function readCamera({ Image, Photo }: ExifValues): Pick<PhotoFacts, CameraField> {
  const make = readName(Image.get(IMAGE_TAGS.Make));
  const model = readName(Image.get(IMAGE_TAGS.Model));
  const cameraSerial = joinSerials(
    Photo.get(PHOTO_TAGS.BodySerialNumber),
    Photo.get(PHOTO_TAGS.LensSerialNumber),
  );
  const orientation = readOrientation(Image.get(IMAGE_TAGS.Orientation));
  return {
    ...(make === undefined ? {} : { make }),
    ...(model === undefined ? {} : { model }),
    ...(cameraSerial === undefined ? {} : { cameraSerial }),
    ...(orientation === undefined ? {} : { orientation }),
  };
}

type CameraField = "make" | "model" | "cameraSerial" | "orientation";

function readName(value: ExifValue | undefined): string | undefined {
  const visible =
    decode(value)
      ?.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, "")
      .trim() ?? "";
  const name = [...visible].slice(0, MAX_NAME_CHARACTERS).join("").trim();
  return name === "" ? undefined : name;
}

/** Body and lens, as Mapillary's client joins them; one alone stands for itself. */
function joinSerials(body: ExifValue | undefined, lens: ExifValue | undefined): string | undefined {
  const serials = [body, lens].map((value) => decode(value)?.replace(/[^A-Za-z0-9]/g, "") ?? "");
  const joined = serials.filter((serial) => serial !== "").join("_");
  return joined === "" ? undefined : joined;
}

function readOrientation(value: ExifValue | undefined): number | undefined {
  const orientation = readInteger(value);
  if (orientation === undefined || orientation < 1 || orientation > MAX_ORIENTATION) return undefined;
  return orientation;
}

/** Up to the first NUL, as UTF-8 where it is that, which cameras write today; else as Latin-1. */
function decode(value: ExifValue | undefined): string | undefined {
  if (value === undefined || !TEXT_TYPES.includes(value.type) || !(value.content instanceof Uint8Array)) {
    return undefined;
  }
  const end = value.content.indexOf(0);
  const bytes = Buffer.from(end === -1 ? value.content : value.content.subarray(0, end));
  const text = bytes.toString("utf8");
  // A capped text may end inside a character. A U+FFFD anywhere else means that it was never UTF-8.
  const whole = value.count > value.content.length ? text.replace(/\uFFFD$/, "") : text;
  return whole.includes("\uFFFD") ? bytes.toString("latin1") : whole;
}
