/**
 * The error model of the bucket lane: what an S3 server's answer to a POST means, in one table. Its rows were
 * measured on Ceph's gateway or are AWS's documented codes.
 */
import type { FinishOutcome, Later, Never, Outcome } from "./destination.ts";
import { retryAfterMs } from "./retry-after.ts";

/** What was answered. */
export interface Answer {
  readonly status: number;
  /** The S3 error code in the body, when there is one. */
  readonly code?: string;
  /** The S3 error message in the body: printable, without secrets. */
  readonly message?: string;
  /** Whether the body came whole. One that was cut off may have lost the code that tells. */
  readonly bodyWhole: boolean;
  /** Header `Retry-After`, as it came. */
  readonly retryAfter?: string;
  /** False when the server answered before it had the whole file: whatever it says, it does not have the photo. */
  readonly sentWhole: boolean;
}

/** Why there is no answer. */
export interface Fault {
  /** Node's error code, or the name of a time-out of ours: `connect-timeout`, `idle-timeout`, `overall-timeout`. */
  readonly code: string;
  /** Printable, without secrets. */
  readonly message: string;
  /** Whether the connection had carried an earlier request. Servers close idle connections at any moment. */
  readonly reusedConnection: boolean;
}

type Ruling = "done" | "later" | "rate-limit" | "photo" | "account";

const STATUS_RULINGS = new Map<number, Ruling>([
  [200, "done"],
  [201, "done"],
  [204, "done"],
  // The bucket lives elsewhere: every photo would be sent on, and a POST is not repeated by itself.
  [301, "account"],
  [308, "account"],
  // A redirect for the time being, while DNS learns of a new bucket.
  [307, "later"],
  [401, "account"],
  // Wrong signature, unknown key, expired or violated policy: all photos share these. 2017's client retried 49 times.
  [403, "account"],
  // No bucket there, or no S3 at all: the upload URL is wrong.
  [404, "account"],
  [405, "account"],
  [407, "account"],
  [408, "later"],
  [409, "later"],
  // We send a length and a multipart form; a server or proxy that sees neither is the wrong one.
  [411, "account"],
  [412, "account"],
  [413, "photo"],
  [425, "later"],
  [429, "rate-limit"],
]);

/** Codes of status 400 that speak of the form or the credentials, which are the same for every photo. */
const ACCOUNT_CODES_OF_400 = new Set([
  "AuthorizationHeaderMalformed",
  "ExpiredToken",
  "IllegalLocationConstraintException",
  "IncorrectNumberOfFilesInPostRequest",
  "InvalidArgument",
  "InvalidBucketName",
  "InvalidPolicyDocument",
  // AWS where signature V2 is no longer taken: "Please use AWS4-HMAC-SHA256."
  "InvalidRequest",
  "InvalidToken",
  "MalformedPOSTRequest",
  "MaxPostPreDataLengthExceeded",
  "MaxPostPreDataLengthExceededError",
  "RequestIsNotMultiPartContent",
  "UserKeyMustBeSpecified",
]);
/** Codes of status 400 that speak of the connection. */
const LATER_CODES_OF_400 = new Set(["IncompleteBody", "RequestTimeout"]);

function rulingOf({ status, code, bodyWhole }: Answer): Ruling {
  if (status === 400) return bodyWhole || code !== undefined ? rulingOf400(code) : "later";
  // An error document with a success status is no success: AWS does so where it began to answer too early.
  if (status < 300 && code !== undefined) return "later";
  if (status === 503 && code === "SlowDown") return "rate-limit";
  // 5xx is meant to pass, and what we do not know is better tried again than given up: attempts are counted anyway.
  return STATUS_RULINGS.get(status) ?? "later";
}

function rulingOf400(code = ""): Ruling {
  if (LATER_CODES_OF_400.has(code)) return "later";
  // KMS.…: the key that encrypts the bucket is disabled or gone.
  if (ACCOUNT_CODES_OF_400.has(code) || code.startsWith("KMS.")) return "account";
  // EntityTooLarge, EntityTooSmall, KeyTooLongError, …: about this file and its name.
  return "photo";
}

