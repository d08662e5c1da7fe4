import type { Trouble } from "../ledger/ledger.ts";
import type { PhotoRef } from "../photo/photo.ts";

/** Every event the pipeline logs, with its data. One per transition; names are a contract for alarms and queries. */
export interface LogEvents {
  "photo.relayed": {
    photo: PhotoRef;
    sequenceId: string;
    destinationKey: string;
    attempts: number;
    durationMs: number;
  };
  "photo.rejected": { photo: PhotoRef; reasons: readonly string[] };
  "photo.duplicate": { photo: PhotoRef; of: PhotoRef };
  /** v4: it arrived, and no sequence will have it. */
  "photo.left-out": { photo: PhotoRef; reasons: readonly string[] };
  "photo.failed": { photo: PhotoRef; trouble: Trouble };
  /** It will be tried again. */
  "photo.postponed": { photo: PhotoRef; delayMs: number; trouble: Trouble };
  "message.unreadable": { messageId: string; why: string };
  "message.returned": { messageId: string; trouble: Trouble };
  "track.done": { bucket: string; path: string };
  /** Raised once, however many photos meet it: a person has to mend the credentials. */
  "account.stopped": { account: string; trouble: Trouble };
  /** Once a round of closing, as long as it is so: no alarm hangs on a single line. */
  "account.still-stopped": { account: string; trouble: Trouble; since: string };
  "account.opened": { account: string };
  "account.paused": { account: string; untilMs: number };
  "token.refreshed": { account: string; expiresAt?: string };
  /** Once a day, as long as it is so: it holds, and a person has until it is over. */
  "token.not-refreshed": { account: string; trouble: Trouble; expiresAt?: string };
  "sequence.closing": { sequenceId: string; trackPath: string; why: "quiet" | "full" | "done" };
  "sequence.published": { sequenceId: string; trackPath: string; photos: number };
  "sequence.held": { sequenceId: string; trackPath: string; why: string };
  "sequence.postponed": { sequenceId: string; trackPath: string; trouble: Trouble };
  /** Raised once: whether the sequence was finished cannot be told, and a person has to look. */
  "sequence.unknown": { sequenceId: string; trackPath: string; trouble: Trouble };
  /** Once a round of closing, when there are any: as for a stopped account. */
  "sequences.still-unknown": { count: number };
}

/** Where events go. */
export type Log = <Name extends keyof LogEvents>(event: Name, data: LogEvents[Name]) => void;

/** Events that a person should be woken for. */
export const ALARMS: ReadonlySet<keyof LogEvents> = new Set([
  "account.stopped",
  "account.still-stopped",
  "token.not-refreshed",
  "sequence.unknown",
  "sequences.still-unknown",
  "photo.failed",
  "message.unreadable",
]);
