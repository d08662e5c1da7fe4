import { photoTagOf, type Sighting, type Trouble } from "../ledger/ledger.ts";
import type { PhotoRef } from "../photo/photo.ts";
import { backoffMs } from "./backoff.ts";
import { createBudget } from "./byte-budget.ts";
import { type Account, type Deps, troubleOf } from "./deps.ts";
import { isTooOld, type Shift, takeTurn } from "./relay-turn.ts";
import { type Result, SETTLED, waiting } from "./result.ts";
import { createSlotDesk } from "./slot-desk.ts";
import { keepUnreadable, type Message, takeIn } from "./take-in.ts";
import type { Leave } from "./turn.ts";

/** Photos in the works hold at most so many bytes of their heads in memory. */
const HEAD_BUDGET_BYTES = 48 * 2 ** 20;

/** A head is as long as the walk over a photo's segments may get. */
const LONGEST_HEAD_BYTES = 4 * 2 ** 20;

/**
 * Relays every photo that a batch of messages names: one look into the ledger for all of them, then each photo
 * on its own, side by side.
 *
 * @returns for each message, in order: settled, or when it is to come back
 */
export async function relayMessages(
  deps: Deps,
  messages: readonly Message[],
  shift: Shift,
): Promise<Result[]> {
  const intakes = await Promise.all(
    messages.map((message) => attempt(deps, message, () => takeIn(deps, message))),
  );
  const relay = createBatchRelay(deps, shift);
  const photos = intakes.flatMap((intake) => (intake.kind === "done" ? intake.value : []));
  const sightings = await lookOnce(deps, photos);
  return await Promise.all(
    messages.map(async (message, at) => {
      const intake = intakes[at];
      if (intake?.kind !== "done") return intake?.result ?? SETTLED;
      const results = intake.value.map(async (ref) => {
        const relayed = await attempt(deps, message, async () =>
          relay(ref, sightings().get(photoTagOf(ref)) ?? {}, message),
        );
        return relayed.kind === "done" ? relayed.value : relayed.result;
      });
      return soonestOf(await Promise.all(results));
    }),
  );
}

type Attempted<T> =
  | { readonly kind: "done"; readonly value: T }
  | { readonly kind: "returned"; readonly result: Result };

/** Does a part of a message's work; when it throws, the message comes back. */
async function attempt<T>(deps: Deps, message: Message, work: () => Promise<T>): Promise<Attempted<T>> {
  try {
    return { kind: "done", value: await work() };
  } catch (error) {
    return { kind: "returned", result: await giveBack(deps, message, troubleOf(error)) };
  }
}

/** A message that cannot be worked on comes back, and is kept before the queue throws it away. */
async function giveBack(deps: Deps, message: Message, trouble: Trouble): Promise<Result> {
  const { messageId, body, receiveCount, sentAtMs } = message;
  const delayMs = backoffMs(deps.retries, receiveCount, deps.random());
  deps.log("message.returned", { messageId, trouble });
  if (!isTooOld(deps, sentAtMs)) return waiting(delayMs, trouble);
  try {
    await keepUnreadable(deps, { messageId, body }, `${trouble.code}: ${trouble.message}`);
    return SETTLED;
  } catch {
    return waiting(delayMs, trouble);
  }
}

/** One read for the whole batch. @returns gives what was seen by photo tag, or throws what the read threw */
async function lookOnce(
  deps: Deps,
  photos: readonly PhotoRef[],
): Promise<() => ReadonlyMap<string, Sighting>> {
  try {
    const sightings = photos.length === 0 ? [] : await deps.ledger.look(photos);
    const byTag = new Map(photos.map((ref, at) => [photoTagOf(ref), sightings[at] ?? {}]));
    return () => byTag;
  } catch (error) {
    return () => {
      throw error;
    };
  }
}

/** What the photos of one batch share: the desk, the budget, one look at each gate. */
function createBatchRelay(deps: Deps, shift: Shift) {
  const desk = createSlotDesk(deps.sequences, deps.delay);
  const budget = createBudget({ bytes: HEAD_BUDGET_BYTES, works: deps.fleet.photosAtOnce });
  const leaves = new Map<string, Promise<Leave>>();
  const results = new Map<string, Promise<Result>>();
  const lastOfContent = new Map<string, Promise<unknown>>();

  function leaveOf(account: Account): Promise<Leave> {
    const leave = leaves.get(account.name) ?? readLeave(deps, account);
    leaves.set(account.name, leave);
    return leave;
  }

  async function relayNow(ref: PhotoRef, sighting: Sighting, message: Message): Promise<Result> {
    return await budget.run(Math.min(ref.sizeBytes, LONGEST_HEAD_BYTES), async () => {
      const visit = desk.enter();
      try {
        const { receiveCount, sentAtMs } = message;
        const turn = { visit, signal: shift.signal, receiveCount, sentAtMs, leaveOf };
        return await takeTurn(deps, turn, shift, ref, sighting);
      } finally {
        visit.leave();
      }
    });
  }

  /** Photos with the same bytes go one after the other: the second may be a duplicate of the first. */
  async function relayAfter(before: Promise<unknown>, ref: PhotoRef, message: Message): Promise<Result> {
    await before.catch(() => undefined);
    const [sighting = {}] = await deps.ledger.look([ref]);
    return await relayNow(ref, sighting, message);
  }

  return (ref: PhotoRef, sighting: Sighting, message: Message): Promise<Result> => {
    const known = results.get(photoTagOf(ref));
    if (known !== undefined) return known;
    const content = JSON.stringify([ref.bucket, ref.etag, ref.sizeBytes]);
    const before = lastOfContent.get(content);
    const result = before ? relayAfter(before, ref, message) : relayNow(ref, sighting, message);
    lastOfContent.set(content, result);
    results.set(photoTagOf(ref), result);
    return result;
  };
}

async function readLeave(deps: Deps, account: Account): Promise<Leave> {
  const gate = await deps.gates.read(account.key, deps.now());
  if (gate.kind === "open") return { isProbe: false };
  if (gate.kind === "stopped") {
    if (await deps.gates.mayProbe(account.key, deps.now())) return { isProbe: true };
    return { isProbe: false, closed: waiting(deps.retries.capMs, gate.why) };
  }
  // Not all at once when the pause is over.
  const delayMs = gate.untilMs - deps.now() + backoffMs(deps.retries, 1, deps.random());
  return { isProbe: false, closed: waiting(delayMs, PAUSED) };
}

const PAUSED: Trouble = { code: "paused", message: "Mapillary asked for patience" };

/** A message is done when all its photos are, and comes back as soon as the first of them wants to. */
function soonestOf(results: readonly Result[]): Result {
  const soonest = results
    .filter((result) => result.kind === "waiting")
    .reduce<Extract<Result, { kind: "waiting" }> | undefined>(
      (best, result) => (best === undefined || result.delayMs < best.delayMs ? result : best),
      undefined,
    );
  return soonest ?? SETTLED;
}
