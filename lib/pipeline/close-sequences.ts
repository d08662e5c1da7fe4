import { quietMsOf } from "../config/fleet.ts";
import { ruleFor } from "../config/rules.ts";
import type { PhotoRow } from "../ledger/ledger.ts";
import { MAX_PHOTOS_PER_SEQUENCE, type SequenceRow } from "../sequence/sequence.ts";
import { type Account, accountNamed, type Deps, troubleOf } from "./deps.ts";
import { finishSequence, goOnFinishing, named } from "./finish-sequence.ts";

/** After a track was declared complete, its last photos may still be on their way through the queue for so long. */
const DONE_GRACE_MS = 60_000;

/**
 * Time kept back from a closer's last moments, in ms: a finish that was begun is not broken off, takes up to a minute,
 * and is noted after that.
 */
export const FINISH_MOMENTS_MS = 70_000;

/**
 * One round: every sequence that is quiet, full or declared complete is closed; of those closed long enough for
 * every relay of theirs to be over, and with no photo still on its way, Mapillary is told. A sequence that meets
 * trouble does not hold up the others. What waits for a person is told of in every round.
 */
export async function closeSequences(deps: Deps, signal: AbortSignal): Promise<void> {
  for (const sequence of await deps.sequences.withStatus("open")) {
    await withTroubleLogged(deps, sequence, () => closeIfDue(deps, sequence));
  }
  const openAccounts = await findOpenAccounts(deps);
  const closed = await deps.sequences.withStatus("closing");
  const begun = await deps.sequences.withStatus("finishing");
  for (const sequence of [...closed, ...begun]) {
    if (signal.aborted) return;
    if (!openAccounts.has(sequence.sender.account)) continue;
    await withTroubleLogged(deps, sequence, () => finishIfSettled(deps, sequence, signal));
  }
  const { length: count } = await deps.sequences.withStatus("unknown");
  if (count > 0) deps.log("sequences.still-unknown", { count });
}

/** The accounts that may send now, by name; asked once a round. */
async function findOpenAccounts(deps: Deps): Promise<Set<string>> {
  const open = new Set<string>();
  for (const [name, { key }] of deps.accounts) {
    const gate = await deps.gates.read(key, deps.now());
    if (gate.kind === "open") open.add(name);
    if (gate.kind === "stopped") {
      deps.log("account.still-stopped", { account: name, trouble: gate.why, since: gate.since });
    }
  }
  return open;
}

async function withTroubleLogged(
  deps: Deps,
  sequence: SequenceRow,
  work: () => Promise<void>,
): Promise<void> {
  try {
    await work();
  } catch (error) {
    deps.log("sequence.postponed", { ...named(sequence), trouble: troubleOf(error) });
  }
}

async function closeIfDue(deps: Deps, sequence: SequenceRow): Promise<void> {
  const why = await reasonToClose(deps, sequence);
  if (why === undefined) return;
  if (await deps.sequences.move(sequence, "closing"))
    deps.log("sequence.closing", { ...named(sequence), why });
}

async function reasonToClose(
  deps: Deps,
  sequence: SequenceRow,
): Promise<"full" | "quiet" | "done" | undefined> {
  if (sequence.slotsTaken >= MAX_PHOTOS_PER_SEQUENCE) return "full";
  const quietMs = deps.now() - Date.parse(sequence.lastClaimAt);
  if (quietMs >= quietMsOf(deps.fleet)) return "quiet";
  if (quietMs < DONE_GRACE_MS) return undefined;
  const doneAt = await deps.sequences.doneSince(sequence.track);
  // The mark may overtake the photos: one that came a little before the sequence was opened counts as well.
  const isDone = doneAt !== undefined && Date.parse(doneAt) >= Date.parse(sequence.openedAt) - DONE_GRACE_MS;
  return isDone && deps.now() - Date.parse(doneAt) >= DONE_GRACE_MS ? "done" : undefined;
}

async function finishIfSettled(deps: Deps, sequence: SequenceRow, signal: AbortSignal): Promise<void> {
  // Any worker that may still act on this sequence ends within its lifetime.
  const restingMs = deps.now() - Date.parse(sequence.changedAt);
  if (restingMs < deps.relayLifetimeMs) return;
  const photos = await deps.ledger.ofSequence(sequence.id);
  // A slot without a photo is a worker's that died, or the index has not caught up.
  if (photos.length < sequence.slotsTaken && restingMs < deps.relayLifetimeMs + deps.indexLagMs) return;
  if (photos.some(({ status }) => status === "relaying")) return;
  const account = accountNamed(deps, sequence.sender.account);
  const work = { deps, account, photos: photos.filter(isOfPlan), signal };
  if (sequence.status === "finishing") return await goOnFinishing(work, sequence);
  if (work.photos.length === 0) return await deps.sequences.dropEmpty(sequence);
  const hold = reasonToHold(deps, sequence, account);
  if (hold !== undefined) return await holdBack(deps, sequence, hold);
  await finishSequence(work, sequence);
}

/** Those that arrived, with those of them that an earlier plan left out; others that were rejected rest elsewhere. */
function isOfPlan({ status, place }: PhotoRow): boolean {
  return status === "relayed" || status === "published" || (status === "rejected" && place !== "resting");
}

function reasonToHold(deps: Deps, sequence: SequenceRow, { username }: Account): string | undefined {
  if (sequence.releasedAt !== undefined) return undefined;
  if (sequence.sender.username !== username)
    return "its photos were sent by another user than the account has now";
  if (deps.fleet.approve === "by-hand") return "the fleet approves its sequences by hand";
  const { hold } = ruleFor(deps.fleet, `${sequence.track.path}/`);
  return hold ? "a rule of the fleet holds it for review" : undefined;
}

async function holdBack(deps: Deps, sequence: SequenceRow, why: string): Promise<void> {
  if (await deps.sequences.move(sequence, "held", { note: why }))
    deps.log("sequence.held", { ...named(sequence), why });
}
