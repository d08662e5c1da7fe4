import { type Dismissal, isSamePhoto, isSettled, type PhotoRow, type Trouble } from "../ledger/ledger.ts";
import type { PhotoRef } from "../photo/photo.ts";
import { backoffMs } from "./backoff.ts";
import type { Deps } from "./deps.ts";
import { type Result, SETTLED, waiting } from "./result.ts";
import type { Turn } from "./turn.ts";

/** Records a photo that will not be sent. */
export async function dismiss(deps: Deps, dismissal: Dismissal): Promise<Result> {
  const { ref: photo, duplicateOf, reasons } = dismissal;
  if (!(await deps.ledger.dismiss(dismissal))) return SETTLED;
  if (duplicateOf === undefined)
    deps.log("photo.rejected", { photo, reasons: reasons.map(({ code }) => code) });
  else deps.log("photo.duplicate", { photo, of: duplicateOf });
  return SETTLED;
}

/**
 * Gives a photo up for good, until its event is fed again.
 *
 * @param row as it was last seen, if there is one
 */
export async function giveUp(
  deps: Deps,
  ref: PhotoRef,
  { code, message }: Trouble,
  row?: PhotoRow,
): Promise<Result> {
  const trouble = { code, message };
  if (!(await deps.ledger.fail(ref, trouble, row))) {
    return waiting(0, { code: "changed", message: "the photo changed while it was given up" });
  }
  deps.log("photo.failed", { photo: ref, trouble });
  return SETTLED;
}

/** A photo whose bytes another holds: its duplicate once that one has arrived, until then it waits. */
export async function standBehind(deps: Deps, turn: Turn, ref: PhotoRef, other: PhotoRow): Promise<Result> {
  const isItself = isSamePhoto(ref, other.ref);
  if (!isSettled(other.status)) {
    const trouble = isItself ? IN_FLIGHT : { code: "twin-in-flight", message: twinMessage(other) };
    return waiting(patienceMs(deps, turn), trouble);
  }
  if (isItself) return SETTLED;
  return await dismiss(deps, {
    ref,
    status: "duplicate",
    reasons: [],
    warnings: [],
    duplicateOf: other.ref,
  });
}

/** Another worker has the photo. */
export const IN_FLIGHT: Trouble = { code: "in-flight", message: "another worker is sending it" };

/** How long a message waits that was received so often. */
export function patienceMs(deps: Deps, turn: Turn): number {
  return backoffMs(deps.retries, turn.receiveCount, deps.random());
}

function twinMessage({ ref }: PhotoRow): string {
  return `${JSON.stringify(ref.key)} has the same bytes and is on its way`;
}
