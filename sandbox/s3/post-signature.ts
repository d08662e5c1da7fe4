import { createHmac, timingSafeEqual } from "node:crypto";
import { missingField } from "./post-policy.ts";
import { S3Error } from "./s3-error.ts";

/** Secret access keys by access key id. */
export type PostAccounts = Readonly<Record<string, string>>;

/**
 * Signs a policy: base64 of HMAC-SHA1 over the base64 text (AWS signature version 2).
 *
 * @param policy - the text of the `policy` field, exactly as it will be sent.
 */
export function signPolicyText(policy: string, secretAccessKey: string): string {
  return createHmac("sha1", secretAccessKey).update(policy).digest("base64");
}

/**
 * Holds a form's signature against the account's secret. Looks at the text of the policy only, not into it: what is
 * not signed is not worth reading.
 *
 * @param fields - by lower-case name.
 * @throws {S3Error} when the form is not signed, or not by this account.
 */
export function checkSignature(fields: ReadonlyMap<string, string>, accounts: PostAccounts): void {
  const policy = fields.get("policy");
  const accessKeyId = fields.get("awsaccesskeyid");
  const signature = fields.get("signature");
  const isAnonymous = policy === undefined || (accessKeyId === undefined && signature === undefined);
  if (isAnonymous) throw new S3Error(403, "AccessDenied", "Access Denied");
  if (accessKeyId === undefined) throw missingField("AWSAccessKeyId");
  if (signature === undefined) throw missingField("Signature");

  const secret = Object.hasOwn(accounts, accessKeyId) ? accounts[accessKeyId] : undefined;
  if (secret === undefined) {
    const message = "The AWS Access Key Id you provided does not exist in our records.";
    throw new S3Error(403, "InvalidAccessKeyId", message, { AWSAccessKeyId: accessKeyId });
  }
  if (!isSameText(signPolicyText(policy, secret), signature)) {
    throw new S3Error(
      403,
      "SignatureDoesNotMatch",
      "The request signature we calculated does not match the signature you provided. Check your key and signing method.",
      { AWSAccessKeyId: accessKeyId, StringToSign: policy, SignatureProvided: signature },
    );
  }
}

function isSameText(expected: string, actual: string): boolean {
  const [left, right] = [Buffer.from(expected), Buffer.from(actual)];
  return left.byteLength === right.byteLength && timingSafeEqual(left, right);
}
