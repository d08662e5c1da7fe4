import type { EffectiveRule } from "../config/rules.ts";
import type { Binding, PhotoRow } from "../ledger/ledger.ts";
import { accountNamed, type Deps, stopAccount } from "./deps.ts";
import { isWrappedAnew } from "./parcel.ts";
import { reasonsByRule, reasonsUnseen } from "./photo-reasons.ts";
import { type Result, waiting } from "./result.ts";
import { newLease, sendPhoto } from "./send-photo.ts";
import { giveUp, IN_FLIGHT, patienceMs } from "./set-aside.ts";
import type { Turn } from "./turn.ts";
import { wrapAnew } from "./wrap-anew.ts";

/** A photo that has a destination and is not there yet. */
export type BoundRow = PhotoRow & { readonly binding: Binding };

/** Its session is no object key. Fed again, it is bound anew. */
const LANE_CHANGED = {
  code: "lane-changed",
  message: "it was on its way by the v4 lane, and the fleet has the bucket lane now",
};

/** Says whether a photo has a destination and is not there yet. */
export function isBound(row: PhotoRow | undefined): row is BoundRow {
  return row?.binding !== undefined && row.status === "relaying" && row.place !== "resting";
}

/**
 * Sends a photo whose last attempt failed or died, to where it was bound for good. Only its account is asked, and
 * the rules that may have changed since: a photo that they keep back now is given up, not rejected, because some of
 * it may have been sent.
 */
export async function relayBound(
  deps: Deps,
  turn: Turn,
  seen: BoundRow,
  rule: EffectiveRule,
): Promise<Result> {
  const stillLeasedMs = (seen.lease?.untilMs ?? 0) - deps.now();
  // The lease's end is the latest moment; the other worker is most likely done much sooner.
  if (stillLeasedMs > 0) return waiting(Math.min(stillLeasedMs, patienceMs(deps, turn)), IN_FLIGHT);
  const [kept] = [...reasonsUnseen(seen.ref, rule), ...reasonsByRule(seen.facts ?? {}, rule)];
  if (kept !== undefined) return await giveUp(deps, seen.ref, kept, seen);
  const account = accountNamed(deps, seen.binding.account);
  if (account.lane === "bucket" && seen.binding.rewrite !== undefined)
    return await giveUp(deps, seen.ref, LANE_CHANGED, seen);
  const { closed } = await turn.leaveOf(account);
  if (closed !== undefined) return closed;
  const objection = account.destination.accountObjection(deps.now());
  if (objection !== undefined) {
    const { code, message } = objection;
    await stopAccount(deps, account, { code, message });
    return waiting(patienceMs(deps, turn), { code, message });
  }
  const anew = isWrappedAnew(account, seen) ? await wrapAnew(deps, account, seen, turn.signal) : undefined;
  try {
    const row = await deps.ledger.resumeRelay(seen, newLease(deps), anew?.binding);
    if (row === undefined) return waiting(patienceMs(deps, turn), IN_FLIGHT);
    return await sendPhoto(deps, turn, account, row, anew);
  } finally {
    anew?.photo.close();
  }
}
