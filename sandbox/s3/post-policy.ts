/**
 * POST policies, signature version 2: what the owner of a key permits whoever holds the policy to upload.
 *
 * Sources: https://docs.aws.amazon.com/AmazonS3/latest/userguide/HTTPPOSTForms.html for the rules; the messages are
 * those that S3 was seen to send, which differ from its table of errors (a failed condition is 403 `AccessDenied`).
 */
import { invalidArgument, S3Error } from "./s3-error.ts";

/** How many bytes the file may have, both ends inclusive. */
export interface SizeRange {
  readonly leastBytes: number;
  readonly mostBytes: number;
}

/** A policy that could be read. */
export interface PostPolicy {
  /** Epoch milliseconds. */
  readonly expiresMs: number;
  /** Every one has to hold. */
  readonly conditions: readonly PolicyCondition[];
}

/** One thing a form has to fulfil. */
type PolicyCondition =
  | {
      readonly kind: "eq" | "starts-with";
      /** Lower case, without the dollar sign. */
      readonly field: string;
      readonly value: string;
      /** The condition as S3 quotes it. */
      readonly text: string;
    }
  | ({ readonly kind: "content-length-range" } & SizeRange)
  /** A condition that no form can fulfil: S3 quotes it as failed instead of refusing the policy. */
  | { readonly kind: "impossible"; readonly text: string };

/** Fields that need no condition (HTTPPOSTForms.html, "Conditions"). */
const FREE_FIELDS: ReadonlySet<string> = new Set(["awsaccesskeyid", "signature", "policy", "file"]);
const FREE_PREFIX = "x-ignore-";

/**
 * Reads the `policy` field.
 *
 * @throws {S3Error} `InvalidPolicyDocument`, saying what is wrong with it.
 */
export function parsePolicy(base64: string): PostPolicy {
  if (!/^[A-Za-z0-9+/\s]*={0,2}\s*$/.test(base64)) throw invalidPolicy("Invalid Base64 encoding.");
  const document = parseJson(Buffer.from(base64, "base64").toString("utf8"));
  if (!isRecord(document)) throw invalidPolicy("Invalid JSON.");
  const { expiration, conditions } = document;
  if (expiration === undefined) throw invalidPolicy("Policy missing expiration.");
  if (conditions === undefined) throw invalidPolicy("Policy missing conditions.");
  if (!Array.isArray(conditions)) throw invalidPolicy("Invalid 'conditions' value: must be a List.");
  return { expiresMs: parseExpiration(expiration), conditions: conditions.map(parseCondition) };
}

/**
 * Holds a form against a policy: expiry, every condition, and that every field is named by one.
 *
 * @param fields - by lower-case name, variables already replaced, with the URL's bucket as `bucket`.
 * @returns the sizes that all conditions on the size permit together.
 * @throws {S3Error} `AccessDenied`, naming the condition or the fields.
 */
export function checkPolicy(
  policy: PostPolicy,
  fields: ReadonlyMap<string, string>,
  nowMs: number,
): SizeRange {
  if (nowMs >= policy.expiresMs) throw againstPolicy("Policy expired.");
  const named = new Set<string>();
  let range: SizeRange = { leastBytes: 0, mostBytes: Number.MAX_SAFE_INTEGER };
  for (const condition of policy.conditions) {
    if (condition.kind === "content-length-range") {
      range = narrow(range, condition);
    } else if (condition.kind === "impossible" || !holds(condition, fields.get(condition.field))) {
      throw againstPolicy(`Policy Condition failed: ${condition.text}`);
    } else {
      named.add(condition.field);
    }
  }
  const extra = [...fields.keys()].filter((name) => !named.has(name) && !isFree(name));
  if (extra.length > 0) throw againstPolicy(`Extra input fields: ${extra.join(", ")}`);
  return range;
}

function holds(
  { kind, field, value }: { kind: "eq" | "starts-with"; field: string; value: string },
  sent: string | undefined,
): boolean {
  // S3 fails a condition on an absent field even when it asks for the empty prefix.
  if (sent === undefined) return false;
  if (kind === "eq") return sent === value;
  const parts = field === "content-type" ? sent.split(",") : [sent];
  return parts.every((part) => part.trimStart().startsWith(value) || part.startsWith(value));
}

