import type { PhotoRow, Trouble } from "../ledger/ledger.ts";
import type { FinishOutcome } from "../mapillary/destination.ts";
import type { SequenceChange, SequencePart, SequenceRow } from "../sequence/sequence.ts";
import { type Account, type Deps, stopAccount } from "./deps.ts";
import { renewHandles } from "./renew-handles.ts";
import { type PartsPlan, planParts, slotOf } from "./sequence-parts.ts";

/** Rows brought up to date side by side; a full sequence is 40 rounds of some ms. */
const ROWS_AT_ONCE = 25;

/** What a destination calls it when it knows a photo's handle no more: nothing was made of the sequence. */
const HANDLE_REFUSED = "handle-refused";

/** A closed sequence, its photos that arrived, and who tells Mapillary. */
export interface Finishing {
  readonly deps: Deps;
  readonly account: Account;
  /** `relayed`, `published`, and `rejected` where an earlier plan left one out. */
  readonly photos: readonly PhotoRow[];
  readonly signal: AbortSignal;
}

/**
 * Tells Mapillary of a closed sequence: bucket lane as one, v4 as many as its plan makes of it. How far it came is
 * noted before and after every call, so that none is made twice.
 */
export async function finishSequence(work: Finishing, closing: SequenceRow): Promise<void> {
  const { deps } = work;
  const plan = closing.parts === undefined ? planParts(work.account, work.photos) : undefined;
  const parts = closing.parts ?? plan?.parts ?? [];
  // Before anything is noted: a photo that cannot be made fresh may be why another was to be left out.
  if (!(await renewHandles(work, closing, duePhotosOf(work, parts)))) return;
  if (plan !== undefined) await leaveOut(work, plan);
  const finishing = await deps.sequences.move(closing, "finishing", { parts });
  if (finishing !== undefined) await finishParts(work, finishing);
}

/** A worker died while it finished this sequence. What it had noted tells how far it came. */
export async function goOnFinishing(work: Finishing, sequence: SequenceRow): Promise<void> {
  const { deps } = work;
  const { parts = [] } = sequence;
  if (!parts.some(({ status }) => status === "begun")) {
    if (await renewHandles(work, sequence, duePhotosOf(work, parts))) await finishParts(work, sequence);
    return;
  }
  const trouble = { code: "worker-lost", message: "the worker ended while it finished the sequence" };
  const unknown = parts.map((part) =>
    part.status === "begun" ? { ...part, status: "unknown" as const } : part,
  );
  await leaveToPerson(deps, sequence, trouble, unknown);
}

async function leaveOut({ deps }: Finishing, { leftOut }: PartsPlan): Promise<void> {
  await inGroups(leftOut, ({ row, reason }) => deps.ledger.leaveOut(row, [reason]));
  for (const { row, reason } of leftOut)
    if (row.status === "relayed") deps.log("photo.left-out", { photo: row.ref, reasons: [reason.code] });
}

async function finishParts(work: Finishing, finishing: SequenceRow): Promise<void> {
  let sequence: SequenceRow | undefined = finishing;
  for (const at of (finishing.parts ?? []).keys()) {
    sequence = await finishPart(work, sequence, at);
    if (sequence === undefined) return;
  }
  await publishSequence(work, sequence);
}

/** @returns the sequence as it is now; `undefined` when it goes no further for now */
async function finishPart(
  work: Finishing,
  sequence: SequenceRow,
  at: number,
): Promise<SequenceRow | undefined> {
  const { deps, account, signal } = work;
  const { parts = [] } = sequence;
  const part = parts[at];
  if (part === undefined || part.status === "done") return sequence;
  const photos = photosOf(work, part).filter(hasArrived);
  if (photos.length === 0)
    return await deps.sequences.noteParts(sequence, put(parts, at, { ...part, status: "done" }));
  const begun = await noteBegun(work, sequence, put(parts, at, { ...part, status: "begun" }));
  if (begun === undefined) return undefined;
  const { organizationId } = sequence.sender;
  const handles = photos.flatMap(({ handle }) => handle ?? []);
  const request = { id: sequence.id, handles, ...(organizationId !== undefined && { organizationId }) };
  const outcome = await account.destination.finish(request, signal);
  if (outcome.kind !== "done") {
    await settleRefusal(work, begun, at, outcome);
    return undefined;
  }
  const done: SequencePart = {
    ...part,
    status: "done",
    ...(account.lane === "v4" && { clusterId: outcome.destination }),
  };
  return await deps.sequences.noteParts(begun, put(parts, at, done));
}

