/** What faults do to the two bodies of an exchange, and how an answer goes out. */
import type { ServerResponse } from "node:http";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { ConnectionDroppedError, dropAfter, type Fault, throttle } from "../faults.ts";
import { type Answer, errorAnswer, GraphError, type StreamedBody, UploadError } from "./answer.ts";
import type { Strike } from "./faults.ts";
import type { Route } from "./routes.ts";

/** The answer that a fault gives in the operation's place. */
export function faultAnswer(fault: Extract<Fault, { kind: "answer" }>, { service }: Route): Answer {
  const { status, code, message = "The stand-in was told to answer this." } = fault;
  const error =
    service === "upload"
      ? new UploadError(status, code, message, status >= 500)
      : new GraphError(status, 1, message, code);
  const answer = errorAnswer(error, service);
  const headers = { ...answer.headers, ...fault.headers };
  return { status, headers, body: fault.body ?? answer.body };
}

/** Puts a fault in front of a request's body. */
export function faultyBytes(
  bytes: AsyncIterable<Uint8Array>,
  { fault, dropAfterBytes }: Strike,
  signal: AbortSignal,
): AsyncIterable<Uint8Array> {
  if (dropAfterBytes !== null) return dropBeyond(bytes, dropAfterBytes);
  if (fault?.kind === "drop-request") return dropAfter(bytes, fault.afterBytes);
  if (fault?.kind === "slow" && fault.bytesPerSecond !== undefined)
    return throttle(bytes, fault.bytesPerSecond, signal);
  return bytes;
}

/** Passes `limit` bytes on, then fails if there are more: what is no longer gets through, or no upload would ever end. */
async function* dropBeyond(bytes: AsyncIterable<Uint8Array>, limit: number): AsyncGenerator<Uint8Array> {
  let left = limit;
  for await (const chunk of bytes) {
    if (left > 0) yield chunk.subarray(0, left);
    left -= chunk.byteLength;
    if (left < 0) throw new ConnectionDroppedError("the fault dial cut the connection");
  }
}

/** How much later the answer has to come, in ms. */
export function delayOf({ fault, delayMs }: Strike): number {
  return Math.max(delayMs, fault?.kind === "slow" ? (fault.delayMs ?? 0) : 0);
}

/**
 * Sends an answer, or what a fault leaves of it.
 *
 * @throws when the connection does not last; it is for the caller to close it.
 */
export async function sendAnswer(
  response: ServerResponse,
  { status, headers, body }: Answer,
  fault: Fault | undefined,
  signal: AbortSignal,
): Promise<void> {
  const { sizeBytes, bytes } = typeof body === "string" ? heldBody(body) : body;
  response.writeHead(status, { ...headers, "content-length": sizeBytes });
  if (fault?.kind === "drop-response")
    return await sendBeginning(response, bytes, Math.min(fault.afterBytes, sizeBytes - 1));
  await pipeline(bytes, response, { signal });
}

function heldBody(text: string): StreamedBody {
  const bytes = Buffer.from(text);
  return { sizeBytes: bytes.byteLength, bytes: Readable.from([bytes]) };
}

/** Sends so many bytes of an answer and drops the connection; with none, not even the status is sent. */
async function sendBeginning(
  response: ServerResponse,
  body: AsyncIterable<Uint8Array>,
  bytes: number,
): Promise<void> {
  for await (const chunk of dropAfter(body, bytes))
    await new Promise<void>((resolve) => response.write(chunk, () => resolve()));
}
