/** The error model of the graph API: what its answer means for whoever asked, and for the finish of a sequence. */
import type { FinishOutcome, Later } from "./destination.ts";
import {
  askedWait,
  blamesToken,
  isRateLimit,
  isTokenRefusal,
  type Reading,
  rateLimitMs,
  TOKEN_REFUSED,
  type V4Answer,
} from "./v4-answer.ts";
import { type Fields, parseFields, readServiceError, type ServiceError } from "./v4-error.ts";

/** The graph says no, and will say so again. */
export interface GraphRefusal {
  readonly kind: "refused";
  /** `token-refused`, {@link FORBIDDEN}, or what the server calls it: `graph-100`, `http-404`. */
  readonly code: string;
  /** One printable line of at most 300 characters, without secrets. */
  readonly message: string;
}

/** What came of asking the graph. */
export type GraphResult<T> = { readonly kind: "ok"; readonly value: T } | GraphRefusal | Later;

/** Code of a 403 that does not say whether it is about the token or about what was asked for. */
export const FORBIDDEN = "forbidden";

/** Code of a finish that was refused because of one of the handles it names, the manifest's or a photo's. */
export const HANDLE_REFUSED = "handle-refused";

/** The graph's "unknown error" and "service temporarily unavailable". */
const PASSING_GRAPH_CODES = new Set([1, 2]);
/** Statuses that speak of the connection, or of somewhere else that is right for now. */
const PASSING_STATUSES = new Set([302, 303, 307, 408, 425]);

/**
 * Reads an answer to a question that changes nothing.
 *
 * @param read takes out what was asked for; `undefined` when it is not there
 */
export function graphResultOf<T>(
  answer: V4Answer,
  reading: Reading,
  read: (fields: Fields) => T | undefined,
): GraphResult<T> {
  const { status } = answer;
  const error = readServiceError(answer.body, reading.redactor);
  if (status === 200) {
    const fields = answer.bodyWhole ? parseFields(answer.body) : undefined;
    const value = fields && read(fields);
    if (value !== undefined) return { kind: "ok", value };
    return {
      kind: "later",
      code: "answer-unusable",
      message: "the graph's answer is not what was asked for",
    };
  }
  const trouble = troubleOf(status, error);
  if (isLimited(status, error)) return limited(answer, error, reading);
  if (isTokenRefusal(status, error)) {
    const code = status === 403 && !blamesToken(error) ? FORBIDDEN : TOKEN_REFUSED;
    return { kind: "refused", code, message: trouble.message };
  }
  if (isPassing(status, error)) return { kind: "later", ...trouble, ...askedWait(answer, reading.nowMs) };
  return { kind: "refused", ...trouble };
}

/**
 * What an answer means for the finish of a sequence. A refusal in the graph's own words certainly came instead of the
 * sequence; everything else that is no cluster id leaves it unknown whether there is one. That includes 200 without
 * an id: it is a failure, but nobody knows of what.
 */
export function finishOutcomeOf(answer: V4Answer, reading: Reading): FinishOutcome {
  const { status } = answer;
  const error = readServiceError(answer.body, reading.redactor);
  if (status === 200) return clusterOutcome(answer, error);
  const trouble = troubleOf(status, error);
  if (isLimited(status, error)) return limited(answer, error, reading);
  if (isTokenRefusal(status, error))
    return { kind: "never", scope: "account", code: TOKEN_REFUSED, message: trouble.message };
  // Our own network says so, or the address is the wrong one: nothing was asked of the graph.
  if (status === 301 || status === 308 || status === 407)
    return { kind: "never", scope: "account", ...trouble };
  if (!isRefusal(status, error)) return { kind: "unknown", ...trouble };
  const code = isAboutHandle(error) ? HANDLE_REFUSED : trouble.code;
  return { kind: "never", scope: "sequence", code, message: trouble.message };
}

function clusterOutcome({ body, bodyWhole }: V4Answer, error: ServiceError): FinishOutcome {
  const id = bodyWhole ? clusterIdIn(body) : undefined;
  if (id !== undefined) return { kind: "done", destination: id };
  const message = error.message ?? "the graph answered 200 without a cluster id";
  return { kind: "unknown", code: "cluster-id-missing", message };
}

/** Ids have up to 17 digits; were one a number, `JSON.parse` would round it. */
function clusterIdIn(body: string): string | undefined {
  const id = parseFields(body)?.cluster_id;
  if (typeof id === "string") return /^[\x21-\x7e]{1,200}$/u.test(id) ? id : undefined;
  return typeof id === "number" ? /"cluster_id"\s*:\s*(\d+)/u.exec(body)?.[1] : undefined;
}

function isLimited(status: number, error: ServiceError): boolean {
  return status === 429 || isRateLimit(error);
}

function limited(answer: V4Answer, error: ServiceError, { nowMs }: Reading): Later {
  const trouble = troubleOf(answer.status, error);
  return { kind: "later", ...trouble, afterMs: rateLimitMs(answer, error, nowMs), gate: "rate-limit" };
}

function isPassing(status: number, error: ServiceError): boolean {
  if (status < 300 || status > 499 || PASSING_STATUSES.has(status)) return true;
  return error.retriable === true || PASSING_GRAPH_CODES.has(error.graphCode ?? -1);
}

/** The graph itself says what is wrong with the request. */
function isRefusal(status: number, error: ServiceError): boolean {
  const isSpoken = error.graphCode !== undefined || error.type !== undefined || error.message !== undefined;
  return status >= 400 && isSpoken && !isPassing(status, error);
}

/** By its words [?]: no code of the real graph for a handle that is unknown or has expired was ever seen. */
function isAboutHandle({ message, type }: ServiceError): boolean {
  // Not "handled".
  return /[Hh]andles?(?![a-z])/u.test(`${message ?? ""} ${type ?? ""}`);
}

function troubleOf(status: number, error: ServiceError): { code: string; message: string } {
  const { graphCode, type, message, isJson } = error;
  const code = graphCode === undefined ? (type ?? `http-${status}`) : `graph-${graphCode}`;
  return { code, message: message ?? `the graph answered ${status}${isJson ? "" : " without JSON"}` };
}
