import type { Context, SQSBatchResponse, SQSEvent, SQSRecord } from "aws-lambda";
import { type Deps, troubleOf } from "./deps.ts";
import { relayMessages } from "./relay-messages.ts";
import type { Shift } from "./relay-turn.ts";
import type { Message } from "./take-in.ts";

/** The intake queue, as far as the relay needs it. */
export interface Intake {
  /** Hides a message that is being handled for so long. */
  postpone(receiptHandle: string, delayMs: number): Promise<void>;
}

/** What a relay worker needs beside the pipeline. */
export interface RelayWorker extends Deps {
  readonly intake: Intake;
  /** A signal that is aborted after so many ms. */
  readonly abortAfter: (ms: number) => AbortSignal;
}

/** Time kept back from a worker's last moments: enough to record what was aborted. */
export const LAST_MOMENTS_MS = 5_000;

/**
 * One batch of the intake queue. Messages that are settled are acknowledged; the others come back when they want to.
 */
export async function relayEvent(
  worker: RelayWorker,
  event: SQSEvent,
  context: Pick<Context, "getRemainingTimeInMillis">,
): Promise<SQSBatchResponse> {
  const remainingMs = () => context.getRemainingTimeInMillis();
  const shift: Shift = {
    remainingMs,
    signal: worker.abortAfter(Math.max(0, remainingMs() - LAST_MOMENTS_MS)),
  };
  const results = await relayMessages(worker, event.Records.map(messageOf), shift);
  const returned = await Promise.all(
    event.Records.map(async (record, at) => {
      const result = results[at];
      if (result?.kind === "settled") return [];
      await postpone(worker, record, result?.delayMs ?? 0);
      return [{ itemIdentifier: record.messageId }];
    }),
  );
  return { batchItemFailures: returned.flat() };
}

/** A message that cannot be postponed comes back after the queue's own visibility time-out. */
async function postpone(worker: RelayWorker, record: SQSRecord, delayMs: number): Promise<void> {
  try {
    await worker.intake.postpone(record.receiptHandle, delayMs);
  } catch (error) {
    const { message } = troubleOf(error);
    worker.log("message.returned", {
      messageId: record.messageId,
      trouble: { code: "not-postponed", message },
    });
  }
}

/** Reads an SQS record as Lambda hands it over. */
export function messageOf(record: SQSRecord): Message {
  return {
    messageId: record.messageId,
    body: record.body,
    receiveCount: Number(record.attributes.ApproximateReceiveCount),
    sentAtMs: Number(record.attributes.SentTimestamp),
  };
}
