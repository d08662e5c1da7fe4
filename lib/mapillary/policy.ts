/**
 * Reads an S3 POST policy: base64 of `{"expiration": …, "conditions": […]}`. Conditions are `{"acl": "private"}` or
 * `["eq", "$acl", "private"]`, `["starts-with", "$key", "alice/"]` and `["content-length-range", 0, 20485760]`.
 * (AWS: "POST Policy", sigv4-HTTPPOSTConstructPolicy.)
 */

/** A demand on one form field. */
export interface FieldCondition {
  readonly match: "eq" | "starts-with";
  /** Without `$`, in lower case: field names are compared without regard to case. */
  readonly field: string;
  readonly value: string;
}

/** What an account is permitted to post. */
export interface Policy {
  /** ms since 1970; from then on the policy is refused. */
  readonly expiresAtMs: number;
  readonly fields: readonly FieldCondition[];
  /** Every demand on the size of the file, both ends included. */
  readonly sizeRangesBytes: readonly SizeRange[];
}

interface SizeRange {
  readonly minBytes: number;
  readonly maxBytes: number;
}

/** A policy, or what is wrong with it. A value, because a bad policy stops its account and not the process. */
export type PolicyReading = { readonly policy: Policy } | { readonly problem: string };

/** Thrown and caught within this module. Its message never repeats what it read: the policy is a credential. */
class Unreadable extends Error {}

/** Reads a permission hash. The problem, if any, follows the name of the field and never repeats its value. */
export function readPolicy(permissionHash: string): PolicyReading {
  try {
    return { policy: parsePolicy(decodeJson(decodeBase64(permissionHash))) };
  } catch (error) {
    if (error instanceof Unreadable) return { problem: error.message };
    throw error;
  }
}

function decodeBase64(permissionHash: string): string {
  if (permissionHash === "") throw new Unreadable("is empty; expected base64 JSON");
  if (/\s/u.test(permissionHash)) {
    throw new Unreadable(
      "contains white space; the signature covers the exact text, so take it out or copy it anew",
    );
  }
  if (!/^[A-Za-z0-9+/]+={0,2}$/u.test(permissionHash)) throw new Unreadable("is not base64");
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(Buffer.from(permissionHash, "base64"));
  } catch {
    throw new Unreadable("is base64, but not of UTF-8 text");
  }
}

function decodeJson(text: string): unknown {
  try {
    return JSON.parse(asPlainJson(text));
  } catch {
    // The parser's own message quotes the text.
    throw new Unreadable("is base64, but not of JSON; expected a policy document");
  }
}

/** AWS lets a policy write a dollar sign as `\$` and a vertical tab as `\v`, which JSON does not know. */
function asPlainJson(text: string): string {
  return text.replace(/\\(.)/gsu, (sequence, escaped: string) => {
    if (escaped === "$") return "$";
    return escaped === "v" ? "\\u000b" : sequence;
  });
}

function parsePolicy(document: unknown): Policy {
  if (!isRecord(document))
    throw new Unreadable("is JSON, but not an object; expected expiration and conditions");
  const { expiration, conditions } = document;
  if (!Array.isArray(conditions)) {
    throw new Unreadable(`has ${typeName(conditions)} for "conditions"; expected an array`);
  }
  const parsed = conditions.flatMap(parseCondition);
  return {
    expiresAtMs: parseExpiration(expiration),
    fields: parsed.filter((condition) => "field" in condition),
    sizeRangesBytes: parsed.filter((condition) => "minBytes" in condition),
  };
}

const ISO_8601 =
  /^(?<time>\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?)(?<zone>Z|[+-]\d{2}:\d{2})?$/u;

/** A policy's time is UTC by definition, with or without the Z. */
function parseExpiration(expiration: unknown): number {
  const parts = typeof expiration === "string" ? ISO_8601.exec(expiration)?.groups : undefined;
  const atMs = parts === undefined ? Number.NaN : Date.parse(`${parts.time}${parts.zone ?? "Z"}`);
  if (Number.isNaN(atMs)) {
    const found = typeof expiration === "string" ? "a text" : typeName(expiration);
    throw new Unreadable(`has ${found} for "expiration"; expected a time such as 2020-01-01T00:00:00Z`);
  }
  return atMs;
}

function parseCondition(condition: unknown, index: number): (FieldCondition | SizeRange)[] {
  const where = `condition ${index + 1}`;
  if (Array.isArray(condition)) return [parseListCondition(condition, where)];
  if (!isRecord(condition))
    throw new Unreadable(`has ${typeName(condition)} as ${where}; expected an object or array`);
  return Object.entries(condition).map(([field, value]) => fieldCondition("eq", field, value, where));
}

function parseListCondition(condition: readonly unknown[], where: string): FieldCondition | SizeRange {
  const [operator, first, second] = condition;
  if (condition.length !== 3) {
    throw new Unreadable(`has ${condition.length} elements in ${where}; expected 3`);
  }
  const name = typeof operator === "string" ? operator.toLowerCase() : undefined;
  if (name === "content-length-range") return sizeRange(first, second, where);
  if (name !== "eq" && name !== "starts-with") {
    throw new Unreadable(
      `has an unknown operator in ${where}; expected eq, starts-with or content-length-range`,
    );
  }
  if (typeof first !== "string" || !first.startsWith("$")) {
    throw new Unreadable(`has no field name in ${where}; expected one that begins with $`);
  }
  return fieldCondition(name, first.slice(1), second, where);
}

function fieldCondition(
  match: "eq" | "starts-with",
  field: string,
  value: unknown,
  where: string,
): FieldCondition {
  if (typeof value !== "string")
    throw new Unreadable(`has ${typeName(value)} as value in ${where}; expected a text`);
  return { match, field: field.toLowerCase(), value };
}

function sizeRange(min: unknown, max: unknown, where: string): SizeRange {
  const range = { minBytes: sizeBytes(min, where), maxBytes: sizeBytes(max, where) };
  if (range.minBytes > range.maxBytes)
    throw new Unreadable(`has a size range in ${where} that ends before it begins`);
  return range;
}

/** Written as a number or, by some policy makers, as its digits. */
function sizeBytes(value: unknown, where: string): number {
  const size = typeof value === "string" && /^\d{1,15}$/u.test(value) ? Number(value) : value;
  if (typeof size === "number" && Number.isSafeInteger(size) && size >= 0) return size;
  throw new Unreadable(`has ${typeName(value)} as size in ${where}; expected whole bytes`);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function typeName(value: unknown): string {
  if (value === undefined) return "nothing";
  if (value === null) return "null";
  if (Array.isArray(value)) return "an array";
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}
