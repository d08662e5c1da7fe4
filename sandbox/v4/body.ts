/** Request bodies: bytes as they arrive, and small bodies whole. */
import type { IncomingMessage } from "node:http";
import { GraphError, invalidParameter } from "./answer.ts";

/** The body of a request. */
export interface RequestBody {
  /**
   * Every byte that arrived, also of a request that is cut off, which then fails behind the last. To be read at most
   * once.
   */
  readonly bytes: AsyncIterable<Uint8Array>;
  /**
   * Throws away what nobody read, and what still comes. A client may still be sending what was refused: this lets it
   * get to its answer, where cutting the connection would give it a broken pipe.
   */
  discard(): void;
}

/** The client went away in the middle of its body. */
export class BodyCutOffError extends Error {
  override readonly name = "BodyCutOffError";
}

/** Most that waits to be read; a client that is faster is made to wait. */
const MAX_WAITING_BYTES = 2 ** 20;

/** The largest JSON or form that a request may carry. */
export const MAX_SMALL_BODY_BYTES = 2 ** 16;

/**
 * Begins to receive a body, at once: a stream that fails throws away what nobody has taken from it yet, and here that
 * would be bytes that arrived.
 *
 * @param onArrived told of every piece, in bytes, also of what is thrown away
 */
export function receiveBody(request: IncomingMessage, onArrived: (bytes: number) => void): RequestBody {
  const waiting: Uint8Array[] = [];
  let waitingBytes = 0;
  let isWhole = false;
  let isOver = false;
  let isDiscarded = false;
  let wake = () => {};

  request.on("data", (chunk: Uint8Array) => {
    onArrived(chunk.byteLength);
    if (isDiscarded) return;
    waiting.push(chunk);
    waitingBytes += chunk.byteLength;
    if (waitingBytes > MAX_WAITING_BYTES) request.pause();
    wake();
  });
  // Errors of the connection end in `close` as well.
  request.on("error", () => {});
  const end = () => {
    isOver = true;
    wake();
  };
  // `request.complete` would not do: it is true of a body that all came and was not all handed out.
  request.on("end", () => {
    isWhole = true;
    end();
  });
  request.on("close", end);

  const take = (): Uint8Array | undefined => {
    const chunk = waiting.shift();
    waitingBytes -= chunk?.byteLength ?? 0;
    if (request.isPaused() && waitingBytes <= MAX_WAITING_BYTES) request.resume();
    return chunk;
  };

  return {
    bytes: (async function* bytes() {
      for (;;) {
        const chunk = take();
        if (chunk !== undefined) yield chunk;
        else if (isOver) break;
        else await new Promise<void>((resolve) => (wake = resolve));
      }
      if (!isWhole) throw new BodyCutOffError("the client went away");
    })(),
    discard() {
      isDiscarded = true;
      waiting.length = 0;
      request.resume();
    },
  };
}

/**
 * Reads a JSON object.
 *
 * @throws {GraphError} when it is too large, or not one.
 */
export async function readJsonObject(
  body: AsyncIterable<Uint8Array>,
): Promise<Readonly<Record<string, unknown>>> {
  const content = parseJson(await readSmallBody(body));
  if (!isRecord(content)) throw invalidParameter("the body is not a JSON object");
  return content;
}

/**
 * Reads fields, from a form or from a JSON object, whichever the client sends.
 *
 * @throws {GraphError} when the body is too large, or neither.
 */
export async function readFields(
  body: AsyncIterable<Uint8Array>,
  contentType = "",
): Promise<ReadonlyMap<string, string>> {
  if (/^application\/x-www-form-urlencoded\b/i.test(contentType))
    return new Map(new URLSearchParams((await readSmallBody(body)).toString()));
  const fields = Object.entries(await readJsonObject(body));
  return new Map(fields.flatMap(([name, value]) => (isPlain(value) ? [[name, String(value)]] : [])));
}

/** What a text in UTF-8 says as JSON; undefined when it is none. */
export function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    return undefined;
  }
}

/** Whether something out of a JSON text is an object. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

async function readSmallBody(body: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  for await (const chunk of body) {
    sizeBytes += chunk.byteLength;
    if (sizeBytes > MAX_SMALL_BODY_BYTES)
      throw new GraphError(413, 1, `the body has more than ${MAX_SMALL_BODY_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function isPlain(value: unknown): value is string | number {
  return typeof value === "string" || typeof value === "number";
}
