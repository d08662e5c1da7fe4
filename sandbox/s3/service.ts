import type { IncomingHttpHeaders } from "node:http";
import type { ObjectInfo, ObjectStore } from "./object-store.ts";
import type { PostAccounts } from "./post-signature.ts";
import { S3Error } from "./s3-error.ts";

/** What the sandbox can be asked for, in S3's names; everything else is `Unsupported`. */
export type S3Operation =
  | "ListBuckets"
  | "HeadBucket"
  | "ListObjectsV2"
  | "GetObject"
  | "HeadObject"
  | "PutObject"
  | "DeleteObject"
  | "GetObjectTagging"
  | "PutObjectTagging"
  | "DeleteObjectTagging"
  | "PostObject"
  | "Unsupported";

/** A bucket's notification that an object was created. */
export interface ObjectCreated extends Pick<ObjectInfo, "key" | "etag" | "sizeBytes"> {
  readonly bucket: string;
  /** ISO 8601 UTC with milliseconds. */
  readonly eventTime: string;
}

/** A request, taken apart. */
export interface S3Request {
  readonly operation: S3Operation;
  /** Empty where the operation is about no bucket. */
  readonly bucket: string;
  /** Decoded; empty where the operation is about no object. */
  readonly key: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  /** Ends well only when all of the announced body came. */
  readonly body: AsyncIterable<Uint8Array>;
}

/** What the operations work on. */
export interface S3Service {
  readonly buckets: ReadonlyMap<string, ObjectStore>;
  /** Undefined where anybody may post. */
  readonly postAccounts: PostAccounts | undefined;
  /** Scheme, host and port, without a slash at the end. */
  readonly url: () => string;
  /** Epoch milliseconds. */
  readonly now: () => number;
  /** Tells the bucket's owner of a new object. */
  readonly announce: (bucket: string, info: ObjectInfo) => Promise<void>;
}

/**
 * The bucket's objects.
 *
 * @throws {S3Error} `NoSuchBucket`.
 */
export function findStore({ buckets }: S3Service, bucket: string): ObjectStore {
  const store = buckets.get(bucket);
  if (store !== undefined) return store;
  throw new S3Error(404, "NoSuchBucket", "The specified bucket does not exist", { BucketName: bucket });
}
