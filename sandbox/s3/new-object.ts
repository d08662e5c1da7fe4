import { invalidArgument, S3Error } from "./s3-error.ts";

/** The longest key S3 takes, in UTF-8 bytes (userguide/object-keys.html). */
export const MAX_KEY_BYTES = 2 ** 10;

/** What S3 calls an object's type when nobody said. */
const DEFAULT_CONTENT_TYPE = "binary/octet-stream";

/** Besides `x-amz-meta-*`, what S3 keeps with an object and gives back with it. */
const KEPT_HEADERS: ReadonlySet<string> = new Set([
  "cache-control",
  "content-disposition",
  "content-encoding",
  "content-language",
  "content-type",
  "expires",
]);
const METADATA_NAME = /^x-amz-meta-[!#$%&'*+.^_`|~0-9a-z-]+$/;

/**
 * Makes sure that S3 would take a key.
 *
 * @throws {S3Error} when it is empty or too long.
 */
export function checkKey(key: string): void {
  if (key === "") throw invalidArgument("User key must have a length greater than 0.", "key", "");
  const sizeBytes = Buffer.byteLength(key);
  if (sizeBytes <= MAX_KEY_BYTES) return;
  throw new S3Error(400, "KeyTooLongError", "Your key is too long", {
    Size: String(sizeBytes),
    MaxSizeAllowed: String(MAX_KEY_BYTES),
  });
}

/**
 * Picks what is kept with an object out of the headers of a PUT or the fields of a POST.
 *
 * @param sent - by lower-case name.
 * @throws {S3Error} when a metadata name could not be a header.
 */
export function keptHeaders(sent: Iterable<readonly [string, string]>): Record<string, string> {
  const kept: Record<string, string> = { "content-type": DEFAULT_CONTENT_TYPE };
  for (const [name, value] of sent) {
    const isMetadata = name.startsWith("x-amz-meta-");
    if (isMetadata && !METADATA_NAME.test(name)) {
      throw invalidArgument("Metadata names must be valid header names.", name, value);
    }
    const isKept = isMetadata || KEPT_HEADERS.has(name);
    if (isKept && value !== "") kept[name] = value;
  }
  return kept;
}
