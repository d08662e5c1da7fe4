/** DynamoDB over TLS: dynalite behind a proxy that counts what is asked of it, and may take its time. */
import { Agent, request as forward, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer } from "node:https";
import { pipeline } from "node:stream/promises";
import { setTimeout as delay } from "node:timers/promises";
import { startTableSandbox } from "../../../sandbox/table.ts";
import { createTally } from "./counts.ts";
import { reportToDriver, TLS_OPTIONS } from "./report-to-driver.ts";

const delayMs = Number(process.argv[2]);
const tally = createTally();
const agent = new Agent({ keepAlive: true });
const table = await startTableSandbox();

async function pass(request: IncomingMessage, response: ServerResponse): Promise<void> {
  tally.count(String(request.headers["x-amz-target"]).replace(/^.*\./, ""));
  if (delayMs > 0) await delay(delayMs);
  const { method, headers } = request;
  const inner = forward(table.url, { agent, headers, ...(method !== undefined && { method }) });
  const answered = new Promise<IncomingMessage>((resolve, reject) => {
    inner.once("response", resolve).once("error", reject);
  });
  await pipeline(request, inner);
  const answer = await answered;
  response.writeHead(answer.statusCode ?? 502, answer.headers);
  await pipeline(answer, response);
}

const server = createServer(TLS_OPTIONS, (request, response) => {
  pass(request, response).catch((error: unknown) => {
    tally.complain(`table: ${error}`);
    response.destroy();
  });
});
reportToDriver(server, tally);
