/**
 * The error model of the v4 upload service: what its answer means, in one table. There is no official description; the
 * rows were read in Mapillary's own client, or seen in the issues about it.
 */
import type { Later, Never, Outcome } from "./destination.ts";
import type { Redactor } from "./redact.ts";
import { MAX_RETRY_AFTER_MS, retryAfterMs } from "./retry-after.ts";
import { parseFields, readServiceError, type ServiceError } from "./v4-error.ts";

/** What was answered. */
export interface V4Answer {
  readonly status: number;
  /** The beginning of it, long enough for every answer there is. */
  readonly body: string;
  /** Whether the body came to its end. One that was cut off may have lost the words that tell. */
  readonly bodyWhole: boolean;
  /** Header `Retry-After`, as it came. */
  readonly retryAfter?: string;
  /** False when the server answered before it had the whole request. */
  readonly sentWhole: boolean;
}

/** What an answer is read with. */
export interface Reading {
  readonly redactor: Redactor;
  /** ms since 1970; for dates in answers. */
  readonly nowMs: number;
}

/** Code of everything that says that the access token does not hold. */
export const TOKEN_REFUSED = "token-refused";

/** What a rate limit asks to wait when it does not say: what Mapillary's client waits then. */
export const RATE_LIMIT_MS = 10_000;

/** Longest handle we take for one, in bytes; real ones have some 200. */
const LONGEST_HANDLE_BYTES = 4_096;

type Ruling = "fine" | "resume" | "rate-limit" | "token" | "later" | "photo" | "account";

const STATUS_RULINGS = new Map<number, Ruling>([
  [200, "fine"],
  // PartialRequestError: what came was kept, and is not all.
  [206, "resume"],
  // The service lives elsewhere: every photo would be sent on, and a POST is not repeated by itself.
  [301, "account"],
  [308, "account"],
  [401, "token"],
  [403, "token"],
  [407, "account"],
  // Said of the connection and not of the photo, by a proxy: the table's "not JSON" would give the photo up.
  [408, "later"],
  // OffsetInvalidError, whatever `retriable` says: asking anew where the session stands does no harm.
  [412, "resume"],
  [425, "later"],
  [429, "rate-limit"],
]);

/** No upload service at all: an unknown session is answered 200, with offset 0. */
const WRONG_ADDRESS = new Set([404, 405]);

function rulingOf({ status, bodyWhole }: V4Answer, error: ServiceError): Ruling {
  // Said with `retriable: false` and any status of 4xx: the client's developers tell not to believe either.
  if (isRateLimit(error)) return "rate-limit";
  const fixed = STATUS_RULINGS.get(status);
  if (fixed !== undefined) return fixed;
  // 5xx is meant to pass, and so is what nobody has defined: attempts are counted anyway.
  if (status < 400 || status > 499) return "later";
  return rulingOf4xx(status, bodyWhole, error);
}

function rulingOf4xx(status: number, bodyWhole: boolean, error: ServiceError): Ruling {
  if (isTokenRefusal(status, error)) return "token";
  if (error.isJson) return error.retriable === true ? "later" : "photo";
  if (!bodyWhole) return "later";
  return WRONG_ADDRESS.has(status) ? "account" : "photo";
}

/** Of the graph's codes: too many calls of the application, the user, the page, the application, and in general. */
const RATE_LIMIT_GRAPH_CODES = new Set([4, 17, 32, 341, 613]);
/** Session or token over, or never good. */
const TOKEN_GRAPH_CODES = new Set([102, 190]);

/** Whether an error is about the rate of requests, whatever its status says. */
export function isRateLimit({ type, graphCode }: ServiceError): boolean {
  return type === "RequestRateLimitedError" || RATE_LIMIT_GRAPH_CODES.has(graphCode ?? -1);
}

/** Whether an answer says that the access token does not hold. */
export function isTokenRefusal(status: number, error: ServiceError): boolean {
  return status === 401 || status === 403 || (status >= 400 && status <= 499 && blamesToken(error));
}

