import { createHash } from "node:crypto";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { expect, onTestFinished } from "vitest";
import { startV4StandIn, type V4StandIn, type V4StandInOptions } from "../../../sandbox/v4/stand-in.ts";
import { collect, send } from "../s3/fixture.ts";

export { collect, directoryForTest, patternedBytes } from "../s3/fixture.ts";

/** The shape of the keys that our client makes. */
export const KEY = "mly_tools_uuid_0123456789abcdef0123456789abcdef.jpg";

/** A stand-in that is stopped when the test ends. */
export async function startForTest(options: V4StandInOptions = {}): Promise<V4StandIn> {
  const standIn = await startV4StandIn(options);
  onTestFinished(() => standIn.stop());
  return standIn;
}

/** A clock to be moved by hand. */
export function clockForTest() {
  let nowMs = Date.parse("2026-06-01T00:00:00.000Z");
  const pass = (ms: number) => {
    nowMs += ms;
  };
  return { now: () => nowMs, pass };
}

/** What came back. */
export interface JsonAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  /** The body as JSON; undefined when it is none. */
  readonly json: unknown;
  readonly text: string;
}

/** What a request may carry. */
export interface Wish {
  readonly method?: string;
  /** Null for none. Default: the first user's. */
  readonly token?: string | null;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | string;
}

/** Sends a request to a path of the stand-in; the path goes out as it stands. */
export async function call(standIn: V4StandIn, path: string, wish: Wish = {}): Promise<JsonAnswer> {
  const { token = standIn.users[0]?.accessToken ?? null, body } = wish;
  const headers = { ...(token !== null && { authorization: `OAuth ${token}` }), ...wish.headers };
  const { hostname, port } = new URL(standIn.url);
  const options = { hostname, port, path, method: wish.method ?? "GET", headers };
  const response = await send(standIn.url, options, body);
  const text = response.body.toString();
  return { status: response.status, headers: response.headers, json: parse(text), text };
}

/** Asks where a session stands. */
export async function offsetOf(standIn: V4StandIn, key = KEY, token?: string): Promise<unknown> {
  const { json } = await call(standIn, pathOf(key), { ...(token !== undefined && { token }) });
  return fieldOf(json, "offset");
}

/** What an upload may differ in. */
export interface UploadWish {
  readonly key?: string;
  /** Default 0. */
  readonly offset?: number;
  readonly token?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Posts bytes to a session, as our client does. */
export function post(standIn: V4StandIn, body: Uint8Array, wish: UploadWish = {}): Promise<JsonAnswer> {
  const { key = KEY, offset = 0, token, headers } = wish;
  return call(standIn, pathOf(key), {
    method: "POST",
    headers: { offset: String(offset), ...headers },
    body,
    ...(token !== undefined && { token }),
  });
}

/** Uploads a whole file and gives its handle. */
export async function upload(
  standIn: V4StandIn,
  key: string,
  bytes: Uint8Array | string,
  token?: string,
): Promise<string> {
  const answer = await post(standIn, Buffer.from(bytes), { key, ...(token !== undefined && { token }) });
  expect(answer.status).toBe(200);
  return String(fieldOf(answer.json, "h"));
}

/** The bytes behind a handle. */
export async function imageOf(standIn: V4StandIn, handle: unknown): Promise<Buffer> {
  const bytes = standIn.openImage(String(handle));
  if (bytes === undefined) throw new Error(`there is no handle ${String(handle)}`);
  return await collect(bytes);
}

/** A manifest as the protocol has it. */
export function manifestOf(handles: readonly unknown[]): string {
  return JSON.stringify({ image_handles: handles, upload_type: "images", version: "1" });
}

/** Uploads a manifest of these images and gives its handle. */
export function uploadManifest(standIn: V4StandIn, handles: readonly string[]): Promise<string> {
  const content = manifestOf(handles);
  return upload(standIn, `uuid_${sha256(content).slice(0, 32)}.json`, content);
}

/** Asks to finish. */
export function finish(standIn: V4StandIn, fileHandle: unknown, rest: object = {}, token?: string) {
  const body = JSON.stringify({ file_handle: fileHandle, file_type: "mly_bundle_manifest", ...rest });
  const headers = { "content-type": "application/json" };
  const wish = { method: "POST", headers, body, ...(token !== undefined && { token }) };
  return call(standIn, "/finish_upload", wish);
}

/** The path of a session. */
export function pathOf(key: string): string {
  return `/mapillary_public_uploads/${encodeURIComponent(key)}`;
}

/** What rupload says when it refuses. */
export function debugInfo(type: string, retriable: boolean, message: unknown = expect.any(String)) {
  return { debug_info: { type, retriable, message } };
}

/** What the graph API says when it refuses. */
export function graphError(code: number, message: unknown, type = "OAuthException") {
  return { error: { code, message, type } };
}

/** A field of an answer; undefined when there is none. */
export function fieldOf(json: unknown, name: string): unknown {
  return typeof json === "object" && json !== null ? Reflect.get(json, name) : undefined;
}

/** The hexadecimal SHA-256. */
export function sha256(bytes: Uint8Array | string): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** A POST that is being written by hand. */
export interface OpenPost {
  readonly socket: Socket;
  /** Everything the server sends until it closes the connection. */
  readonly answered: Promise<string>;
}

/** Begins a POST to {@link KEY} that announces `sizeBytes` and carries `body`. */
export async function beginPost(
  standIn: V4StandIn,
  { offset = 0, sizeBytes, body }: { offset?: number; sizeBytes: number; body: Uint8Array },
): Promise<OpenPost> {
  const { hostname, port } = new URL(standIn.url);
  const socket = connect(Number(port), hostname);
  await once(socket, "connect");
  socket.on("error", () => {});
  const answered = (async () => {
    let text = "";
    for await (const chunk of socket.setEncoding("utf8").iterator({ destroyOnReturn: false })) text += chunk;
    return text;
  })().catch((error: Error) => error.message);
  const token = standIn.users[0]?.accessToken;
  const lines = [`POST ${pathOf(KEY)} HTTP/1.1`, "Host: x", `Authorization: OAuth ${token}`];
  lines.push(`Offset: ${offset}`, `Content-Length: ${sizeBytes}`, "", "");
  socket.write(lines.join("\r\n"));
  socket.write(body);
  return { socket, answered };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
