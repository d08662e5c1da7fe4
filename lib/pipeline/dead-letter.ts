import type { SQSBatchResponse, SQSEvent, SQSRecord } from "aws-lambda";
import { isSettled, type Trouble } from "../ledger/ledger.ts";
import type { PhotoRef } from "../photo/photo.ts";
import { type Deps, troubleOf } from "./deps.ts";
import { messageOf } from "./relay-event.ts";
import { takeIn } from "./take-in.ts";

/**
 * Messages that the queue gave up on: every photo they name gets a row that says so, and what nobody can read is
 * kept. A message stays in the dead-letter queue, where its own alarm tells of it, when even that does not work.
 */
export async function buryEvent(deps: Deps, event: SQSEvent): Promise<SQSBatchResponse> {
  const left = await Promise.all(
    event.Records.map(async (record) => {
      try {
        await bury(deps, record);
        return [];
      } catch (error) {
        deps.log("message.returned", { messageId: record.messageId, trouble: troubleOf(error) });
        return [{ itemIdentifier: record.messageId }];
      }
    }),
  );
  return { batchItemFailures: left.flat() };
}

async function bury(deps: Deps, record: SQSRecord): Promise<void> {
  const message = messageOf(record);
  const photos = await takeIn(deps, message);
  const sightings = await deps.ledger.look(photos);
  for (const [at, ref] of photos.entries()) {
    const row = sightings[at]?.row;
    if (row !== undefined && isSettled(row.status)) continue;
    if ((row?.lease?.untilMs ?? 0) > deps.now())
      throw new Error(`${ref.key} is being sent by another worker`);
    await fail(deps, ref, row?.error ?? neverReached(message.receiveCount), row);
  }
}

async function fail(
  deps: Deps,
  ref: PhotoRef,
  trouble: Trouble,
  row: Parameters<Deps["ledger"]["fail"]>[2],
): Promise<void> {
  if (!(await deps.ledger.fail(ref, trouble, row)))
    throw new Error(`${ref.key} changed while it was given up`);
  // One that was given up before is known of.
  if (row?.status !== "failed") deps.log("photo.failed", { photo: ref, trouble });
}

function neverReached(receiveCount: number): Trouble {
  return {
    code: "dead-letter",
    message: `the queue gave it up: its worker ended ${receiveCount} times without a word (out of memory or time, perhaps)`,
  };
}
