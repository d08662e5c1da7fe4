import type { Account } from "./deps.ts";
import type { Result } from "./result.ts";
import type { DeskVisit } from "./slot-desk.ts";

/** Whether an account may send, as a batch has it. */
export interface Leave {
  /** Why it may not; absent when it may. */
  readonly closed?: Result;
  /** It is stopped, and tried once more: a success opens it. */
  readonly isProbe: boolean;
}

/** One delivery of one photo. */
export interface Turn {
  readonly visit: DeskVisit;
  /** Aborted when the worker is about to be ended. */
  readonly signal: AbortSignal;
  /** How often the message came, this time included. */
  readonly receiveCount: number;
  /** When the message was sent first; ms since 1970. */
  readonly sentAtMs: number;
  /** Whether the account may send now; read once for all photos of a batch. */
  readonly leaveOf: (account: Account) => Promise<Leave>;
}
