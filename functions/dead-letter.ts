import type { SQSHandler } from "aws-lambda";
import { buryEvent } from "../lib/pipeline/dead-letter.ts";
import { createDeadLetterWorker } from "../lib/pipeline/lambda.node.ts";

const worker = createDeadLetterWorker(process.env);

/** Dead letters → rows "failed", with the reason. What cannot be recorded stays in the dead-letter queue. */
export const handler: SQSHandler = (event) => buryEvent(worker, event);