/** What an answer means for the photo that was sent. */
export function outcomeOfAnswer(answer: Answer, destinationKey: string, nowMs: number): Outcome {
  const ruling = rulingOf(answer);
  switch (ruling) {
    case "done":
      return answer.sentWhole ? { kind: "done", destination: destinationKey } : answeredEarly(answer);
    case "later":
    case "rate-limit":
      return laterOf(answer, ruling, nowMs);
    case "photo":
    case "account":
      return neverOf(answer, ruling);
  }
}

/** A fault says nothing about the photo; certificates that do not hold say something about the whole account. */
export function outcomeOfFault({ code, message, reusedConnection }: Fault): Later | Never<"account"> {
  if (isCertificateFault(code)) return { kind: "never", scope: "account", code, message };
  const isStale = reusedConnection && (code === "ECONNRESET" || code === "EPIPE");
  return { kind: "later", code: isStale ? "stale-connection" : code, message };
}

/**
 * What an answer means for the finish of a sequence. The server errors that do not tell whether the marker was
 * stored leave it unknown; 503 is a refusal.
 */
export function finishOutcomeOfAnswer(answer: Answer, destinationKey: string, nowMs: number): FinishOutcome {
  const outcome = outcomeOfAnswer(answer, destinationKey, nowMs);
  if (outcome.kind === "resume") throw new Error("the bucket lane has no offset to resume from");
  if (outcome.kind === "never")
    return { ...outcome, scope: outcome.scope === "photo" ? "sequence" : outcome.scope };
  const isRefused = outcome.kind === "later" && isRefusal(answer.status);
  if (outcome.kind === "done" || isRefused) return outcome;
  return { kind: "unknown", code: outcome.code, message: outcome.message };
}

/**
 * What a fault means for the finish of a sequence.
 *
 * @param mayHaveArrived whether the request was written, in whole or in part, to a connection that stood
 */
export function finishOutcomeOfFault(fault: Fault, mayHaveArrived: boolean): FinishOutcome {
  const outcome = outcomeOfFault(fault);
  if (outcome.kind === "never" || !mayHaveArrived) return outcome;
  return { kind: "unknown", code: outcome.code, message: outcome.message };
}

/** Answers that a server gives instead of doing what it was asked to. */
function isRefusal(status: number): boolean {
  return (status >= 300 && status < 500) || status === 503;
}

function laterOf(answer: Answer, ruling: "later" | "rate-limit", nowMs: number): Later {
  const afterMs = retryAfterMs(answer.retryAfter, nowMs);
  return {
    kind: "later",
    ...troubleOf(answer),
    ...(afterMs === undefined ? {} : { afterMs }),
    ...(ruling === "rate-limit" ? { gate: "rate-limit" } : {}),
  };
}

function neverOf(answer: Answer, scope: "photo" | "account"): Never<"photo" | "account"> {
  const trouble = troubleOf(answer);
  // The policy's size range and a proxy's limit say the same as our own check, by the same code.
  const isTooLarge = answer.status === 413 || (answer.status === 400 && answer.code === "EntityTooLarge");
  return { kind: "never", scope, ...trouble, ...(isTooLarge ? { code: "too-large" } : {}) };
}

function answeredEarly({ status }: Answer): Later {
  const message = `the server answered ${status} before it had the whole file`;
  return { kind: "later", code: "answered-early", message };
}

function troubleOf({ status, code, message }: Answer): { code: string; message: string } {
  return {
    code: code ?? `http-${status}`,
    message:
      message ?? `the server answered ${status}${code === undefined ? " without an S3 error" : ` ${code}`}`,
  };
}

/** Names that Node gives to a certificate which is not the server's, not valid now, or not trusted. */
function isCertificateFault(code: string): boolean {
  return /CERT|SELF_SIGNED|ALTNAME|UNABLE_TO_VERIFY/u.test(code);
}
