/** rupload: where a session stands, and more of its bytes. */
import type { IncomingHttpHeaders } from "node:http";
import { type Answer, headerInvalid, jsonAnswer, partialRequest } from "./answer.ts";
import { authorize, type V4Request, type V4Service } from "./service.ts";

/**
 * GET of a session: how many of its bytes are there.
 *
 * @throws {UploadError} 401.
 */
export async function getOffset(service: V4Service, request: V4Request): Promise<Answer> {
  const user = authorize(service, request);
  const name = { userId: user.id, key: request.route.argument };
  const offset = await service.sessions.offsetOf(name);
  const isForgotten = offset > 0 && service.faults.forgetsSession(name.key);
  if (isForgotten) await service.sessions.forget(name);
  return jsonAnswer(200, { dc: "sandbox", offset: isForgotten ? 0 : offset });
}

/**
 * POST to a session: the bytes from its offset on, and when they are all there, its handle. A body of unknown length
 * (chunked) is taken too: so the official client sends it.
 *
 * @throws {UploadError} 400 when a header makes no sense; 401; 412 when the session does not end at the offset; 206 when
 *   `X-Entity-Length` says that there is more to come.
 */
export async function postBytes(service: V4Service, request: V4Request): Promise<Answer> {
  const user = authorize(service, request);
  const key = request.route.argument;
  const { offset, entityBytes } = readHeaders(request.headers, key);
  const name = { userId: user.id, key };
  const body = entityBytes === undefined ? request.body : atMost(request.body, entityBytes - offset);
  const bytes = await service.sessions.add(name, offset, body, request.onKept);
  if (entityBytes !== undefined && bytes.sizeBytes < entityBytes) throw partialRequest();
  const session = service.sessions.rowOf(name);
  if (session === undefined) throw new Error(`the session ${JSON.stringify(key)} is gone`);
  const handle = service.handles.give(session, bytes);
  service.sessions.setHandle(name, handle);
  return jsonAnswer(200, { h: handle });
}

interface UploadHeaders {
  readonly offset: number;
  /** Size of the whole file; absent when the end of the body is its end. */
  readonly entityBytes: number | undefined;
}

function readHeaders(headers: IncomingHttpHeaders, key: string): UploadHeaders {
  const offset = readSize(headers, "offset");
  if (offset === undefined) throw headerInvalid("The header Offset is required");
  const name = headers["x-entity-name"];
  if (name !== undefined && !isKey(name, key))
    throw headerInvalid("The header X-Entity-Name does not match the path");
  const entityBytes = readSize(headers, "x-entity-length");
  const contentBytes = readSize(headers, "content-length") ?? 0;
  if (entityBytes !== undefined && offset + contentBytes > entityBytes) throw beyondEnd();
  return { offset, entityBytes };
}

function readSize(headers: IncomingHttpHeaders, name: string): number | undefined {
  const text = headers[name];
  if (text === undefined) return undefined;
  const size = typeof text === "string" && /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
  if (Number.isSafeInteger(size)) return size;
  throw headerInvalid(`The header ${name} is not a number of bytes`);
}

/** A header has no say in its encoding; clients send UTF-8, or encode it as in the path. */
function isKey(name: string | readonly string[], key: string): boolean {
  if (typeof name !== "string") return false;
  return name === key || Buffer.from(name, "latin1").toString() === key || name === encodeURIComponent(key);
}

/** Passes a body on up to a limit. What goes beyond is refused and not kept. */
async function* atMost(body: AsyncIterable<Uint8Array>, limitBytes: number): AsyncGenerator<Uint8Array> {
  let left = limitBytes;
  for await (const chunk of body) {
    if (left > 0) yield chunk.subarray(0, left);
    left -= chunk.byteLength;
    if (left < 0) throw beyondEnd();
  }
}

function beyondEnd(): Error {
  return headerInvalid("There are more bytes than the header X-Entity-Length says");
}
