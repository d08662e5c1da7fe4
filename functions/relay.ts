import type { SQSHandler } from "aws-lambda";
import { createLambdaWorker } from "../lib/pipeline/lambda.node.ts";
import { relayEvent } from "../lib/pipeline/relay-event.ts";

const worker = createLambdaWorker(process.env);

/** Intake queue → one ledger row per photo. Messages whose photos are not settled come back to the queue. */
export const handler: SQSHandler = (event, context) => relayEvent(worker, event, context);
