/** Clients that few batches need: loading them would take a quarter of every cold start. */
import { S3Client } from "@aws-sdk/client-s3";
import { SQSClient } from "@aws-sdk/client-sqs";
import type { PhotoSource } from "../photo/photo.ts";
import { createSdkPhotoSource } from "../photo/sdk-source.s3.ts";
import { createSqsIntake } from "./intake.sqs.ts";
import type { Intake } from "./relay-event.ts";

/** S3 answers within 100 ms or so; a connection that says nothing for 20 s is dead, and the photo is tried again. */
const SOURCE_TIMEOUTS = {
  connectionTimeout: 5_000,
  requestTimeout: 20_000,
  // Without it the SDK only warns when the time is up.
  throwOnRequestTimeout: true,
  socketTimeout: 20_000,
};

/** SQS answers within 10 ms or so; no call waits for messages, since Lambda fetches them. */
const QUEUE_TIMEOUTS = { connectionTimeout: 2_000, requestTimeout: 10_000, throwOnRequestTimeout: true };

/** The photo source of the SDK. */
export function createLambdaPhotoSource(): PhotoSource {
  return createSdkPhotoSource(
    new S3Client({ responseChecksumValidation: "WHEN_REQUIRED", requestHandler: SOURCE_TIMEOUTS }),
  );
}

/** The intake queue. */
export function createLambdaIntake(queueUrl: string): Intake {
  return createSqsIntake(new SQSClient({ requestHandler: QUEUE_TIMEOUTS }), queueUrl);
}
