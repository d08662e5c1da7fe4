import type { Readable } from "node:stream";
import { GetObjectCommand, HeadObjectCommand, type S3Client, S3ServiceException } from "@aws-sdk/client-s3";
import { nameOf, type PhotoAddress } from "./object-address.ts";
import { type OpenPhoto, PhotoGoneError, type PhotoRef, type PhotoSource } from "./photo.ts";
import { contentRange } from "./response-head.ts";

/** What S3 calls an object, or a version of it, that is not there. A missing bucket is another matter. */
const GONE_CODES = new Set(["NoSuchKey", "NoSuchVersion"]);

/**
 * Reads photos through the SDK.
 *
 * Whatever is not about the one photo comes out as the SDK throws it: a missing bucket, a refused access, a server
 * that fails. A role that may read objects but not list the bucket is refused a deleted object with 403 instead of
 * 404: grant `s3:ListBucket`, or a deleted photo looks like a broken world.
 *
 * @param client should have `responseChecksumValidation: "WHEN_REQUIRED"`: checking every body costs 15 % more CPU,
 *   and TLS, the length and the ETag vouch for it already. Time limits are the client's request handler's.
 */
export function createSdkPhotoSource(client: S3Client): PhotoSource {
  async function open(ref: PhotoRef, signal: AbortSignal, fromBytes = 0): Promise<OpenPhoto> {
    const command = getCommand(ref, fromBytes);
    const answer = await translated(ref, signal, () => client.send(command, { abortSignal: signal }));
    const body = streamOf(answer.Body);
    try {
      if (fromBytes > 0) assertSamePart(ref, answer, fromBytes);
      else assertSameBytes(ref, answer);
    } catch (error) {
      body.destroy();
      throw error;
    }
    return openPhoto(ref, body, signal, ref.sizeBytes - fromBytes);
  }

  async function identify(ref: PhotoAddress): Promise<PhotoRef> {
    try {
      return identified(ref, await client.send(new HeadObjectCommand(address(ref))));
    } catch (error) {
      if (statusOf(error) !== 404) throw error;
    }
    // An answer to HEAD has no body, so 404 may mean the object or the bucket: a GET tells.
    const answer = await translated(ref, undefined, () => client.send(new GetObjectCommand(address(ref))));
    streamOf(answer.Body).destroy();
    return identified(ref, answer);
  }

  return { open, identify };
}

function getCommand(ref: PhotoRef, fromBytes: number): GetObjectCommand {
  const part = fromBytes > 0 ? { Range: `bytes=${fromBytes}-` } : {};
  return new GetObjectCommand({ ...address(ref), IfMatch: `"${ref.etag}"`, ...part });
}

function address({ bucket, key, versionId }: PhotoAddress) {
  return { Bucket: bucket, Key: key, ...(versionId === undefined ? {} : { VersionId: versionId }) };
}

/** Runs a call, and turns what it says about the photo into our error. */
async function translated<T>(
  ref: PhotoAddress,
  signal: AbortSignal | undefined,
  call: () => Promise<T>,
): Promise<T> {
  try {
    return await call();
  } catch (error) {
    // The SDK throws an error of its own where the contract of a signal is its reason.
    if (signal?.aborted) throw signal.reason;
    if (statusOf(error) === 412) {
      throw new PhotoGoneError("source-changed", `${nameOf(ref)} was overwritten since its event`, {
        cause: error,
      });
    }
    if (error instanceof Error && GONE_CODES.has(error.name)) {
      throw new PhotoGoneError("source-gone", `${nameOf(ref)} is no longer there`, { cause: error });
    }
    throw error;
  }
}

function statusOf(error: unknown): number | undefined {
  return error instanceof S3ServiceException ? error.$metadata.httpStatusCode : undefined;
}

/** Some S3 servers ignore If-Match, so the answer is held against the ref. */
function assertSameBytes(
  ref: PhotoRef,
  answer: { ETag?: string | undefined; ContentLength?: number | undefined },
): void {
  const found = identified(ref, answer);
  if (found.etag === ref.etag && found.sizeBytes === ref.sizeBytes) return;
  const what =
    found.etag === ref.etag ? `${found.sizeBytes} bytes instead of ${ref.sizeBytes}` : "another ETag";
  throw new PhotoGoneError(
    "source-changed",
    `${nameOf(ref)} has ${what}: it was overwritten since its event`,
  );
}

/** A server that knows no ranges sends the whole: that is no fault of the photo's. */
function assertSamePart(
  ref: PhotoRef,
  { ContentRange: found, ETag: etag = "" }: { ContentRange?: string | undefined; ETag?: string | undefined },
  fromBytes: number,
): void {
  if (bareEtag(etag) !== ref.etag)
    throw new PhotoGoneError("source-changed", `${nameOf(ref)} has another ETag: it was overwritten`);
  const expected = contentRange({ sizeBytes: ref.sizeBytes, fromBytes });
  if (found !== expected)
    throw new Error(`S3 answered for ${nameOf(ref)} with the range ${found}; expected ${expected}`);
}

function identified(
  { bucket, key, versionId }: PhotoAddress,
  answer: { ETag?: string | undefined; ContentLength?: number | undefined },
): PhotoRef {
  const { ETag: etag, ContentLength: sizeBytes } = answer;
  if (etag === undefined || sizeBytes === undefined) {
    const missing = etag === undefined ? "ETag" : "Content-Length";
    throw new Error(
      `S3 answered for ${nameOf({ bucket, key })} without ${missing}; expected both ETag and length`,
    );
  }
  return { bucket, key, ...(versionId === undefined ? {} : { versionId }), etag: bareEtag(etag), sizeBytes };
}

function bareEtag(header: string): string {
  return header.replace(/^W\//u, "").replace(/^"(.*)"$/u, "$1");
}

/** In Node the SDK's body is the socket's stream; its type also covers browsers. */
function streamOf(body: unknown): Readable {
  if (isReadable(body)) return body;
  throw new Error("the S3 client gave a body that is no Node stream; use its Node request handler");
}

function isReadable(body: unknown): body is Readable {
  return typeof body === "object" && body !== null && "destroy" in body && Symbol.asyncIterator in body;
}

function openPhoto(ref: PhotoRef, body: Readable, signal: AbortSignal, askedBytes: number): OpenPhoto {
  const abort = (): void => {
    body.destroy(signal.reason);
  };
  // A connection may break while nobody reads; the reader gets the error when it comes.
  body.on("error", () => {});
  body.once("close", () => signal.removeEventListener("abort", abort));
  signal.addEventListener("abort", abort, { once: true });
  if (signal.aborted) abort();
  return {
    body: exactly(ref, body, askedBytes),
    close: () => {
      body.destroy();
    },
  };
}

async function* exactly(
  ref: PhotoRef,
  body: Readable,
  askedBytes: number,
): AsyncGenerator<Uint8Array, void, undefined> {
  let readBytes = 0;
  for await (const block of body) {
    readBytes += block.byteLength;
    if (readBytes > askedBytes) {
      throw new Error(`${nameOf(ref)} sent more than its ${askedBytes} bytes`);
    }
    yield block;
  }
  if (readBytes < askedBytes) {
    throw new Error(`${nameOf(ref)} ended after ${readBytes} of ${askedBytes} bytes`);
  }
}
