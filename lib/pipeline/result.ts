import type { Trouble } from "../ledger/ledger.ts";

/** What became of a photo, or of a whole message, in this delivery. */
export type Result =
  /** The ledger tells; nothing more is to be done. */
  | { readonly kind: "settled" }
  /** The message is to come back after so many ms. */
  | { readonly kind: "waiting"; readonly delayMs: number; readonly trouble: Trouble };

export const SETTLED: Result = { kind: "settled" };

/** The photo cannot get on now. */
export function waiting(delayMs: number, trouble: Trouble): Result {
  return { kind: "waiting", delayMs, trouble };
}
