import { type BucketAccount, bucketOf } from "./bucket-account.ts";
import type { Never, Shipment } from "./destination.ts";
import type { FieldCondition, Policy } from "./policy.ts";
import { FORM_ACL, FORM_CONTENT_TYPE } from "./post-form.ts";

/**
 * What the policy has against everything the account could post. Only what every S3 server refuses counts: in
 * doubt the server is asked, because an objection stops the account. Messages may quote the bucket and the terms of
 * the policy, never the username.
 *
 * @returns the first objection; `undefined` when there is none
 */
export function accountObjectionOf(
  policy: Policy,
  account: BucketAccount,
  nowMs: number,
): Never<"account"> | undefined {
  if (nowMs >= policy.expiresAtMs) {
    const at = new Date(policy.expiresAtMs).toISOString();
    return refusal("policy-expired", `the permission hash expired at ${at}; a new one is needed`);
  }
  for (const condition of policy.fields) {
    const objection = conditionObjection(condition, account);
    if (objection !== undefined) return objection;
  }
  return unnamedField(policy);
}

/** What the policy has against one photo that its account may post at all. `undefined`: nothing. */
export function photoObjectionOf(
  policy: Policy,
  username: string,
  shipment: Shipment,
): Never<"photo"> | undefined {
  const size = sizeObjection(policy, shipment.sizeBytes);
  if (size !== undefined) return { kind: "never", scope: "photo", ...size };
  // A photo keeps its key for good, so one that was bound under another username keeps failing; its account need not.
  if (!shipment.destinationKey.startsWith(`${username}/`)) {
    const message = "the photo's destination key was made for another username than the account has now";
    return { kind: "never", scope: "photo", code: "key-of-other-user", message };
  }
  return undefined;
}

/** What the policy has against a file of that size. `undefined`: nothing. */
export function sizeObjection(
  policy: Policy,
  sizeBytes: number,
): { code: string; message: string } | undefined {
  for (const { minBytes, maxBytes } of policy.sizeRangesBytes) {
    if (sizeBytes > maxBytes) {
      return {
        code: "too-large",
        message: `has ${sizeBytes} bytes; the account's policy takes at most ${maxBytes}`,
      };
    }
    if (sizeBytes < minBytes) {
      return {
        code: "too-small",
        message: `has ${sizeBytes} bytes; the account's policy takes at least ${minBytes}`,
      };
    }
  }
  return undefined;
}

function conditionObjection(condition: FieldCondition, account: BucketAccount): Never<"account"> | undefined {
  switch (condition.field) {
    case "bucket":
      return bucketObjection(condition, account);
    case "key":
      return keyObjection(condition, account.username);
    case "acl":
      return valueObjection(condition, FORM_ACL, "policy-acl");
    case "content-type":
      return valueObjection(condition, FORM_CONTENT_TYPE, "policy-content-type");
    default:
      return otherFieldObjection(condition);
  }
}

function bucketObjection(condition: FieldCondition, account: BucketAccount): Never<"account"> | undefined {
  const bucket = bucketOf(new URL(account.uploadUrl));
  if (bucket === undefined || isMet(condition, bucket)) return undefined;
  const message = `the policy is for ${demand(condition)}, the upload URL is for bucket ${quote(bucket)}`;
  return refusal("policy-bucket", message);
}

/** Any key of ours begins with the username and a slash, and differs after it from sequence to sequence. */
function keyObjection(condition: FieldCondition, username: string): Never<"account"> | undefined {
  const prefix = `${username}/`;
  if (condition.match === "starts-with" && prefix.startsWith(condition.value)) return undefined;
  const message =
    condition.match === "eq"
      ? "the policy allows a single key; expected a condition that keys start with the username and a slash"
      : `the policy wants keys to start with a text that differs at character ${firstDifference(condition.value, prefix)} from the username and a slash`;
  return refusal("policy-key", message);
}

function valueObjection(
  condition: FieldCondition,
  value: string,
  code: string,
): Never<"account"> | undefined {
  if (isMet(condition, value)) return undefined;
  return refusal(code, `the policy wants ${demand(condition)}; we send ${quote(value)}`);
}

/** A field we do not send has no value. Ceph takes that for an empty one, which "starts-with nothing" allows. */
function otherFieldObjection(condition: FieldCondition): Never<"account"> | undefined {
  // These three go with every form and are no business of a policy; no server was seen to check them.
  if (["awsaccesskeyid", "signature", "policy"].includes(condition.field)) return undefined;
  if (isMet(condition, "")) return undefined;
  // The value stays untold: it may be the username.
  return refusal(
    "policy-field",
    `the policy makes a demand on ${quote(condition.field)}; the form has no such field`,
  );
}

/** AWS and Ceph refuse a form with a field that its policy does not name. */
function unnamedField(policy: Policy): Never<"account"> | undefined {
  const named = new Set(policy.fields.map(({ field }) => field));
  const unnamed = ["key", "acl", "Content-Type"].find((field) => !named.has(field.toLowerCase()));
  if (unnamed === undefined) return undefined;
  return refusal(
    "policy-field",
    `the policy has no condition for the field ${unnamed}, which every form carries`,
  );
}

function isMet({ match, value }: FieldCondition, actual: string): boolean {
  return match === "eq" ? actual === value : actual.startsWith(value);
}

function demand({ match, field, value }: FieldCondition): string {
  return `${quote(field)} ${match === "eq" ? "equal to" : "starting with"} ${quote(value)}`;
}

const LONGEST_QUOTE = 80;

/** JSON escapes what could forge a log line. */
function quote(text: string): string {
  const shown = text.length > LONGEST_QUOTE ? `${text.slice(0, LONGEST_QUOTE)}…` : text;
  return JSON.stringify(shown.toWellFormed());
}

function firstDifference(a: string, b: string): number {
  let index = 0;
  while (index < a.length && a[index] === b[index]) index += 1;
  return index + 1;
}

function refusal(code: string, message: string): Never<"account"> {
  return { kind: "never", scope: "account", code, message };
}
