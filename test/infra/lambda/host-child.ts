/** Loads a function as Lambda's runtime does, and calls it for its parent. */
import { pathToFileURL } from "node:url";
import { getHeapStatistics } from "node:v8";
import type { HostCall, HostReply, HostStart } from "./host.ts";

type Handler = (event: unknown, context: object) => Promise<unknown>;

process.on("message", (message: HostStart | HostCall) => {
  const work = message.kind === "start" ? start(message) : call(message);
  work.then(reply, (error: unknown) => reply({ kind: "failed", error: tell(error) }));
});

let handler: Handler | undefined;

const now = Date.now;
let clockAheadMs = 0;
Date.now = () => now() + clockAheadMs;

async function start({ file }: HostStart): Promise<HostReply> {
  const startedMs = performance.now();
  const module = (await import(pathToFileURL(file).href)) as { handler?: Handler };
  const importMs = performance.now() - startedMs;
  handler = module.handler;
  if (typeof handler !== "function") throw new TypeError(`${file} exports no handler`);
  const { rss, heapTotal } = process.memoryUsage();
  const memory = { rssBytes: rss, heapBytes: heapTotal, heapLimitBytes: getHeapStatistics().heap_size_limit };
  return { kind: "started", nodeVersion: process.version, importMs, ...memory };
}

async function call({ event, timeoutMs, ...call }: HostCall): Promise<HostReply> {
  clockAheadMs = call.clockAheadMs;
  const endsAtMs = Date.now() + timeoutMs;
  const context = {
    awsRequestId: "8476a536-e9f4-11e8-9739-2dfe598c3fcd",
    functionName: process.env.AWS_LAMBDA_FUNCTION_NAME,
    getRemainingTimeInMillis: () => endsAtMs - Date.now(),
  };
  return { kind: "returned", value: await handler?.(event, context) };
}

function reply(message: HostReply): void {
  process.send?.(message);
}

function tell(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
