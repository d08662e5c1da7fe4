/** What the fault dial does to the two bodies of an exchange, and how an answer goes out. */
import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { setImmediate as nextTurn, setTimeout as sleep } from "node:timers/promises";
import { dropAfter, type Fault, throttle } from "../faults.ts";
import { type Answer, errorAnswer } from "./answer.ts";
import { S3Error } from "./s3-error.ts";

/** The answer that the fault dial gives instead of the operation's. */
export function faultAnswer(fault: Extract<Fault, { kind: "answer" }>, requestId: string): Answer {
  const message = fault.message ?? "The fault dial of the sandbox answered this.";
  const answer = errorAnswer(new S3Error(fault.status, fault.code, message), requestId);
  const headers = { ...answer.headers, ...fault.headers };
  return { ...answer, headers, ...(fault.body === undefined ? {} : { body: fault.body }) };
}

/** The body of a request. */
export interface RequestBody {
  /** The bytes, as the fault dial lets them through. To be read at most once. */
  readonly bytes: AsyncIterable<Uint8Array>;
  /**
   * Reads on and throws away what nobody read. A client may still be sending what was refused: this lets it get to its
   * answer, where cutting the connection would give it a broken pipe.
   */
  drain(): Promise<void>;
}

/** Puts the fault dial in front of a request's body. */
export function receiveBody(
  request: IncomingMessage,
  fault: Fault | undefined,
  signal: AbortSignal,
): RequestBody {
  // Refusing a request in the middle of its body must not cut the connection, over which the refusal still has to go.
  const source = request.iterator({ destroyOnReturn: false });
  return {
    bytes: faultyBytes(source, fault, signal),
    async drain() {
      // An abandoned iterator would hold on to the request, which then would not flow.
      await source.return?.();
      request.resume();
    },
  };
}

function faultyBytes(
  source: AsyncIterable<Uint8Array>,
  fault: Fault | undefined,
  signal: AbortSignal,
): AsyncIterable<Uint8Array> {
  if (fault?.kind === "drop-request") return dropAfter(source, fault.afterBytes);
  if (fault?.kind === "slow" && fault.bytesPerSecond !== undefined)
    return throttle(source, fault.bytesPerSecond, signal);
  return source;
}

/** What goes with an answer. */
export interface SendOptions {
  /** S3's name for this exchange. */
  readonly requestId: string;
  readonly fault: Fault | undefined;
  /** Gives up when it aborts. */
  readonly signal: AbortSignal;
}

/**
 * Sends an answer.
 *
 * @throws when the connection does not last; it is for the caller to close it.
 */
export async function sendAnswer(
  response: ServerResponse,
  answer: Answer,
  options: SendOptions,
): Promise<void> {
  const { requestId, fault, signal } = options;
  try {
    if (fault?.kind === "slow") await sleep(fault.delayMs ?? 0, undefined, { signal });
    const { headers, body, sizeBytes } = readContent(answer, response.req.method);
    const ids = { "x-amz-request-id": requestId, "x-amz-id-2": "sandbox" };
    response.writeHead(answer.status, { ...answer.headers, ...headers, ...ids, server: "S3Sandbox" });
    if (fault?.kind === "drop-response") {
      await sendBeginning(response, body, Math.min(fault.afterBytes, sizeBytes - 1));
    }
    const isPaced = fault?.kind === "slow" && fault.bytesPerSecond !== undefined;
    await pipeline(isPaced ? throttle(body, fault.bytesPerSecond, signal) : body, response, { signal });
  } finally {
    await answer.close?.();
  }
}

interface Content {
  /** The length, where the answer does not tell it. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: AsyncIterable<Uint8Array>;
  readonly sizeBytes: number;
}

function readContent({ status, headers, body }: Answer, method: string | undefined): Content {
  // These say everything in their headers; HTTP forbids them a body.
  const isBodiless = method === "HEAD" || status === 204 || status === 304;
  if (isBodiless) return { headers: {}, body: Readable.from([]), sizeBytes: 0 };
  if (typeof body === "object") return { headers: {}, body, sizeBytes: Number(headers["content-length"]) };
  const bytes = Buffer.from(body ?? "");
  const length = { "content-length": String(bytes.byteLength) };
  return { headers: length, body: Readable.from([bytes]), sizeBytes: bytes.byteLength };
}

/** Sends the first bytes of an answer, makes sure that they are out, and fails. With nothing to send, sends nothing. */
async function sendBeginning(
  response: ServerResponse,
  body: AsyncIterable<Uint8Array>,
  bytes: number,
): Promise<never> {
  const beginning = dropAfter(body, bytes);
  for (;;) {
    try {
      const { value } = await beginning.next();
      if (value !== undefined) await write(response, value);
    } catch (error) {
      // The kernel takes the bytes with the head; closing at once could throw them away.
      if (bytes > 0) await flushed(response);
      throw error;
    }
  }
}

async function write(response: ServerResponse, bytes: Uint8Array): Promise<void> {
  if (response.write(bytes)) return;
  // A client that goes away never drains what it was sent.
  await Promise.race([once(response, "drain"), once(response, "close")]);
  if (response.destroyed) throw new Error("the client went away");
}

async function flushed(response: ServerResponse): Promise<void> {
  // Node gathers what is written in one turn of its loop; only the next turn sends it off.
  await nextTurn();
  const { socket } = response;
  if (socket === null || socket.destroyed) return;
  await new Promise<void>((resolve) => socket.write("", () => resolve()));
}
