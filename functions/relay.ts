import type { SQSHandler } from "aws-lambda";
import { createRelayWorker } from "../lib/pipeline/lambda.node.ts";
import { relayEvent } from "../lib/pipeline/relay-event.ts";

const worker = createRelayWorker(process.env);

/** Intake queue → one ledger row per photo. Messages whose photos are not settled come back to the queue. */
export const handler: SQSHandler = (event, context) => relayEvent(worker, event, context);
