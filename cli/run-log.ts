import type { Log, LogEvents } from "../lib/pipeline/log.ts";
import { printable } from "./terminal-text.ts";

/** What a person should hear of while a run goes on; everything else is in the counts and the summary. */
const TOLD: { readonly [Name in keyof LogEvents]?: (data: LogEvents[Name]) => string } = {
  "account.stopped": ({ account, trouble }) =>
    `The account ${account} is refused, so its photos wait until its credentials are mended: ${trouble.code}: ${trouble.message}`,
  "sequence.unknown": ({ sequenceId, trackPath, trouble }) =>
    `Whether the sequence ${sequenceId} of ${trackPath} was finished cannot be told: ${trouble.code}: ${trouble.message}`,
  "message.unreadable": ({ messageId, why }) => `The message ${messageId} cannot be read: ${why}`,
};

/** A log for a person: passes on in one line what somebody has to act on. */
export function createRunLog(note: (text: string) => void): Log {
  return (event, data) => {
    const line = TOLD[event]?.(data);
    if (line !== undefined) note(printable(line));
  };
}
