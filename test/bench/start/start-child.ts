/**
 * A function in a fresh process, as Lambda starts one. Argument 1 is the module, 2 the events to call its handler
 * with, one after the other, as JSON. Prints a {@link StartReport}. Imports nothing, so that it adds nothing.
 */
import type { StartReport } from "./start-process.ts";

/** Longer than any call here takes. */
const REMAINING_MS = 60_000;

const [, , file = "", eventsJson = "[]"] = process.argv;
const output = process.stdout.write.bind(process.stdout);
const startedCpu = process.cpuUsage();
const startedMs = performance.now();
const loaded: { readonly handler?: unknown } = await import(file);
const importMs = performance.now() - startedMs;
const { user, system } = process.cpuUsage(startedCpu);
const rssBytes = process.memoryUsage.rss();

// The handler's log goes nowhere: standard output is for the report.
process.stdout.write = () => true;
const invocationsMs: number[] = [];
let returned = 0;
const { handler } = loaded;
for (const event of JSON.parse(eventsJson)) {
  if (typeof handler !== "function") break;
  const calledMs = performance.now();
  const answer = await handler(event, { getRemainingTimeInMillis: () => REMAINING_MS });
  invocationsMs.push(performance.now() - calledMs);
  returned += answer?.batchItemFailures?.length ?? 0;
}

const report: StartReport = {
  importMs,
  // cpuUsage counts in µs.
  importCpuMs: (user + system) / 1_000,
  rssBytes,
  exportsHandler: typeof handler === "function",
  invocationsMs,
  returned,
};
output(JSON.stringify(report), () => process.exit(0));