function isFree(field: string): boolean {
  return FREE_FIELDS.has(field) || field.startsWith(FREE_PREFIX);
}

function narrow(a: SizeRange, b: SizeRange): SizeRange {
  return { leastBytes: Math.max(a.leastBytes, b.leastBytes), mostBytes: Math.min(a.mostBytes, b.mostBytes) };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw invalidPolicy("Invalid JSON.");
  }
}

/** S3 takes UTC only, with `T` and `Z`. */
function parseExpiration(expiration: unknown): number {
  const isUtc =
    typeof expiration === "string" && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z$/.test(expiration);
  const expiresMs = isUtc ? Date.parse(expiration) : Number.NaN;
  if (Number.isNaN(expiresMs)) throw invalidPolicy(`Invalid 'expiration' value: '${String(expiration)}'`);
  return expiresMs;
}

function parseCondition(condition: unknown): PolicyCondition {
  if (Array.isArray(condition)) return parseListCondition(condition);
  if (isRecord(condition)) return parseSimpleCondition(condition);
  throw invalidPolicy("Invalid condition test: must be a List or Object.");
}

function parseSimpleCondition(condition: Record<string, unknown>): PolicyCondition {
  const [entry, ...others] = Object.entries(condition);
  if (entry === undefined || others.length > 0) {
    throw invalidPolicy(
      "Invalid Simple-Condition: Simple-Conditions must have exactly one property specified.",
    );
  }
  const [name, value] = entry;
  if (typeof value !== "string") throw invalidPolicy("Invalid Simple-Condition: value must be a string.");
  return { kind: "eq", field: name.toLowerCase(), value, text: quote(["eq", `$${name}`, value]) };
}

function parseListCondition(condition: readonly unknown[]): PolicyCondition {
  const [operation, left, right] = condition;
  if (operation === undefined) throw invalidPolicy("Invalid Condition: missing operation identifier.");
  const kind = String(operation).toLowerCase();
  if (kind !== "eq" && kind !== "starts-with" && kind !== "content-length-range") {
    throw invalidPolicy(`Invalid Condition: unknown operation '${String(operation)}'.`);
  }
  if (condition.length !== 3) throw invalidPolicy(`Invalid ${kind}: wrong number of arguments.`);
  if (kind === "content-length-range") return parseSizeCondition(condition);
  if (typeof left !== "string" || typeof right !== "string") throw invalidPolicy("Invalid JSON.");
  const text = quote(condition);
  if (!left.startsWith("$")) return { kind: "impossible", text };
  return { kind, field: left.slice(1).toLowerCase(), value: right, text };
}

/** S3 takes the bounds as numbers and as strings of digits. */
function parseSizeCondition(condition: readonly unknown[]): PolicyCondition {
  const [leastBytes, mostBytes] = condition.slice(1).map(toBound);
  if (leastBytes === undefined || mostBytes === undefined || Number.isNaN(leastBytes + mostBytes)) {
    return { kind: "impossible", text: quote(condition) };
  }
  const areSizes = [leastBytes, mostBytes].every((bound) => Number.isSafeInteger(bound) && bound >= 0);
  if (!areSizes) throw invalidPolicy("Invalid content-length-range: bounds must be sizes in bytes.");
  return { kind: "content-length-range", leastBytes, mostBytes };
}

function toBound(value: unknown): number {
  if (typeof value === "number") return value;
  return typeof value === "string" && /^\d+$/.test(value) ? Number(value) : Number.NaN;
}

/** With spaces behind the commas, as S3 prints it. */
function quote(condition: readonly unknown[]): string {
  return `[${condition.map((item) => JSON.stringify(item)).join(", ")}]`;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function invalidPolicy(reason: string): S3Error {
  return new S3Error(400, "InvalidPolicyDocument", `Invalid Policy: ${reason}`);
}

function againstPolicy(reason: string): S3Error {
  return new S3Error(403, "AccessDenied", `Invalid according to Policy: ${reason}`);
}

/** S3 ignores what follows the file, hence the advice. */
export function missingField(name: string): S3Error {
  const advice = "If it is specified, please check the order of the fields.";
  return invalidArgument(`Bucket POST must contain a field named '${name}'.  ${advice}`, name, "");
}
