import {
  GetBucketEncryptionCommand,
  GetBucketNotificationConfigurationCommand,
  type GetBucketNotificationConfigurationCommandOutput,
  HeadBucketCommand,
  S3Client,
} from "@aws-sdk/client-s3";
import { asDeployer } from "./deployer.ts";
import { VisibleError } from "./visible-error.ts";

/** A bucket of the user's that photos may be taken from. */
export interface ExistingBucket {
  readonly name: string;
  /** The customer's key that new objects are encrypted with; absent where reading takes no permission for a key. */
  readonly kmsKeyArn?: string;
}

/** What is to be known of a bucket before its notifications are ours. */
export interface BucketClaim {
  readonly name: string;
  /** What our own notification is called, which an earlier deployment of this stage may have left there. */
  readonly notificationId: string;
  /** Whether notifications that are not ours may be lost. */
  readonly replaceNotifications: boolean;
}

/**
 * Looks at a bucket before anything is created. A bucket has one document for all its notifications, so that ours
 * takes the place of whatever was there.
 *
 * @throws {VisibleError} when it cannot be used, or has notifications of others that were not given up
 */
export async function inspectBucket(claim: BucketClaim): Promise<ExistingBucket> {
  const { name } = claim;
  const client = new S3Client(asDeployer());
  try {
    await client.send(new HeadBucketCommand({ Bucket: name })).catch((error) => refuse(name, error));
    const others = othersIn(
      await client.send(new GetBucketNotificationConfigurationCommand({ Bucket: name })),
      claim,
    );
    if (others.length > 0 && !claim.replaceNotifications) throw new VisibleError(tellOthers(name, others));
    const kmsKeyArn = await readKmsKey(client, name);
    return { name, ...(kmsKeyArn !== undefined && { kmsKeyArn }) };
  } finally {
    client.destroy();
  }
}

function refuse(name: string, error: unknown): never {
  const { $metadata, $response } = error as {
    $metadata?: { httpStatusCode?: number };
    $response?: { headers?: Record<string, string> };
  };
  const status = $metadata?.httpStatusCode;
  const region = $response?.headers?.["x-amz-bucket-region"];
  const here = process.env.SST_AWS_REGION;
  if (status === 301 || (region !== undefined && region !== here)) {
    throw new VisibleError(
      `the bucket ${name} is in ${region ?? "another region"}, and S3 only notifies queues in its own region: ` +
        `deploy there, with AWS_REGION=${region ?? "…"}`,
    );
  }
  if (status === 404) {
    throw new VisibleError(
      `there is no bucket ${name}; leave \`bucket\` out of fleet.config.ts to have one created`,
    );
  }
  if (status === 403)
    throw new VisibleError(`the bucket ${name} is another account's, or you may not look at it`);
  throw error;
}

/** What else the bucket notifies, each in some words. */
function othersIn(
  found: GetBucketNotificationConfigurationCommandOutput,
  { notificationId }: BucketClaim,
): string[] {
  const queues = (found.QueueConfigurations ?? [])
    .filter(({ Id }) => Id !== notificationId)
    .map(({ Id, QueueArn }) => `${Id}: queue ${QueueArn}`);
  const topics = (found.TopicConfigurations ?? []).map(({ Id, TopicArn }) => `${Id}: topic ${TopicArn}`);
  const functions = (found.LambdaFunctionConfigurations ?? []).map(
    ({ Id, LambdaFunctionArn }) => `${Id}: function ${LambdaFunctionArn}`,
  );
  const bridge = found.EventBridgeConfiguration === undefined ? [] : ["all events to EventBridge"];
  return [...queues, ...topics, ...functions, ...bridge];
}

function tellOthers(name: string, others: readonly string[]): string {
  return [
    `the bucket ${name} has ${others.length} notification(s) that the deployment would remove:`,
    ...others.map((other) => `  - ${other}`),
    "If nobody needs them any more, say `replaceNotifications: true` in fleet.config.ts.",
  ].join("\n");
}

/** AWS's own key for S3 may be used by whoever may read the object; a customer's key needs a grant. */
async function readKmsKey(client: S3Client, name: string): Promise<string | undefined> {
  const answer = await client.send(new GetBucketEncryptionCommand({ Bucket: name })).catch((error) => {
    if (error instanceof Error && error.name === "ServerSideEncryptionConfigurationNotFoundError")
      return undefined;
    throw error;
  });
  const key =
    answer?.ServerSideEncryptionConfiguration?.Rules?.[0]?.ApplyServerSideEncryptionByDefault?.KMSMasterKeyID;
  if (key === undefined || key === "" || key.endsWith("alias/aws/s3")) return undefined;
  if (/^arn:[^:]+:kms:[^:]+:\d+:key\/[\w-]+$/.test(key)) return key;
  throw new VisibleError(
    `the bucket ${name} encrypts with ${key}; IAM grants keys by ARN: ` +
      "name the key by its ARN (arn:aws:kms:…:key/…) in the bucket's default encryption",
  );
}
