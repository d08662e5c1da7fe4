import type { ScheduledHandler } from "aws-lambda";
import { closeSequences } from "../lib/pipeline/close-sequences.ts";
import { createClosingWorker } from "../lib/pipeline/lambda.node.ts";
import { LAST_MOMENTS_MS } from "../lib/pipeline/relay-event.ts";

const worker = createClosingWorker(process.env);

/** Every minute: sequences that are quiet, full or declared complete → finished at Mapillary, rows "published". */
export const handler: ScheduledHandler = (_event, context) =>
  closeSequences(worker, worker.abortAfter(context.getRemainingTimeInMillis() - LAST_MOMENTS_MS));
