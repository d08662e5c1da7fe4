/**
 * Where the bucket lane sent photos in 2017: the seed's value. Mapillary has retired it; any S3 bucket that takes
 * POST policies can stand in.
 */
export const DEFAULT_UPLOAD_URL = "https://s3-eu-west-1.amazonaws.com/mapillary.uploads.manual.images";

/**
 * The access key id that Mapillary published for everyone: the seed's value. It names the key the policy was signed
 * with and is no secret of a user's. Mapillary rotated it at least four times, so it is configurable. Kept in two
 * pieces because secret scanners take it for a leak.
 */
export const DEFAULT_ACCESS_KEY_ID = ["AKIA", "I2X3BJAT2W75HILA"].join("");

/** What the bucket lane knows of one account. */
export interface BucketAccount {
  /** Where to POST. Path style (`https://host/bucket`) or virtual host style (`https://bucket.s3….amazonaws.com`). */
  readonly uploadUrl: string;
  /** First segment of every destination key. */
  readonly username: string;
  /** The POST policy as Mapillary issued it: base64 JSON, sent unchanged because the signature covers its text. */
  readonly permissionHash: string;
  /** base64 HMAC-SHA1 of `permissionHash` (AWS signature V2). */
  readonly signatureHash: string;
  /** The key that signed; see {@link DEFAULT_ACCESS_KEY_ID}. */
  readonly accessKeyId: string;
}

const LONGEST_USERNAME_BYTES = 255;
// `.` and `..` would leave the folder in any tool that maps keys to paths, `${…}` is substituted by S3, and Ceph
// trims white space around form fields, so that the key would not be the one we recorded.
const USERNAME_FLAWS: readonly (readonly [RegExp, string])[] = [
  [/^$/u, "is empty"],
  [/[/\\]/u, "contains a slash or backslash"],
  [/[\p{Cc}\p{Cs}]/u, "contains control characters"],
  [/^\s|\s$/u, "begins or ends with white space"],
  [/^\.{1,2}$/u, "is a path segment with a meaning of its own"],
  [/\$\{/u, "contains ${, which S3 substitutes"],
];

/**
 * Says what is wrong with a username, to follow the name of the field; the value is not repeated, because usernames
 * count as secret. `undefined`: nothing.
 */
export function usernameProblem(username: string): string | undefined {
  const flaw = USERNAME_FLAWS.find(([pattern]) => pattern.test(username));
  if (flaw !== undefined) return `${flaw[1]}; expected the plain Mapillary user name`;
  if (Buffer.byteLength(username) > LONGEST_USERNAME_BYTES) {
    return `has ${Buffer.byteLength(username)} bytes; expected at most ${LONGEST_USERNAME_BYTES}`;
  }
  return undefined;
}

/** Says what is wrong with a hash or key id, to follow the name of the field; never repeats it. */
export function credentialProblem(credential: string): string | undefined {
  if (credential === "") return "is empty";
  if (!/^[\x21-\x7e]+$/u.test(credential))
    return "contains white space or other characters no such value has";
  return undefined;
}

/** Says what is wrong with an upload URL, to follow the name of the field; never repeats it. */
export function uploadUrlProblem(uploadUrl: string): string | undefined {
  const url = URL.parse(uploadUrl);
  if (url === null) return "is not a URL; expected https://host/bucket";
  if (url.protocol !== "https:" && url.protocol !== "http:")
    return `has the scheme ${url.protocol}; expected https:`;
  if (url.username !== "" || url.password !== "") return "carries a user or password; expected none";
  if (url.search !== "" || url.hash !== "") return "has a query or fragment; expected https://host/bucket";
  return undefined;
}

// Greedy, because a bucket's name may itself contain ".s3.".
const AWS_HOST = /^(?:(?<bucket>.+)\.)?s3(?:[.-][a-z0-9.-]+)?\.amazonaws\.com(?:\.cn)?$/u;

/**
 * The bucket an upload URL means. `undefined` when it cannot be told: a host that is not Amazon's and no path, which
 * may be virtual host style under any domain.
 */
export function bucketOf(uploadUrl: URL): string | undefined {
  const host = AWS_HOST.exec(uploadUrl.hostname);
  const bucketInHost = host?.groups?.bucket;
  if (bucketInHost !== undefined) return bucketInHost;
  // The last segment: a gateway may serve S3 under a path of its own.
  const segment = uploadUrl.pathname.split("/").findLast((part) => part !== "");
  return segment === undefined ? undefined : decodeSegment(segment);
}

function decodeSegment(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
