import type { Redactor } from "./redact.ts";

/** What one of the v4 services says is wrong, fit for logs and rows. Nothing in it is certain to be there. */
export interface ServiceError {
  /** Whether the body is a JSON object at all. */
  readonly isJson: boolean;
  /** The upload service's `debug_info.type` or the graph's `error.type`, such as `OffsetInvalidError`. */
  readonly type?: string;
  /** The graph's `error.code`, such as 190. */
  readonly graphCode?: number;
  /** One printable line of at most 300 characters, without secrets. */
  readonly message?: string;
  /** What `debug_info.retriable` or the graph's `error.is_transient` says. */
  readonly retriable?: boolean;
  /** What `backoff` asks to wait, in ms, ≥ 0. */
  readonly backoffMs?: number;
}

/** A JSON object, of whatever. */
export type Fields = Readonly<Record<string, unknown>>;

// All that were seen are letters; some of Facebook's have a dot or an underscore.
const ERROR_TYPE = /^[A-Za-z][A-Za-z0-9._]{0,59}$/u;

/**
 * Reads the body of an answer. `debug_info` may be absent, a text or something else: whatever is not of its form tells
 * nothing.
 */
export function readServiceError(body: string, redactor: Redactor): ServiceError {
  const fields = parseFields(body);
  if (fields === undefined) return { isJson: false };
  const debugInfo = fieldsOf(fields.debug_info);
  const error = fieldsOf(fields.error);
  const type = first(isErrorType, debugInfo.type, error.type);
  const message = first(
    isText,
    error.message,
    debugInfo.message,
    fields.debug_info,
    fields.error_description,
  );
  const graphCode = first(Number.isSafeInteger, error.code);
  const retriable = first(isBoolean, debugInfo.retriable, error.is_transient);
  const backoffMs = readBackoff(fields.backoff);
  return {
    isJson: true,
    ...(isText(type) && !redactor.isTold(type) && { type }),
    ...(isText(message) && { message: redactor.line(message) }),
    ...(typeof graphCode === "number" && { graphCode }),
    ...(typeof retriable === "boolean" && { retriable }),
    ...(backoffMs !== undefined && { backoffMs }),
  };
}

/** The body as a JSON object; `undefined` when it is none. */
export function parseFields(body: string): Fields | undefined {
  try {
    const value: unknown = JSON.parse(body);
    return isFields(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function fieldsOf(value: unknown): Fields {
  return isFields(value) ? value : {};
}

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function first(fits: (value: unknown) => boolean, ...candidates: readonly unknown[]): unknown {
  return candidates.find(fits);
}

function isErrorType(value: unknown): boolean {
  return typeof value === "string" && ERROR_TYPE.test(value);
}

function isText(value: unknown): value is string {
  return typeof value === "string" && value.trim() !== "";
}

function isBoolean(value: unknown): boolean {
  return typeof value === "boolean";
}

/** A number, or a text that is one: the official client takes both. */
function readBackoff(value: unknown): number | undefined {
  const isNumeric = typeof value === "number" || (isText(value) && /^[+-]?\d{1,12}$/u.test(value.trim()));
  const backoffMs = isNumeric ? Math.ceil(Number(value)) : Number.NaN;
  return Number.isFinite(backoffMs) ? Math.max(0, backoffMs) : undefined;
}
