/**
 * One file to the upload service. Its session is asked where it stands, at every attempt and by every worker, and gets
 * the bytes from there on; the answer to the last of them is the file's handle. What an attempt leaves behind when it
 * fails is the bytes that arrived, for the next one to go on from; a body that is cut short never makes a whole file,
 * since its length is announced twice, for the body and for the file.
 */
import { outcomeOfFault } from "./answer.ts";
import type { Timeouts } from "./attempt.http.ts";
import type { Later, Outcome, Payload } from "./destination.ts";
import type { Exchange } from "./exchange.http.ts";
import type { Redactor } from "./redact.ts";
import { offsetOf, outcomeOfUpload } from "./v4-answer.ts";
import type { Wire } from "./v4-wire.http.ts";

/** A file on its way. */
export interface Parcel {
  readonly sessionKey: string;
  readonly sizeBytes: number;
  readonly payload: Payload;
}

/** Who sends it, and where to. */
export interface UploadParts {
  readonly wire: Wire;
  /** Without a slash at its end. */
  readonly endpoint: string;
  readonly accessToken: string;
  readonly redactor: Redactor;
  readonly timeouts: Timeouts;
  /** When the attempt began, as `performance.now()` told it. */
  readonly begunMs: number;
  /** ms since 1970. */
  readonly now: () => number;
}

/**
 * How often one attempt asks a session anew that turns out to stand elsewhere. Once is a session that was forgotten or
 * went on meanwhile; a server that says so every time, or another worker that is sending to the same session, is better
 * left alone for a while.
 */
const MAX_ROUNDS = 3;

/**
 * Makes one attempt.
 *
 * @throws what the payload throws, an error when it is not as long as promised, or the signal's reason
 */
export async function upload(
  parts: UploadParts,
  parcel: Parcel,
  signal: AbortSignal,
): Promise<Exclude<Outcome, { kind: "resume" }>> {
  for (let round = 1; round <= MAX_ROUNDS; round += 1) {
    const outcome = await goOn(parts, parcel, signal);
    if (outcome.kind !== "resume") return outcome;
  }
  const message = `the session stood elsewhere than it said, ${MAX_ROUNDS} times in a row`;
  return { kind: "later", code: "offset-invalid", message };
}

async function goOn(parts: UploadParts, parcel: Parcel, signal: AbortSignal): Promise<Outcome> {
  const offset = await askOffset(parts, parcel, signal);
  if (typeof offset !== "number") return offset;
  if (offset > parcel.sizeBytes) return spoilt(offset, parcel);
  const result = await postFrom(parts, parcel, offset, signal);
  if (result.kind === "fault") return outcomeOfWireFault(result, parts.redactor);
  return outcomeOfUpload(result, { redactor: parts.redactor, nowMs: parts.now() });
}

async function askOffset(
  parts: UploadParts,
  { sessionKey }: Parcel,
  signal: AbortSignal,
): Promise<ReturnType<typeof offsetOf>> {
  const result = await parts.wire.call({ ...callOf(parts, sessionKey), method: "GET" }, signal);
  if (result.kind === "fault") return outcomeOfWireFault(result, parts.redactor);
  return offsetOf(result, { redactor: parts.redactor, nowMs: parts.now() });
}

async function postFrom(
  parts: UploadParts,
  { sessionKey, sizeBytes, payload }: Parcel,
  offset: number,
  signal: AbortSignal,
): Promise<Exchange> {
  const headers = {
    Offset: String(offset),
    "X-Entity-Name": encodeURIComponent(sessionKey),
    "X-Entity-Length": String(sizeBytes),
  };
  const call = { ...callOf(parts, sessionKey), method: "POST", headers } as const;
  // All bytes are there: an empty body asks for the handle.
  if (offset === sizeBytes) return await parts.wire.call(call, signal);
  const content = await payload.open(offset, signal);
  return await parts.wire.call({ ...call, body: { content, sizeBytes: sizeBytes - offset } }, signal);
}

function callOf({ endpoint, accessToken, timeouts, begunMs }: UploadParts, sessionKey: string) {
  return {
    url: `${endpoint}/${encodeURIComponent(sessionKey)}`,
    authorization: accessToken,
    timeouts,
    begunMs,
  };
}

/**
 * Other bytes than ours are in it, and there is no way to take them out. Sessions do not last for ever: when it has been
 * forgotten, its offset is 0 again.
 */
function spoilt(offset: number, { sizeBytes }: Parcel): Later {
  const message = `the session holds ${offset} bytes, the file has ${sizeBytes}`;
  return { kind: "later", code: "session-spoilt", message };
}

/**
 * As in the bucket lane: a fault says nothing about the photo, a certificate that does not hold says it of all. No
 * connection is called stale: a file's bytes go over the one that its offset just came by.
 */
export function outcomeOfWireFault(
  result: Extract<Exchange, { kind: "fault" }>,
  redactor: Redactor,
): ReturnType<typeof outcomeOfFault> {
  return outcomeOfFault({ ...result, message: redactor.line(result.message), reusedConnection: false });
}
