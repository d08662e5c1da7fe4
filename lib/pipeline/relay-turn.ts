import type { PhotoRow, Sighting, Trouble } from "../ledger/ledger.ts";
import { PhotoGoneError, type PhotoRef } from "../photo/photo.ts";
import { backoffMs } from "./backoff.ts";
import { type Deps, troubleOf } from "./deps.ts";
import { relayPhoto, type Turn } from "./relay-photo.ts";
import { type Result, SETTLED, waiting } from "./result.ts";

/** How much time a worker has. */
export interface Shift {
  /** ms until the worker is ended. */
  readonly remainingMs: () => number;
  /** Aborted shortly before. */
  readonly signal: AbortSignal;
}

/** A photo is not begun when less than so much time is left: opening, judging and recording take a moment. */
const SHORTEST_TURN_MS = 10_000;

/**
 * The queue throws a message away 14 days after it was sent. A photo that waits until then (for credentials,
 * say) is given up a day earlier, so that its row tells what became of it.
 */
const LONGEST_WAIT_MS = 13 * 24 * 3_600_000;

/**
 * Gives one photo its turn; whatever goes wrong becomes a row or another turn.
 *
 * @param sentAtMs when the photo's message was sent first
 * @throws when not even the ledger answers
 */
export async function takeTurn(
  deps: Deps,
  turn: Turn,
  shift: Shift,
  sentAtMs: number,
  ref: PhotoRef,
  sighting: Sighting,
): Promise<Result> {
  if (shift.signal.aborted || shift.remainingMs() < SHORTEST_TURN_MS) {
    return waiting(0, { code: "out-of-time", message: "the worker was about to end" });
  }
  const result = await relayPhoto(deps, turn, ref, sighting).catch((error: unknown) =>
    noteTrouble(deps, shift, ref, sighting.row, error),
  );
  if (result.kind === "settled") return result;
  if (deps.now() - sentAtMs > LONGEST_WAIT_MS)
    return await giveUp(deps, ref, await rowOf(deps, ref), result.trouble);
  deps.log("photo.postponed", { photo: ref, delayMs: result.delayMs, trouble: result.trouble });
  return result;
}

async function noteTrouble(
  deps: Deps,
  shift: Shift,
  ref: PhotoRef,
  seen: PhotoRow | undefined,
  error: unknown,
): Promise<Result> {
  const trouble = troubleOf(error);
  if (error instanceof PhotoGoneError) return await giveUp(deps, ref, seen, { ...trouble, code: error.code });
  if (shift.signal.aborted) return waiting(0, trouble);
  const row = await rowOf(deps, ref);
  const attempts = row?.binding === undefined ? await deps.ledger.noteTrouble(ref, trouble) : row.attempts;
  if (attempts >= deps.retries.maxAttempts) return await giveUp(deps, ref, row, trouble);
  return waiting(backoffMs(deps.retries, attempts, deps.random()), trouble);
}

async function giveUp(
  deps: Deps,
  ref: PhotoRef,
  row: PhotoRow | undefined,
  trouble: Trouble,
): Promise<Result> {
  if (!(await deps.ledger.fail(ref, trouble, row))) return waiting(0, trouble);
  deps.log("photo.failed", { photo: ref, trouble });
  return SETTLED;
}

async function rowOf(deps: Deps, ref: PhotoRef): Promise<PhotoRow | undefined> {
  const [sighting] = await deps.ledger.look([ref]);
  return sighting?.row;
}
