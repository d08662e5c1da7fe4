import type { Log, LogEvents } from "../lib/pipeline/log.ts";
import { printable } from "./terminal-text.ts";

/** What a person should hear of while a run goes on; everything else is in the counts and the summary. */
const TOLD: { readonly [Name in keyof LogEvents]?: (data: LogEvents[Name]) => string } = {
  "account.stopped": ({ account, trouble }) =>
    `The account ${account} is refused, so its photos wait until its credentials are mended: ${trouble.code}: ${trouble.message}`,
  "account.paused": ({ account, untilMs }) =>
    `The account ${account} was asked for patience, and goes on at ${new Date(untilMs).toISOString()}.`,
  "sequence.unknown": ({ sequenceId, trackPath, trouble }) =>
    `Whether the sequence ${sequenceId} of ${trackPath} was finished cannot be told: ${trouble.code}: ${trouble.message}`,
  "message.unreadable": ({ messageId, why }) => `The message ${messageId} cannot be read: ${why}`,
};

/** Every photo under way may be asked for the same patience; what ends so little later was told of. */
const SAME_PAUSE_MS = 5_000;

/** A log for a person: passes on in one line what somebody has to act on, or is kept waiting by. */
export function createRunLog(note: (text: string) => void): Log {
  const pausedUntilMs = new Map<string, number>();
  return (event, data) => {
    if (event === "account.paused" && "untilMs" in data) {
      const { account, untilMs } = data;
      if (untilMs - (pausedUntilMs.get(account) ?? 0) <= SAME_PAUSE_MS) return;
      pausedUntilMs.set(account, untilMs);
    }
    const line = TOLD[event]?.(data);
    if (line !== undefined) note(printable(line));
  };
}
