import { ChangeMessageVisibilityCommand, type SQSClient } from "@aws-sdk/client-sqs";
import type { Intake } from "./relay-event.ts";

/** SQS hides a message for at most 12 hours after it was received (quota); a little less, as some have passed. */
const LONGEST_DELAY_SECONDS = 11 * 3600;

/** The intake queue on SQS. */
export function createSqsIntake(client: SQSClient, queueUrl: string): Intake {
  return {
    async postpone(receiptHandle, delayMs) {
      await client.send(
        new ChangeMessageVisibilityCommand({
          QueueUrl: queueUrl,
          ReceiptHandle: receiptHandle,
          VisibilityTimeout: Math.min(Math.ceil(delayMs / 1000), LONGEST_DELAY_SECONDS),
        }),
      );
    },
  };
}
