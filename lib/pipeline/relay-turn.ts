import { isSettled, type PhotoRow, type Sighting, type Trouble } from "../ledger/ledger.ts";
import { PhotoGoneError, type PhotoRef } from "../photo/photo.ts";
import { backoffMs } from "./backoff.ts";
import { type Deps, troubleOf } from "./deps.ts";
import { isBound } from "./relay-bound.ts";
import { relayPhoto } from "./relay-photo.ts";
import { type Result, SETTLED, waiting } from "./result.ts";
import { giveUp, IN_FLIGHT } from "./set-aside.ts";
import type { Turn } from "./turn.ts";

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
 * @throws when not even the ledger answers
 */
export async function takeTurn(
  deps: Deps,
  turn: Turn,
  shift: Shift,
  ref: PhotoRef,
  sighting: Sighting,
): Promise<Result> {
  if (shift.signal.aborted || shift.remainingMs() < SHORTEST_TURN_MS) {
    return waiting(0, { code: "out-of-time", message: "the worker was about to end" });
  }
  const result = await relayPhoto(deps, turn, ref, sighting).catch((error: unknown) =>
    noteTrouble(deps, shift, ref, error),
  );
  if (result.kind === "settled") return result;
  if (isTooOld(deps, turn.sentAtMs)) return await giveUpUnlessInFlight(deps, ref, result.trouble);
  deps.log("photo.postponed", { photo: ref, delayMs: result.delayMs, trouble: result.trouble });
  return result;
}

/** Says whether the queue is about to throw a message away. */
export function isTooOld(deps: Pick<Deps, "now">, sentAtMs: number): boolean {
  return deps.now() - sentAtMs > LONGEST_WAIT_MS;
}

async function giveUpUnlessInFlight(deps: Deps, ref: PhotoRef, trouble: Trouble): Promise<Result> {
  const row = await rowOf(deps, ref);
  if (row !== undefined && isSettled(row.status)) return SETTLED;
  if ((row?.lease?.untilMs ?? 0) > deps.now()) return waiting(0, IN_FLIGHT);
  return await giveUp(deps, ref, trouble, row);
}

async function noteTrouble(deps: Deps, shift: Shift, ref: PhotoRef, error: unknown): Promise<Result> {
  const trouble = troubleOf(error);
  if (error instanceof PhotoGoneError) return await giveUpUnlessInFlight(deps, ref, trouble);
  if (wasInterrupted(shift.signal)) return waiting(0, trouble);
  const row = await rowOf(deps, ref);
  const attempts = isBound(row) ? row.attempts : await deps.ledger.noteTrouble(ref, trouble);
  if (attempts >= deps.retries.maxAttempts) return await giveUpUnlessInFlight(deps, ref, trouble);
  return waiting(backoffMs(deps.retries, attempts, deps.random()), trouble);
}

/** A person ended the worker; that a worker's time is up counts as an attempt. */
function wasInterrupted({ aborted, reason }: AbortSignal): boolean {
  return aborted && !(reason instanceof Error && reason.name === "TimeoutError");
}

async function rowOf(deps: Deps, ref: PhotoRef): Promise<PhotoRow | undefined> {
  const [sighting] = await deps.ledger.look([ref]);
  return sighting?.row;
}