/** Whether an error names the token as what is wrong. */
export function blamesToken({ type, graphCode }: ServiceError): boolean {
  return type === "NotAuthorizedError" || TOKEN_GRAPH_CODES.has(graphCode ?? -1);
}

/** Where a session stands: the answer to its GET. */
export function offsetOf(answer: V4Answer, reading: Reading): number | Exclude<Outcome, { kind: "done" }> {
  const refusal = refusalOf(answer, reading);
  if (refusal !== undefined) return refusal;
  const offset = answer.bodyWhole ? parseFields(answer.body)?.offset : undefined;
  if (typeof offset === "number" && Number.isSafeInteger(offset) && offset >= 0) return offset;
  return unusable("does not say where the session stands");
}

/** What became of the bytes: the answer to their POST. `done` names the file handle. */
export function outcomeOfUpload(answer: V4Answer, reading: Reading): Outcome {
  const refusal = refusalOf(answer, reading);
  if (refusal !== undefined) return refusal;
  if (!answer.sentWhole) {
    const message = `the upload service answered ${answer.status} before it had all bytes`;
    return { kind: "later", code: "answered-early", message };
  }
  const handle = answer.bodyWhole ? parseFields(answer.body)?.h : undefined;
  return isHandle(handle) ? { kind: "done", destination: handle } : unusable("has no file handle");
}

function isHandle(value: unknown): value is string {
  if (typeof value !== "string" || value === "" || /[\p{C}\p{Zl}\p{Zp}]/u.test(value)) return false;
  return new TextEncoder().encode(value).byteLength <= LONGEST_HANDLE_BYTES;
}

function unusable(flaw: string): Later {
  return { kind: "later", code: "answer-unusable", message: `the upload service's answer ${flaw}` };
}

/** What an answer says in place of what was asked for. `undefined`: it is none of that. */
function refusalOf(
  answer: V4Answer,
  { redactor, nowMs }: Reading,
): { readonly kind: "resume" } | Later | Never<"photo" | "account"> | undefined {
  const error = readServiceError(answer.body, redactor);
  const ruling = rulingOf(answer, error);
  const { status } = answer;
  const code = error.type ?? `http-${status}`;
  const message = error.message ?? `the upload service answered ${status}${saying(error)}`;
  switch (ruling) {
    case "fine":
      return undefined;
    case "resume":
      return { kind: "resume" };
    case "rate-limit":
      return { kind: "later", code, message, afterMs: rateLimitMs(answer, error, nowMs), gate: "rate-limit" };
    case "later":
      return { kind: "later", code, message, ...askedWait(answer, nowMs) };
    case "token":
      return { kind: "never", scope: "account", code: TOKEN_REFUSED, message };
    case "account":
      return { kind: "never", scope: "account", code, message };
    case "photo":
      // A limit says the same as a rejection of ours would, by the same code.
      return { kind: "never", scope: "photo", code: status === 413 ? "too-large" : code, message };
  }
}

function saying({ isJson, type }: ServiceError): string {
  if (type !== undefined) return ` ${type}`;
  return isJson ? "" : " without JSON";
}

/** What a rate limit asks to wait: its own word in the body, else the header, else {@link RATE_LIMIT_MS}. */
export function rateLimitMs(
  { retryAfter }: Pick<V4Answer, "retryAfter">,
  { backoffMs }: ServiceError,
  nowMs: number,
): number {
  return Math.min(backoffMs ?? retryAfterMs(retryAfter, nowMs) ?? RATE_LIMIT_MS, MAX_RETRY_AFTER_MS);
}

/** What the header asks to wait, as a field of {@link Later}. */
export function askedWait(
  { retryAfter }: Pick<V4Answer, "retryAfter">,
  nowMs: number,
): Pick<Later, "afterMs"> {
  const afterMs = retryAfterMs(retryAfter, nowMs);
  return afterMs === undefined ? {} : { afterMs };
}
