import type { IncomingHttpHeaders } from "node:http";
import type { Answer } from "./answer.ts";
import { decodeAwsChunked } from "./aws-chunked.ts";
import { verifyChecksums } from "./checksum.ts";
import { checkKey, keptHeaders } from "./new-object.ts";
import { incompleteBody, missingContentLength, S3Error } from "./s3-error.ts";
import { findStore, type S3Request, type S3Service } from "./service.ts";
import { parseTaggingHeader } from "./tagging.ts";

/** The largest object that one PUT may carry (AmazonS3/latest/userguide/upload-objects.html). */
export const MAX_PUT_BYTES = 5 * 2 ** 30;

/**
 * Stores the body, framed or plain, once it is complete and matches its checksums.
 *
 * @throws {S3Error} when it is incomplete, too large or damaged.
 */
export async function putObject(service: S3Service, request: S3Request): Promise<Answer> {
  const store = findStore(service, request.bucket);
  checkKey(request.key);
  const info = await store.put({
    key: request.key,
    modifiedMs: service.now(),
    headers: keptHeaders(objectHeaders(request.headers)),
    tags: parseTaggingHeader(headerText(request.headers, "x-amz-tagging") ?? ""),
    body: objectBytes(request),
  });
  await service.announce(request.bucket, info);
  return { status: 200, headers: { etag: `"${info.etag}"` } };
}

/** Removes an object; S3 does not say whether there was one. */
export async function deleteObject(service: S3Service, { bucket, key }: S3Request): Promise<Answer> {
  await findStore(service, bucket).delete(key);
  return { status: 204, headers: {} };
}

function objectBytes({ headers, body }: S3Request): AsyncIterable<Uint8Array> {
  const trailers = new Map<string, string>();
  const isFramed = contentCodings(headers).includes(AWS_CHUNKED);
  const sizeBytes = announcedSize(headers, isFramed ? "x-amz-decoded-content-length" : "content-length");
  const plain = isFramed ? decodeAwsChunked(body, (name, value) => trailers.set(name, value)) : body;
  const announced = [...Object.keys(headers), ...listItems(headerText(headers, "x-amz-trailer"))];
  return verifyChecksums(exactly(plain, sizeBytes), announced, (name) => {
    return trailers.get(name) ?? headerText(headers, name);
  });
}

const AWS_CHUNKED = "aws-chunked";

function announcedSize(headers: IncomingHttpHeaders, name: string): number {
  const text = headerText(headers, name);
  if (text === undefined) throw missingContentLength();
  const sizeBytes = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
  if (Number.isNaN(sizeBytes)) throw new S3Error(400, "InvalidArgument", `${name} is not a number of bytes`);
  if (sizeBytes <= MAX_PUT_BYTES) return sizeBytes;
  throw new S3Error(400, "EntityTooLarge", "Your proposed upload exceeds the maximum allowed size", {
    ProposedSize: text,
    MaxSizeAllowed: String(MAX_PUT_BYTES),
  });
}

async function* exactly(body: AsyncIterable<Uint8Array>, sizeBytes: number): AsyncGenerator<Uint8Array> {
  let left = sizeBytes;
  for await (const chunk of body) {
    left -= chunk.byteLength;
    if (left < 0) throw incompleteBody();
    yield chunk;
  }
  if (left > 0) throw incompleteBody();
}

/** The framing is undone before the object is stored, so it is no coding of the object. */
function objectHeaders(headers: IncomingHttpHeaders): [string, string][] {
  const codings = contentCodings(headers).filter((coding) => coding !== AWS_CHUNKED);
  const sent = Object.keys(headers).map((name): [string, string] => [name, headerText(headers, name) ?? ""]);
  return [...sent.filter(([name]) => name !== "content-encoding"), ["content-encoding", codings.join(",")]];
}

function contentCodings(headers: IncomingHttpHeaders): string[] {
  return listItems(headers["content-encoding"]);
}

function listItems(text: string | undefined): string[] {
  return (text ?? "").split(",").flatMap((item) => item.trim().toLowerCase() || []);
}

function headerText(headers: IncomingHttpHeaders, name: string): string | undefined {
  const value = headers[name];
  return Array.isArray(value) ? value.join(",") : value;
}
