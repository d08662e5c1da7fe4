/**
 * Destination keys of the bucket lane: `{username}/{sequence id}/{filename}`.
 *
 * The file name comes from an object key that a camera or an attacker chose, and must neither leave its folder nor
 * overwrite another photo of the sequence. The rule: the first photo of a sequence to claim a plain name
 * ({@link destinationFilename}) keeps it; every other one, and every photo whose plain name {@link looksSuffixed},
 * gets {@link suffixedFilename} with the tag of its photo. Plain names in use never look suffixed, suffixed ones
 * always do, and two suffixed names of different photos differ in their tags: so no two photos share a key.
 */
import { usernameProblem } from "./bucket-account.ts";

/**
 * Longest file name in UTF-8 bytes: what file systems take (POSIX NAME_MAX on Linux), for whoever unpacks the
 * bucket. With the longest username and a sequence id a key has 548 bytes at most, within S3's 1,024.
 */
export const MAX_FILENAME_BYTES = 255;

/** The object that tells Mapillary a sequence is complete. No photo may be called so. */
export const DONE_FILENAME = "DONE";

// Control characters and halves of surrogate pairs, which UTF-8 cannot carry; characters that XML listings cannot
// carry; line ends and marks that turn the writing direction, which make a name read as another one.
const UNSAFE_CHARACTERS = /[\p{Cc}\p{Cs}\uFFFE\uFFFF\u2028\u2029\u202A-\u202E\u2066-\u2069\\]/gu;
const EXTENSION = /\.[A-Za-z0-9]{1,16}$/u;
const SUFFIXED = /~[0-9a-f]{16}(?:\.[A-Za-z0-9]{1,16})?$/iu;
const PHOTO_TAG = /^[0-9a-f]{16}$/u;
const SEQUENCE_ID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/u;

/** The plain name of a photo at the destination: the last segment of its object key, made safe. */
export function destinationFilename(objectKey: string): string {
  return safeFilename(objectKey.slice(objectKey.lastIndexOf("/") + 1));
}

/**
 * The name of a photo whose plain name is taken: `IMG_0001~0123456789abcdef.jpg`.
 *
 * @param filename the plain name
 * @param photoTag 16 lower-case hexadecimal digits, different for every photo of the sequence
 * @throws {RangeError} when the tag has another form
 */
export function suffixedFilename(filename: string, photoTag: string): string {
  if (!PHOTO_TAG.test(photoTag)) throw new RangeError("a photo tag has 16 lower-case hexadecimal digits");
  return joinWithin(safeFilename(filename), `~${photoTag}`);
}

/** Says whether a name has the form that {@link suffixedFilename} gives, whoever gave it. */
export function looksSuffixed(filename: string): boolean {
  return SUFFIXED.test(filename);
}

/**
 * The key of a photo.
 *
 * @throws {RangeError} when a part is not what this module or the sequence rules make: the key would be unsafe
 */
export function destinationKey(username: string, sequenceId: string, filename: string): string {
  if (filename !== safeFilename(filename)) {
    throw new RangeError("the file name of a destination key is not one that destinationFilename makes");
  }
  return keyInSequence(username, sequenceId, filename);
}

/**
 * The key of the marker that finishes a sequence.
 *
 * @throws {RangeError} as {@link destinationKey}
 */
export function doneKey(username: string, sequenceId: string): string {
  return keyInSequence(username, sequenceId, DONE_FILENAME);
}

function keyInSequence(username: string, sequenceId: string, filename: string): string {
  const problem = usernameProblem(username);
  if (problem !== undefined) throw new RangeError(`the username ${problem}`);
  if (!SEQUENCE_ID.test(sequenceId)) throw new RangeError("a sequence id is a lower-case UUID");
  return `${username}/${sequenceId}/${filename}`;
}

/** Applying it again changes nothing, which is how {@link destinationKey} knows its own. */
function safeFilename(name: string): string {
  const visible = name.replaceAll("/", "_").replace(UNSAFE_CHARACTERS, "_");
  // S3 replaces `${filename}` in a key by what the browser called the file.
  const literal = visible.replaceAll("${", "_{");
  // Cutting may bare white space at the end, so it comes first. Ceph trims form fields: "a.jpg " would be "a.jpg".
  const trimmed = joinWithin(literal, "").replace(/\s+$/u, (spaces) => "_".repeat(spaces.length));
  if (trimmed === "" || trimmed === "." || trimmed === "..") return "_".repeat(Math.max(1, trimmed.length));
  return trimmed === DONE_FILENAME ? `${DONE_FILENAME}_` : trimmed;
}

/** Puts `suffix` before the extension and takes from the end of the stem what is over {@link MAX_FILENAME_BYTES}. */
function joinWithin(name: string, suffix: string): string {
  const extension = EXTENSION.exec(name)?.[0] ?? "";
  const stem = name.slice(0, name.length - extension.length);
  const room = MAX_FILENAME_BYTES - Buffer.byteLength(suffix + extension);
  return cutToBytes(stem, room) + suffix + extension;
}

function cutToBytes(text: string, maxBytes: number): string {
  if (Buffer.byteLength(text) <= maxBytes) return text;
  const bytes = Buffer.from(text);
  let end = maxBytes;
  // A byte 10xxxxxx continues a code point: step back to where the first cut one begins.
  while (end > 0 && ((bytes[end] ?? 0) & 0xc0) === 0x80) end -= 1;
  return bytes.toString("utf8", 0, end);
}
