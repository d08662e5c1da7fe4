import type { ExistingBucket } from "./existing-bucket.ts";
import { isProduction } from "./stage.ts";

/** The bucket that the photos land in. */
export interface PhotoBucket {
  readonly name: $util.Input<string>;
  readonly arn: $util.Output<string>;
  /** The key that its objects are encrypted with, where reading them takes a permission for it. */
  readonly kmsKeyArn?: string;
}

/**
 * Makes the photo bucket: versioned, private, by TLS only, and nothing for browsers. Photos are the user's: production
 * keeps the bucket whatever happens, and S3 refuses to delete it while anything is in it. Other stages go away whole.
 */
export function createPhotoBucket(): PhotoBucket {
  const bucket = new sst.aws.Bucket(
    "Photos",
    {
      versioning: true,
      cors: false,
      enforceHttps: true,
      transform: { bucket: { forceDestroy: !isProduction() } },
    },
    // With it go its versions, its policy and its closed doors: a bucket that stays is to stay as safe as it was.
    { retainOnDelete: isProduction() },
  );
  return { name: bucket.name, arn: bucket.arn };
}

/** The user's own bucket, of which nothing but the notifications is changed. */
export function useExistingBucket({ name, kmsKeyArn }: ExistingBucket): PhotoBucket {
  const bucket = sst.aws.Bucket.get("Photos", name);
  return { name, arn: bucket.arn, ...(kmsKeyArn !== undefined && { kmsKeyArn }) };
}
