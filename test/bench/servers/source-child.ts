/**
 * An S3 that has every photo: `/{bucket}/{run}/{sizeBytes}/{filename}`. Signatures are not checked: what is measured is
 * the client.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer } from "node:https";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { setTimeout as delay } from "node:timers/promises";
import { crc32 } from "node:zlib";
import { makeBody } from "../photo-body.ts";
import { etagOf } from "../photo-key.ts";
import { createTally } from "./counts.ts";
import { reportToDriver, TLS_OPTIONS } from "./report-to-driver.ts";

/** Large enough that a slice costs little beside its encryption, small enough that eight readers share fairly. */
const SLICE_BYTES = 256 * 2 ** 10;

const firstByteDelayMs = Number(process.argv[2]);
const tally = createTally();
const bodies = new Map<number, { readonly bytes: Buffer; readonly crc32: string }>();

function bodyOf(sizeBytes: number) {
  const known = bodies.get(sizeBytes);
  if (known !== undefined) return known;
  const bytes = makeBody(sizeBytes);
  const checksum = Buffer.alloc(4);
  checksum.writeUInt32BE(crc32(bytes));
  const made = { bytes, crc32: checksum.toString("base64") };
  bodies.set(sizeBytes, made);
  return made;
}

function* slicesOf(bytes: Buffer): Generator<Buffer> {
  for (let at = 0; at < bytes.length; at += SLICE_BYTES) yield bytes.subarray(at, at + SLICE_BYTES);
}

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const [path = ""] = (request.url ?? "").split("?", 1);
  const [, key, size, filename] = /^\/[^/]+\/([^/]+\/(\d+)\/([^/]+))$/.exec(path) ?? [];
  tally.count(request.method ?? "");
  if (request.method !== "GET" || key === undefined || filename === undefined) {
    response.writeHead(405).end();
    return;
  }
  tally.note(filename);
  const etag = `"${etagOf(key)}"`;
  if (![undefined, etag].includes(request.headers["if-match"])) {
    response.writeHead(412).end();
    return;
  }
  const { bytes, crc32 } = bodyOf(Number(size));
  if (firstByteDelayMs > 0) await delay(firstByteDelayMs);
  response.writeHead(200, {
    "Content-Type": "image/jpeg",
    "Content-Length": bytes.length,
    ETag: etag,
    "Accept-Ranges": "bytes",
    "Last-Modified": "Wed, 01 May 2024 10:00:00 GMT",
    // Since December 2024 S3 has a checksum of every object, and tells it to whoever asks. This one is the cheapest.
    ...(request.headers["x-amz-checksum-mode"] === "ENABLED" && { "x-amz-checksum-crc32": crc32 }),
  });
  await pipeline(Readable.from(slicesOf(bytes), { highWaterMark: 1 }), response);
}

const server = createServer(TLS_OPTIONS, (request, response) => {
  answer(request, response).catch((error: unknown) => {
    tally.complain(`GET ${request.url}: ${error}`);
    response.destroy();
  });
});
reportToDriver(server, tally);
