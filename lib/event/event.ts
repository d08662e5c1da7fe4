/**
 * What an intake message says: the S3 notification in an SQS body, taken apart.
 *
 * Source of the format: "Event message structure" in the Amazon S3 user guide. Other S3 servers send the
 * same shape with small differences, each named where it is met.
 */

/** An object that came into being in the bucket. */
export interface CreatedObject {
  readonly bucket: string;
  /** Decoded: what the S3 API takes. */
  readonly key: string;
  /** Without quotes. Absent where the server leaves it out. */
  readonly etag?: string;
  /** Absent where the server leaves it out. */
  readonly sizeBytes?: number;
  readonly versionId?: string;
}

/** A part of a message that names no object we could look at; kept for a person to read. */
export interface Unreadable {
  /** What was found and what was expected. */
  readonly why: string;
}

/** Everything one message said. */
export interface Intake {
  readonly created: readonly CreatedObject[];
  /** Records acknowledged without an effect: removals, restores, the test event S3 sends at set-up. */
  readonly ignored: number;
  readonly unreadable: readonly Unreadable[];
}

/**
 * The notification speaks a newer major version than this code. S3 raises the major version for changes that
 * break readers, so the message goes back to the queue: a newer relay may understand it.
 */
export class UnsupportedEventError extends Error {
  override readonly name = "UnsupportedEventError";
}

/** Major versions of the notification format this code reads; 2 since 2014. */
const READABLE_MAJOR_VERSIONS = new Set(["1", "2"]);

/** S3's are 32 digits, and a few more for a multipart upload; what is much longer is no ETag, and is asked for. */
const LONGEST_ETAG = 128;

/** S3 takes no longer keys, in UTF-8 bytes. */
const LONGEST_KEY_BYTES = 1_024;

const NOTHING: Intake = { created: [], ignored: 0, unreadable: [] };

/**
 * Reads one intake message.
 *
 * @param body the SQS message body, as received
 * @throws {UnsupportedEventError} when a record is of a later major version
 */
export function readIntake(body: string): Intake {
  const message = parseJson(body);
  if (!isObject(message)) return unreadable("the message body is not a JSON object");
  if (message.Event === "s3:TestEvent") return { ...NOTHING, ignored: 1 };
  const records = message.Records;
  if (!Array.isArray(records)) return unreadable("the message has no list named Records");
  const intakes = records.map(readRecord);
  return {
    created: intakes.flatMap(({ created }) => created),
    ignored: intakes.reduce((sum, { ignored }) => sum + ignored, 0),
    unreadable: intakes.flatMap(({ unreadable: found }) => found),
  };
}

/** Says whether an object is a folder a console or a sync tool drew: a key ending in `/` with no bytes. */
export function isFolderMarker(object: Pick<CreatedObject, "key" | "sizeBytes">): boolean {
  return object.key.endsWith("/") && object.sizeBytes === 0;
}

/** Base name of the object with which a vehicle says that a track is complete. */
const DONE_MARKER = "_DONE";

/** Says whether an object is the mark that its folder's track is complete. */
export function isDoneMarker(object: Pick<CreatedObject, "key">): boolean {
  return object.key === DONE_MARKER || object.key.endsWith(`/${DONE_MARKER}`);
}

function readRecord(record: unknown, index: number): Intake {
  const where = `Records[${index}]`;
  if (!isObject(record)) return unreadable(`${where} is not an object`);
  const name = record.eventName;
  if (typeof name !== "string") return unreadable(`${where}.eventName is missing`);
  if (!isCreation(name)) return { ...NOTHING, ignored: 1 };
  assertReadableVersion(record.eventVersion, where);
  return readCreation(record, where);
}

/** AWS writes `ObjectCreated:Put`, MinIO `s3:ObjectCreated:Put`. */
function isCreation(eventName: string): boolean {
  return /^(s3:)?ObjectCreated:/.test(eventName);
}

function assertReadableVersion(version: unknown, where: string): void {
  if (version === undefined) return;
  const major = String(version).split(".", 1)[0] ?? "";
  if (READABLE_MAJOR_VERSIONS.has(major)) return;
  throw new UnsupportedEventError(
    `${where}.eventVersion is ${JSON.stringify(version)}; this relay reads versions 1.x and 2.x`,
  );
}

function readCreation(record: Record<string, unknown>, where: string): Intake {
  const s3 = child(record, "s3");
  const bucket = child(s3, "bucket").name;
  const object = child(s3, "object");
  const key = object.key;
  if (typeof bucket !== "string" || bucket === "") return unreadable(`${where}.s3.bucket.name is missing`);
  if (typeof key !== "string" || key === "") return unreadable(`${where}.s3.object.key is missing`);
  if (Buffer.byteLength(decodeKey(key)) > LONGEST_KEY_BYTES) {
    return unreadable(`${where}.s3.object.key has over ${LONGEST_KEY_BYTES} bytes`);
  }
  const size = object.size;
  const etag = object.eTag;
  const versionId = object.versionId;
  return {
    ...NOTHING,
    created: [
      {
        bucket,
        key: decodeKey(key),
        ...(isText(etag) && etag.length <= LONGEST_ETAG && { etag: etag.replaceAll('"', "") }),
        ...(isByteCount(size) && { sizeBytes: size }),
        // "null" is what S3 calls the version of an object written while versioning was off.
        ...(isText(versionId) && versionId !== "null" && { versionId }),
      },
    ],
  };
}

/**
 * AWS URL-encodes keys, a space as `+`. MinIO encodes the slash as well. A few servers send keys raw; such a
 * key is recognised, and taken as it is, only when it does not decode.
 */
function decodeKey(encoded: string): string {
  try {
    return decodeURIComponent(encoded.replaceAll("+", " "));
  } catch {
    return encoded;
  }
}

function unreadable(why: string): Intake {
  return { ...NOTHING, unreadable: [{ why }] };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function child(parent: Record<string, unknown>, name: string): Record<string, unknown> {
  const value = parent[name];
  return isObject(value) ? value : {};
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isText(value: unknown): value is string {
  return typeof value === "string" && value !== "";
}

function isByteCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}
