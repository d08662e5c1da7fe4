/**
 * What is counted, from the lines that the functions log anyway (docs/decisions/014-metrics-from-logs.md). CloudWatch
 * does the counting: it costs the functions no time, no bytes and no permission.
 */
import type { LogEvents } from "../lib/pipeline/log.ts";

/** A metric taken from the log. */
export interface LogMetric {
  /** The events that count. */
  readonly events: readonly (keyof LogEvents)[];
  /** Where the event tells how much; it counts as 1 when absent. */
  readonly value?: string;
  readonly unit: "Count" | "Bytes" | "Milliseconds";
}

/** The metrics by name; each stage has them in a namespace of its own. */
export const LOG_METRICS = {
  Relayed: { events: ["photo.relayed"], unit: "Count" },
  RelayedBytes: { events: ["photo.relayed"], value: "$.photo.sizeBytes", unit: "Bytes" },
  RelayDuration: { events: ["photo.relayed"], value: "$.durationMs", unit: "Milliseconds" },
  Rejected: { events: ["photo.rejected"], unit: "Count" },
  LeftOut: { events: ["photo.left-out"], unit: "Count" },
  Duplicates: { events: ["photo.duplicate"], unit: "Count" },
  Failed: { events: ["photo.failed"], unit: "Count" },
  Postponed: { events: ["photo.postponed"], unit: "Count" },
  Unreadable: { events: ["message.unreadable"], unit: "Count" },
  StoppedAccounts: { events: ["account.stopped", "account.still-stopped"], unit: "Count" },
  TokensNotRefreshed: { events: ["token.not-refreshed"], unit: "Count" },
  UnknownSequences: { events: ["sequence.unknown", "sequences.still-unknown"], unit: "Count" },
  HeldSequences: { events: ["sequence.held"], unit: "Count" },
  PublishedPhotos: { events: ["sequence.published"], value: "$.photos", unit: "Count" },
} as const satisfies Readonly<Record<string, LogMetric>>;

/** Name of a metric taken from the log. */
export type LogMetricName = keyof typeof LOG_METRICS;

/** The CloudWatch Logs pattern that finds a metric's lines. A value that is taken has to be in the pattern. */
export function patternOf({ events, value }: LogMetric): string {
  const isOneOf = events.map((event) => `($.event = "${event}")`).join(" || ");
  return value === undefined ? `{ ${isOneOf} }` : `{ (${isOneOf}) && (${value} = *) }`;
}
