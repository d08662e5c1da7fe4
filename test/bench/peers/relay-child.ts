/** The relay as shipped: the deployed bundle's handler, on batches as Lambda hands them over, one after the other. */
import type { SQSBatchResponse, SQSEvent } from "aws-lambda";
import { s3EventBody } from "../../../sandbox/s3-event.ts";
import { etagOf, SOURCE_BUCKET, sizeBytesOf } from "../photo-key.ts";
import { runMeasured } from "./measured-run.ts";

type Handler = (
  event: SQSEvent,
  context: { readonly getRemainingTimeInMillis: () => number },
) => Promise<SQSBatchResponse>;

const { BENCH_HANDLER = "", BENCH_BATCH = "10" } = process.env;
const { handler }: { readonly handler: Handler } = await import(BENCH_HANDLER);
const batchPhotos = Number(BENCH_BATCH);

function batchOf(keys: readonly string[]): SQSEvent {
  return {
    Records: keys.map((key) => ({
      messageId: key,
      receiptHandle: key,
      body: s3EventBody({
        bucket: SOURCE_BUCKET,
        key,
        etag: etagOf(key),
        sizeBytes: sizeBytesOf(key),
        eventTime: "2026-05-01T10:00:00.000Z",
      }),
      attributes: {
        ApproximateReceiveCount: "1",
        SentTimestamp: String(Date.now()),
        SenderId: "S3",
        ApproximateFirstReceiveTimestamp: String(Date.now()),
      },
      messageAttributes: {},
      md5OfBody: "",
      eventSource: "aws:sqs",
      eventSourceARN: "arn:aws:sqs:eu-west-1:000000000000:intake",
      awsRegion: "eu-west-1",
    })),
  };
}

await runMeasured(() => async (keys) => {
  for (let at = 0; at < keys.length; at += batchPhotos) {
    const event = batchOf(keys.slice(at, at + batchPhotos));
    const { batchItemFailures } = await handler(event, { getRemainingTimeInMillis: () => 900_000 });
    if (batchItemFailures.length > 0) throw new Error(`${batchItemFailures.length} messages came back`);
  }
});
