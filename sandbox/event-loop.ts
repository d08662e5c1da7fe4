import { randomUUID } from "node:crypto";
import {
  DeleteMessageBatchCommand,
  type Message,
  ReceiveMessageCommand,
  type SQSClient,
} from "@aws-sdk/client-sqs";
import type { Context, SQSBatchResponse, SQSEvent, SQSRecord } from "aws-lambda";

/** A function behind a queue, and how Lambda is told to call it. */
export interface EventSource {
  readonly client: SQSClient;
  readonly queueUrl: string;
  readonly handler: (
    event: SQSEvent,
    context: Pick<Context, "getRemainingTimeInMillis">,
  ) => Promise<SQSBatchResponse>;
  /** Most messages in one call; at most 10. */
  readonly batchSize: number;
  /** Most calls at once. */
  readonly concurrency: number;
  /** The function's time-out. */
  readonly timeoutMs: number;
}

/**
 * Plays Lambda's event source mapping: receives batches, calls the function, deletes what it settled and leaves the
 * rest to come back. A function that throws leaves the whole batch.
 *
 * @param signal ends the loop; batches in the works are waited for
 * @returns when the loop has ended
 */
export async function runEventLoop(source: EventSource, signal: AbortSignal): Promise<void> {
  await Promise.all(Array.from({ length: source.concurrency }, () => runPoller(source, signal)));
}

async function runPoller(source: EventSource, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const messages = await receive(source, signal);
    if (messages.length > 0) await handle(source, messages);
  }
}

/** Long polls, so that an empty queue costs nothing. */
async function receive(
  { client, queueUrl, batchSize }: EventSource,
  signal: AbortSignal,
): Promise<Message[]> {
  const command = new ReceiveMessageCommand({
    QueueUrl: queueUrl,
    MaxNumberOfMessages: batchSize,
    WaitTimeSeconds: 1,
    MessageSystemAttributeNames: ["All"],
  });
  try {
    const { Messages = [] } = await client.send(command, { abortSignal: signal });
    return Messages;
  } catch (error) {
    if (signal.aborted) return [];
    throw error;
  }
}

async function handle(source: EventSource, messages: readonly Message[]): Promise<void> {
  const endsAtMs = Date.now() + source.timeoutMs;
  const context = { getRemainingTimeInMillis: () => endsAtMs - Date.now() };
  const failed = await callFunction(source, { Records: messages.map(recordOf) }, context);
  const settled = messages.filter(({ MessageId = "" }) => !failed.has(MessageId));
  if (settled.length === 0) return;
  await source.client.send(
    new DeleteMessageBatchCommand({
      QueueUrl: source.queueUrl,
      Entries: settled.map(({ ReceiptHandle }, at) => ({ Id: String(at), ReceiptHandle })),
    }),
  );
}

async function callFunction(
  source: EventSource,
  event: SQSEvent,
  context: Pick<Context, "getRemainingTimeInMillis">,
): Promise<Set<string>> {
  try {
    const { batchItemFailures } = await source.handler(event, context);
    return new Set(batchItemFailures.map(({ itemIdentifier }) => itemIdentifier));
  } catch {
    return new Set(event.Records.map(({ messageId }) => messageId));
  }
}

/** A message as Lambda hands it to a function. */
function recordOf({
  MessageId,
  ReceiptHandle = "",
  Body = "",
  Attributes,
  MD5OfBody = "",
}: Message): SQSRecord {
  return {
    messageId: MessageId ?? randomUUID(),
    receiptHandle: ReceiptHandle,
    body: Body,
    attributes: {
      ApproximateReceiveCount: Attributes?.ApproximateReceiveCount ?? "1",
      SentTimestamp: Attributes?.SentTimestamp ?? String(Date.now()),
      SenderId: Attributes?.SenderId ?? "sandbox",
      ApproximateFirstReceiveTimestamp: Attributes?.ApproximateFirstReceiveTimestamp ?? String(Date.now()),
    },
    messageAttributes: {},
    md5OfBody: MD5OfBody,
    eventSource: "aws:sqs",
    eventSourceARN: "arn:aws:sqs:eu-west-1:000000000000:sandbox",
    awsRegion: "eu-west-1",
  };
}
