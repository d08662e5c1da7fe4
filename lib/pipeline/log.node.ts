import { ALARMS, type Log, type LogEvents } from "./log.ts";

/** Writes one JSON object per event and line to standard output, which is what CloudWatch Logs takes. */
export function createJsonLog(): Log {
  return <Name extends keyof LogEvents>(event: Name, data: LogEvents[Name]) => {
    const level = ALARMS.has(event) ? "error" : "info";
    process.stdout.write(`${JSON.stringify({ level, event, ...data })}\n`);
  };
}
