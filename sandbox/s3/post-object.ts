/**
 * POST Object: an upload as a browser's form makes it, permitted by a signed policy.
 *
 * Checked in S3's order: is it a form of known length; the bucket; the fields before the file (`key`, then signature,
 * policy, conditions); the file's size as its bytes go into the store. Nothing is stored before the whole request has
 * come and passed.
 */
import { type Answer, xmlAnswer } from "./answer.ts";
import { multipartBoundary, type Part, readParts } from "./multipart.ts";
import { checkKey, keptHeaders } from "./new-object.ts";
import type { ObjectInfo } from "./object-store.ts";
import { checkPolicy, missingField, parsePolicy, type SizeRange } from "./post-policy.ts";
import { checkSignature } from "./post-signature.ts";
import { invalidArgument, missingContentLength, S3Error } from "./s3-error.ts";
import { findStore, type S3Request, type S3Service } from "./service.ts";
import { parseTagging } from "./tagging.ts";

/**
 * The most that may come before the file's content, boundaries included. "The form data and boundaries (excluding the
 * contents of the file) cannot exceed 20KB" (HTTPPOSTForms.html); S3's error names 20480.
 */
export const MAX_BYTES_BEFORE_FILE = 20 * 2 ** 10;

const UNLIMITED: SizeRange = { leastBytes: 0, mostBytes: Number.MAX_SAFE_INTEGER };

interface Form {
  /** By lower-case name: S3 does not look at the case. */
  readonly fields: Map<string, string>;
  readonly file: Part;
  /** The form's parts; those behind the file are still to come. */
  readonly parts: AsyncGenerator<Part>;
}

/**
 * Stores the file of a form.
 *
 * @throws {S3Error} when anything about the form is not as it has to be.
 */
export async function postObject(service: S3Service, request: S3Request): Promise<Answer> {
  const boundary = multipartBoundary(request.headers["content-type"]);
  if (boundary === undefined) throw notAForm();
  if (request.headers["content-length"] === undefined) throw missingContentLength();
  const store = findStore(service, request.bucket);

  const form = await readForm(request.body, boundary);
  const key = chooseKey(form);
  form.fields.set("key", key);
  const range = checkPermission(service, request.bucket, form.fields);
  const info = await store.put({
    key,
    modifiedMs: service.now(),
    headers: keptHeaders(form.fields),
    tags: parseTagging(form.fields.get("tagging")),
    body: fileBytes(form, range),
  });
  await service.announce(request.bucket, info);
  return success(service, request.bucket, info, form.fields.get("success_action_status"));
}

/** Reads the fields and stops at the file. */
async function readForm(body: AsyncIterable<Uint8Array>, boundary: string): Promise<Form> {
  const fields = new Map<string, string>();
  const parts = readParts(body, boundary);
  // Not `for await`: leaving that loop would end the generator, and the file is still to be read from it.
  for (let next = await parts.next(); !next.done; next = await parts.next()) {
    const part = next.value;
    if (part.position > MAX_BYTES_BEFORE_FILE) throw tooMuchBeforeFile();
    const name = part.name.toLowerCase();
    if (name === "file") return { fields, file: part, parts };
    if (fields.has(name)) throw invalidArgument("The form contains a field more than once.", part.name, "");
    fields.set(name, await readField(part));
  }
  throw invalidArgument("POST requires exactly one file upload per request.", "file", "0");
}

async function readField(part: Part): Promise<string> {
  const chunks: Buffer[] = [];
  let position = part.position;
  for await (const chunk of part.body) {
    position += chunk.byteLength;
    if (position > MAX_BYTES_BEFORE_FILE) throw tooMuchBeforeFile();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

/** S3 puts the file's name in, where it has one; without one, the variable stays as it stands. */
function chooseKey({ fields, file: { filename } }: Form): string {
  const sent = fields.get("key");
  if (sent === undefined) throw missingField("key");
  const key = filename === undefined ? sent : sent.replaceAll(FILE_NAME_VARIABLE, () => filename);
  checkKey(key);
  return key;
}

const FILE_NAME_VARIABLE = /\$\{filename\}/g;

function checkPermission(service: S3Service, bucket: string, fields: ReadonlyMap<string, string>): SizeRange {
  if (service.postAccounts !== undefined) checkSignature(fields, service.postAccounts);
  const policy = fields.get("policy");
  if (policy === undefined) return UNLIMITED;
  return checkPolicy(parsePolicy(policy), new Map([...fields, ["bucket", bucket]]), service.now());
}

/** The file as it comes. Ends only when its size is right and the rest of the request has come too. */
async function* fileBytes(
  { file, parts }: Form,
  { leastBytes, mostBytes }: SizeRange,
): AsyncGenerator<Uint8Array> {
  let sizeBytes = 0;
  for await (const chunk of file.body) {
    sizeBytes += chunk.byteLength;
    if (sizeBytes > mostBytes) throw tooLarge(sizeBytes, mostBytes);
    yield chunk;
  }
  if (sizeBytes < leastBytes) throw tooSmall(sizeBytes, leastBytes);
  // What follows the file has no say, but a request that is cut off behind it was not a whole one.
  for await (const _ of parts);
}

function success(service: S3Service, bucket: string, { key, etag }: ObjectInfo, wished = "204"): Answer {
  const location = `${service.url()}/${encodeURIComponent(bucket)}/${encodeURIComponent(key)}`;
  const headers = { etag: `"${etag}"`, location };
  if (wished === "200") return { status: 200, headers };
  // S3 answers 204 to any status it does not know.
  if (wished !== "201") return { status: 204, headers };
  const answer = xmlAnswer(201, {
    PostResponse: { Location: location, Bucket: bucket, Key: key, ETag: `"${etag}"` },
  });
  return { ...answer, headers: { ...answer.headers, ...headers } };
}

function notAForm(): S3Error {
  return new S3Error(
    412,
    "PreconditionFailed",
    "At least one of the pre-conditions you specified did not hold",
    {
      Condition: "Bucket POST must be of the enclosure-type multipart/form-data",
    },
  );
}

function tooMuchBeforeFile(): S3Error {
  const message = "Your POST request fields preceding the upload file were too large.";
  return new S3Error(400, "MaxPostPreDataLengthExceeded", message, {
    MaxPostPreDataLengthBytes: String(MAX_BYTES_BEFORE_FILE),
  });
}

function tooLarge(sizeBytes: number, mostBytes: number): S3Error {
  const message = "Your proposed upload exceeds the maximum allowed size";
  return new S3Error(400, "EntityTooLarge", message, {
    ProposedSize: String(sizeBytes),
    MaxSizeAllowed: String(mostBytes),
  });
}

function tooSmall(sizeBytes: number, leastBytes: number): S3Error {
  const message = "Your proposed upload is smaller than the minimum allowed size";
  return new S3Error(400, "EntityTooSmall", message, {
    ProposedSize: String(sizeBytes),
    MinSizeAllowed: String(leastBytes),
  });
}
