import type { ScheduledHandler } from "aws-lambda";
import { checkCredentials } from "../lib/pipeline/check-credentials.ts";
import { createCredentialsWorker } from "../lib/pipeline/lambda-credentials.node.ts";
import { LAST_MOMENTS_MS } from "../lib/pipeline/relay-event.ts";

const worker = createCredentialsWorker(process.env);

/** Every day: accounts whose credentials no longer hold are stopped, tokens that will soon be over are replaced. */
export const handler: ScheduledHandler = (_event, context) =>
  checkCredentials(worker, worker.abortAfter(context.getRemainingTimeInMillis() - LAST_MOMENTS_MS));
