import type { ScheduledHandler } from "aws-lambda";
import { closeSequences, FINISH_MOMENTS_MS } from "../lib/pipeline/close-sequences.ts";
import { createClosingWorker } from "../lib/pipeline/lambda.node.ts";

const worker = createClosingWorker(process.env);

/** Every minute: sequences that are quiet, full or declared complete → finished at Mapillary, rows "published". */
export const handler: ScheduledHandler = (_event, context) =>
  closeSequences(worker, worker.abortAfter(context.getRemainingTimeInMillis() - FINISH_MOMENTS_MS));
