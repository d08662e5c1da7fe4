import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { type IncomingHttpHeaders, type RequestOptions, request } from "node:http";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { S3Client } from "@aws-sdk/client-s3";
import { expect, onTestFinished } from "vitest";
import { createMemoryStore } from "../../../sandbox/s3/memory-store.ts";
import type { ObjectStore } from "../../../sandbox/s3/object-store.ts";
import { type S3Sandbox, type S3SandboxOptions, startS3Sandbox } from "../../../sandbox/s3/server.ts";

/** A sandbox with a bucket named `photos`, stopped when the test ends. */
export async function startForTest(
  options: Partial<S3SandboxOptions> = {},
): Promise<S3Sandbox & { readonly store: ObjectStore }> {
  const store = createMemoryStore();
  const sandbox = await startS3Sandbox({ buckets: { photos: store }, ...options });
  onTestFinished(() => sandbox.stop());
  return { ...sandbox, store };
}

/** The real SDK's client, told not to hide failures by trying again. */
export function clientFor({ url }: S3Sandbox): S3Client {
  const client = new S3Client({
    endpoint: url,
    forcePathStyle: true,
    region: "us-east-1",
    credentials: { accessKeyId: "anyone", secretAccessKey: "anything" },
    maxAttempts: 1,
  });
  onTestFinished(() => client.destroy());
  return client;
}

/** A directory that is removed when the test ends. */
export async function directoryForTest(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "s3-sandbox-"));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

/** What came back. */
export interface Response {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  /** The code of S3's error document; undefined when there is none. */
  readonly code: string | undefined;
}

/** Sends a request without an SDK in between. */
export async function send(
  url: string,
  options: RequestOptions,
  body?: Uint8Array | string,
): Promise<Response> {
  const sent = request(url, { agent: false, ...options });
  sent.end(body);
  const [response] = await once(sent, "response");
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk);
  const content = Buffer.concat(chunks);
  const code = /<Code>(.*?)<\/Code>/.exec(content.toString())?.[1];
  return { status: response.statusCode, headers: response.headers, body: content, code };
}

/** A request that will not be completed. */
export interface HalfRequest {
  /** Request line and headers. */
  readonly head: string;
  readonly body: Uint8Array;
}

/** Writes bytes to the server's socket and closes it once the server is seen to be in the middle of the request. */
export async function sendAndHangUp(
  { url }: S3Sandbox,
  { head, body }: HalfRequest,
  isMidway: () => boolean | Promise<boolean>,
): Promise<void> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  await once(socket, "connect");
  socket.on("error", () => {});
  socket.resume();
  socket.write(`${head.replaceAll("\n", "\r\n")}\r\n\r\n`);
  socket.write(body);
  await expect.poll(isMidway).toBe(true);
  socket.destroy();
  await once(socket, "close");
}

/** All bytes of a body. */
export async function collect(body: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** All keys of a store from `after` on. */
export async function listKeys(store: ObjectStore, prefix = "", after?: string): Promise<string[]> {
  const keys: string[] = [];
  for await (const key of store.keys({ prefix, after })) keys.push(key);
  return keys;
}

/** A body in pieces, which fails behind the last when told to. */
export async function* pieces(
  parts: readonly (Uint8Array | string)[],
  failure?: Error,
): AsyncGenerator<Uint8Array> {
  for (const part of parts) yield Buffer.from(part);
  if (failure !== undefined) throw failure;
}

/** Bytes that differ from their neighbours, so that a shifted or repeated piece shows. */
export function patternedBytes(sizeBytes: number): Buffer {
  const bytes = Buffer.alloc(sizeBytes);
  for (let i = 0; i < sizeBytes; i++) bytes[i] = (i * 31 + (i >>> 8) * 7 + (i >>> 16)) & 0xff;
  return bytes;
}
