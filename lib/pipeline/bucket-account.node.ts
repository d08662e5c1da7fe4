import { v5 as uuidV5 } from "uuid";
import type { BucketAccount } from "../mapillary/bucket-account.ts";
import { createBucketDestination } from "../mapillary/post-object.http.ts";
import type { Account } from "./deps.ts";

/** Name space of the credentials' marks (RFC 9562, version 5): our own, fixed for good. */
const CREDENTIALS_NAMESPACE = "7be1a9f0-3a46-5c92-8f0e-1d6c8a0b4e27";

/**
 * Sets up an account of the bucket lane.
 *
 * @param name the account's name in the fleet's rules
 * @param longestUploadMs a photo that takes longer is broken off, and tried again
 */
export function createBucketAccount(
  name: string,
  credentials: BucketAccount,
  longestUploadMs: number,
): Account {
  const { username, permissionHash, signatureHash, accessKeyId, uploadUrl } = credentials;
  const everything = JSON.stringify([username, permissionHash, signatureHash, accessKeyId, uploadUrl]);
  return {
    name,
    lane: "bucket",
    // 32 bits of a hash: enough to tell new credentials from old, nothing to recover them from.
    key: { name, credentialsMark: uuidV5(everything, CREDENTIALS_NAMESPACE).slice(0, 8) },
    username,
    destination: createBucketDestination({ ...credentials, timeouts: { overallMs: longestUploadMs } }),
  };
}