/** Where a second finish does no harm, the sequence's being `finishing` says enough. */
async function noteBegun(
  { deps, account }: Finishing,
  sequence: SequenceRow,
  parts: readonly SequencePart[],
): Promise<SequenceRow | undefined> {
  if (account.destination.repeatedFinish === "harmless") return sequence;
  return await deps.sequences.noteParts(sequence, parts);
}

async function settleRefusal(
  { deps, account }: Finishing,
  begun: SequenceRow,
  at: number,
  outcome: Exclude<FinishOutcome, { kind: "done" }>,
): Promise<void> {
  const { parts = [] } = begun;
  const trouble = { code: outcome.code, message: outcome.message };
  const turnedTo = (status: SequencePart["status"]) =>
    parts.map((part, index) => (index === at ? { ...part, status } : part));
  const due = turnedTo("due");
  if (outcome.code === HANDLE_REFUSED && begun.handlesRefusedAt === undefined)
    return await finishLater(deps, begun, trouble, { parts: due, handlesRefusedAt: begun.changedAt });
  if (!mayRepeat(account, outcome)) return await leaveToPerson(deps, begun, trouble, turnedTo("unknown"));
  if (outcome.kind === "never") await stopAccount(deps, account, trouble);
  if (outcome.kind === "later" && outcome.gate === "rate-limit" && outcome.afterMs !== undefined)
    await deps.gates.pause(account.key, deps.now() + outcome.afterMs);
  await finishLater(deps, begun, trouble, { parts: due });
}

function mayRepeat({ destination }: Account, outcome: FinishOutcome): boolean {
  if (outcome.kind === "unknown") return destination.repeatedFinish === "harmless";
  return outcome.kind === "later" || (outcome.kind === "never" && outcome.scope === "account");
}

async function finishLater(
  deps: Deps,
  finishing: SequenceRow,
  trouble: Trouble,
  change: SequenceChange,
): Promise<void> {
  await deps.sequences.move(finishing, "closing", { note: noteOf(trouble), ...change });
  deps.log("sequence.postponed", { ...named(finishing), trouble });
}

async function leaveToPerson(
  deps: Deps,
  sequence: SequenceRow,
  trouble: Trouble,
  parts: readonly SequencePart[],
): Promise<void> {
  const unknown = await deps.sequences.move(sequence, "unknown", { note: noteOf(trouble), parts });
  if (unknown !== undefined) deps.log("sequence.unknown", { ...named(sequence), trouble });
}

async function publishSequence(work: Finishing, sequence: SequenceRow): Promise<void> {
  const { deps } = work;
  const { parts = [] } = sequence;
  const published = parts.flatMap((part) =>
    photosOf(work, part)
      .filter(hasArrived)
      .map((row) => ({ row, clusterId: part.clusterId })),
  );
  await inGroups(published, ({ row, clusterId }) => deps.ledger.publish(row, clusterId));
  if (await deps.sequences.move(sequence, "published", { photos: published.length })) {
    deps.log("sequence.published", { ...named(sequence), photos: published.length });
  }
}

function duePhotosOf(work: Finishing, parts: readonly SequencePart[]): PhotoRow[] {
  return parts.filter(({ status }) => status !== "done").flatMap((part) => photosOf(work, part));
}

function photosOf({ photos }: Finishing, { slots }: SequencePart): readonly PhotoRow[] {
  if (slots === "all") return photos;
  const bySlot = new Map(photos.map((row) => [slotOf(row), row]));
  return slots.flatMap((slot) => bySlot.get(slot) ?? []);
}

function hasArrived({ status }: PhotoRow): boolean {
  return status === "relayed" || status === "published";
}

function put(parts: readonly SequencePart[], at: number, part: SequencePart): SequencePart[] {
  return parts.map((other, index) => (index === at ? part : other));
}

async function inGroups<T>(all: readonly T[], work: (one: T) => Promise<void>): Promise<void> {
  for (let at = 0; at < all.length; at += ROWS_AT_ONCE) {
    await Promise.all(all.slice(at, at + ROWS_AT_ONCE).map(work));
  }
}

function noteOf({ code, message }: Trouble): string {
  return `${code}: ${message}`;
}

/** How logs name a sequence. */
export function named(sequence: SequenceRow): { sequenceId: string; trackPath: string } {
  return { sequenceId: sequence.id, trackPath: sequence.track.path };
}
