/**
 * One request and its answer, whose body streams through: the request begins, blocks are pulled from the source and
 * written as fast as the server takes them, the answer is read. An answer may come at any moment and ends the sending.
 */
import type { ClientRequest, IncomingMessage } from "node:http";
import { type Attempt, type AttemptRequest, startAttempt } from "./attempt.http.ts";
import type { Content } from "./destination.ts";

/** What is sent, and how. The lengths of preamble, content and closing make the content length. */
export interface ExchangeRequest extends AttemptRequest {
  /** Sent before the content. */
  readonly preamble?: Uint8Array;
  /** Absent: the closing is all of the body. */
  readonly content?: Content;
  /** Exact size of the content. Default 0. */
  readonly sizeBytes?: number;
  /**
   * Sent after the content, and only when that had its exact size: it makes the body whole. Where there is none, the
   * last byte of the content is held back to do so.
   */
  readonly closing?: Uint8Array;
}

/** How it ended, if not by an error of ours. */
export type Exchange =
  | {
      readonly kind: "answer";
      readonly status: number;
      readonly retryAfter?: string;
      /** At most {@link MAX_BODY_BYTES} of it. */
      readonly body: string;
      /** Whether the body came to its end, in whole or too long to keep. */
      readonly bodyWhole: boolean;
      /** Whether all we had to send had left us when the answer was over. */
      readonly sentWhole: boolean;
    }
  | {
      readonly kind: "fault";
      /** Node's error code, or a time-out's name. */
      readonly code: string;
      /** As Node words it. */
      readonly message: string;
      readonly reusedConnection: boolean;
      /** Whether a connection stood, so that something of the request may have arrived. */
      readonly mayHaveArrived: boolean;
    };

/** How much of an answer is kept: error documents have less than 2 KiB. */
const MAX_BODY_BYTES = 64 * 2 ** 10;

/**
 * How long an answer waits for our last block to be reported as written. The report normally precedes the answer; it
 * is missing for good when the server answered without reading.
 */
const FLUSH_GRACE_MS = 1_000;

/** Nothing to send. */
const EMPTY = new Uint8Array();

/**
 * Sends a request and reads its answer.
 *
 * @throws what the source throws, an error when the content is not `sizeBytes` long, or the signal's reason. The
 *   connection is then broken off, so that the server cannot take the body for whole.
 */
export async function exchange(request: ExchangeRequest, signal: AbortSignal): Promise<Exchange> {
  signal.throwIfAborted();
  const attempt = startAttempt(request, signal);
  try {
    await pump(request, attempt);
    const ending = await attempt.ending;
    if (ending.kind === "aborted") throw signal.reason;
    if (ending.kind === "fault") return { ...ending, ...attempt.connection() };
    return await answerOf(ending.response, attempt);
  } finally {
    attempt.release();
  }
}

/** Hands everything over, unless the attempt ends before. */
async function pump(request: ExchangeRequest, attempt: Attempt): Promise<void> {
  const { preamble = EMPTY, content, sizeBytes = 0 } = request;
  if (content === undefined) {
    attempt.request.end(request.closing);
    return;
  }
  // On its own: what Node writes together with the headers, it copies first.
  const opening = attempt.write(preamble);
  if (!(await attempt.untilEnded(opening))) return;
  const body = writeBody(attempt, opening, request);
  let previous = opening;
  for (const block of content.head) previous = body.write(block);
  for (;;) {
    const pulled = await attempt.pull(content.rest);
    if (pulled === undefined) return;
    if (pulled.done === true) break;
    if (!(await attempt.untilEnded(nextTurn()))) return;
    const current = body.write(pulled.value);
    // At most two blocks are under way: memory is bounded, and a block whose successor's successor is asked for is
    // free again (the contract of Content).
    if (!(await attempt.untilEnded(previous))) return;
    previous = current;
  }
  if (body.writtenBytes() < sizeBytes)
    throw new Error(`the photo ended after ${body.writtenBytes()} of ${sizeBytes} bytes`);
  attempt.request.end(body.closing());
}

/** Writes a content's blocks, and keeps back what makes the body whole. */
function writeBody(
  attempt: Attempt,
  opening: Promise<void>,
  { sizeBytes = 0, closing }: Pick<ExchangeRequest, "sizeBytes" | "closing">,
) {
  let writtenBytes = 0;
  let previous = opening;
  let last = closing;
  return {
    writtenBytes: () => writtenBytes,
    closing: () => last,
    /** Resolves when the block has been handed to the system. */
    write(block: Uint8Array): Promise<void> {
      if (block.byteLength === 0) return previous;
      writtenBytes += block.byteLength;
      // What makes the body whole is not out yet, so what was written is none.
      if (writtenBytes > sizeBytes)
        throw new Error(`the photo is longer than the ${sizeBytes} bytes announced`);
      const isLast = closing === undefined && writtenBytes === sizeBytes;
      // Copied, since its owner has the block back before the source is known to have ended.
      if (isLast) last = Uint8Array.from(block.subarray(-1));
      previous = attempt.write(isLast ? block.subarray(0, -1) : block);
      return previous;
    },
  };
}

/**
 * Lets answers in that arrived together with the block. A server that refuses a body may close at once, and Node
 * drops an answer it has not read when a write meets the closed connection.
 */
function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

async function answerOf(response: IncomingMessage, attempt: Attempt): Promise<Exchange> {
  const status = response.statusCode ?? 0;
  const retryAfter = response.headers["retry-after"];
  const body = await readBody(response, attempt);
  return {
    kind: "answer",
    status,
    ...(retryAfter === undefined ? {} : { retryAfter }),
    body,
    bodyWhole: response.complete,
    sentWhole: await isFlushed(attempt.request),
  };
}

/** Reads to the end, so that the connection can be used again, and keeps the beginning. */
function readBody(response: IncomingMessage, attempt: Attempt): Promise<string> {
  const kept: Buffer[] = [];
  let room = MAX_BODY_BYTES;
  response.on("data", (block: Buffer) => {
    attempt.noteProgress();
    kept.push(block.subarray(0, room));
    room = Math.max(0, room - block.byteLength);
  });
  return new Promise((resolve) => {
    const finish = (): void => resolve(Buffer.concat(kept).toString("utf8"));
    // A connection that breaks takes the rest of the body with it; the status stands.
    response.once("end", finish).once("close", finish);
    if (response.closed) finish();
  });
}

async function isFlushed(request: ClientRequest): Promise<boolean> {
  if (request.writableFinished) return true;
  if (!request.writableEnded || request.destroyed) return false;
  return await new Promise((resolve) => {
    const timer = setTimeout(() => resolve(false), FLUSH_GRACE_MS);
    request.once("finish", () => {
      clearTimeout(timer);
      resolve(true);
    });
  });
}
