import type { Trouble } from "./ledger.ts";

/** Whether an account's photos may be sent now. One item per account, shared by all workers. */
export type Gate =
  | { readonly kind: "open" }
  /** Mapillary asked for patience. */
  | { readonly kind: "paused"; readonly untilMs: number }
  /** The credentials are wrong for every photo; a person has to mend them. */
  | { readonly kind: "stopped"; readonly why: Trouble; readonly since: string };

/** Whom a gate belongs to. */
export interface AccountKey {
  readonly name: string;
  /**
   * Changes when the credentials do, and gives nothing of them away. An account stopped for its old credentials
   * goes on by itself when it gets new ones.
   */
  readonly credentialsMark: string;
}

/** Keeps the gates. */
export interface Gates {
  read(account: AccountKey, nowMs: number): Promise<Gate>;
  /** @returns true for the one caller who closed it: the one that raises the alarm */
  stop(account: AccountKey, why: Trouble): Promise<boolean>;
  /**
   * Asks to try a stopped account again, in case what was wrong has been mended elsewhere: an expired certificate, a
   * bucket that was missing. Whoever gets leave and succeeds opens the gate.
   *
   * @returns true for one caller an hour
   */
  mayProbe(account: AccountKey, nowMs: number): Promise<boolean>;
  /** Pauses until a time, never shortening a pause. Leaves a stopped account stopped. */
  pause(account: AccountKey, untilMs: number): Promise<void>;
  /** Opens a stopped or paused gate. */
  open(account: AccountKey): Promise<void>;
}
