import type { PhotoBucket } from "./photo-bucket.ts";
import {
  DEAD_LETTER_TIMEOUT_SECONDS,
  MAX_RECEIVES,
  RELAY_TIMEOUT_SECONDS,
  RETENTION_SECONDS,
  VISIBILITY_PER_TIMEOUT,
} from "./sizes.ts";
import { nameOf } from "./stage.ts";

/** The queue that new photos are told of in, and the one for what it gave up. */
export interface Intake {
  readonly queue: sst.aws.Queue;
  readonly deadLetters: sst.aws.Queue;
}

/** What the bucket calls our notification; one of this name is ours, and any other is somebody's. */
export function notificationId(): string {
  return nameOf("intake");
}

/** Makes both queues, and has the bucket tell of every new object. */
export function createIntake(bucket: PhotoBucket): Intake {
  const kept = { messageRetentionSeconds: RETENTION_SECONDS, sqsManagedSseEnabled: true };
  const deadLetters = new sst.aws.Queue("DeadLetters", {
    visibilityTimeout: `${VISIBILITY_PER_TIMEOUT * DEAD_LETTER_TIMEOUT_SECONDS} seconds`,
    transform: { queue: kept },
  });
  const queue = new sst.aws.Queue("Intake", {
    visibilityTimeout: `${VISIBILITY_PER_TIMEOUT * RELAY_TIMEOUT_SECONDS} seconds`,
    dlq: { queue: deadLetters.arn, retry: MAX_RECEIVES },
    transform: { queue: kept },
  });
  notify(bucket, queue);
  return { queue, deadLetters };
}

/**
 * Not by `bucket.notify`: the policy it gives the queue would let every bucket, topic and event bus of everybody send
 * to it.
 */
function notify(bucket: PhotoBucket, queue: sst.aws.Queue): void {
  const { accountId } = aws.getCallerIdentityOutput();
  const policy = new aws.sqs.QueuePolicy("IntakePolicy", {
    queueUrl: queue.url,
    policy: $jsonStringify({
      Version: "2012-10-17",
      Statement: [
        {
          Effect: "Allow",
          Principal: { Service: "s3.amazonaws.com" },
          Action: "sqs:SendMessage",
          Resource: queue.arn,
          Condition: {
            ArnEquals: { "aws:SourceArn": bucket.arn },
            StringEquals: { "aws:SourceAccount": accountId },
          },
        },
      ],
    }),
  });
  new aws.s3.BucketNotification(
    "PhotoNotification",
    {
      bucket: bucket.name,
      queues: [{ id: notificationId(), queueArn: queue.arn, events: ["s3:ObjectCreated:*"] }],
    },
    // S3 tries the queue before it takes the notification.
    { dependsOn: [policy] },
  );
}
