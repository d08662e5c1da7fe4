import { signPolicyText } from "./post-signature.ts";

/** What a made policy shall permit. */
export interface PolicyWish {
  /** The bucket that may be posted to. */
  readonly bucket: string;
  /** The account's name: keys have to begin with it and a slash. */
  readonly username: string;
  /** ISO 8601 UTC. */
  readonly expiration: string;
  /** The largest file permitted. */
  readonly maxBytes: number;
  /** The secret access key whose holder permits it. */
  readonly secret: string;
}

/** What Mapillary handed to an account that wanted to upload. */
export interface UploadHashes {
  /** The policy in base64, sent as `policy`. */
  readonly permissionHash: string;
  /** Sent as `signature`. */
  readonly signatureHash: string;
}

/** Makes the pair of hashes that permits what is wished for, with the conditions of Mapillary's own policies. */
export function makeUploadHashes({
  bucket,
  username,
  expiration,
  maxBytes,
  secret,
}: PolicyWish): UploadHashes {
  const conditions = [
    { bucket },
    ["starts-with", "$key", `${username}/`],
    { acl: "private" },
    ["starts-with", "$Content-Type", ""],
    ["content-length-range", 0, maxBytes],
  ];
  return signPolicy(JSON.stringify({ expiration, conditions }), secret);
}

/** Encodes and signs the text of a policy, well-formed or not. */
export function signPolicy(policy: string, secret: string): UploadHashes {
  const permissionHash = Buffer.from(policy).toString("base64");
  return { permissionHash, signatureHash: signPolicyText(permissionHash, secret) };
}
