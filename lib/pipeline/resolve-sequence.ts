/** What a person decides about sequences that no machine may decide: unknown ones, and held ones. */
import type { PhotoRow } from "../ledger/ledger.ts";
import type { SequencePart, SequenceRow, SequenceStatus } from "../sequence/sequence.ts";
import type { Deps } from "./deps.ts";
import { slotOf } from "./sequence-parts.ts";

/** Statuses in which a sequence can be found by its id; published ones are kept by day. */
export const UNFINISHED = ["open", "closing", "finishing", "held", "unknown"] as const;

/** What somebody found out about a finish whose answer was lost. */
export type Finding =
  /** Mapillary made the sequence, and calls it so. */
  | { readonly kind: "happened"; readonly clusterId: string }
  /** Mapillary made nothing of it: it may be asked again. */
  | { readonly kind: "again" };

/** What came of a decision. */
export type Decision =
  /** It goes on at the next round of closing. */
  | { readonly kind: "goes-on"; readonly sequence: SequenceRow }
  /** One part is settled; there is another of which nobody knows. */
  | { readonly kind: "part-settled"; readonly sequence: SequenceRow }
  /** No sequence of that id is on its way; a published one cannot be found by its id alone. */
  | { readonly kind: "not-found" }
  | { readonly kind: "other-status"; readonly status: SequenceStatus }
  /** It is unknown as a whole: nothing was ever told of it, so nothing can have happened. */
  | { readonly kind: "nothing-told" }
  /** Another part of it has that cluster already. */
  | { readonly kind: "cluster-taken" }
  /** It changed between the look and the write. */
  | { readonly kind: "changed" };

/** The part that is to be resolved next, and its photos in the order of capture. */
export interface UnknownPart {
  readonly sequence: SequenceRow;
  readonly photos: readonly PhotoRow[];
  /** How many parts nobody knows of, this one included. */
  readonly unknownParts: number;
}

type Looking = Pick<Deps, "sequences">;
type Resolving = Pick<Deps, "sequences" | "ledger">;

/** Finds a sequence that is not published by its id. */
export async function findSequence({ sequences }: Looking, id: string): Promise<SequenceRow | undefined> {
  const found = await Promise.all(UNFINISHED.map((status) => sequences.withStatus(status)));
  return found.flat().find((sequence) => sequence.id === id);
}

/** What is to be resolved of an unknown sequence, for a person to look for at Mapillary. */
export async function readUnknownPart(deps: Resolving, id: string): Promise<UnknownPart | Decision> {
  const sequence = await findIn(deps, id, "unknown");
  if ("kind" in sequence) return sequence;
  const unknown = (sequence.parts ?? []).filter(({ status }) => status === "unknown");
  const [part] = unknown;
  const photos = part === undefined ? [] : await readPhotos(deps, id, part);
  return { sequence, photos, unknownParts: unknown.length };
}

/**
 * Settles the first part of an unknown sequence whose outcome nobody knew, and lets the sequence go on when it was the
 * last. A part that happened is not told again, and its photos are published.
 */
export async function resolveSequence(deps: Resolving, id: string, finding: Finding): Promise<Decision> {
  const sequence = await findIn(deps, id, "unknown");
  if ("kind" in sequence) return sequence;
  const { parts = [] } = sequence;
  const at = parts.findIndex(({ status }) => status === "unknown");
  const part = parts[at];
  if (part === undefined) {
    if (finding.kind === "happened") return { kind: "nothing-told" };
    return await letGoOn(deps, sequence, parts, finding);
  }
  if (finding.kind === "happened" && parts.some(({ clusterId }) => clusterId === finding.clusterId))
    return { kind: "cluster-taken" };
  const settled = settle(part, finding);
  const decision = await letGoOn(
    deps,
    sequence,
    parts.map((other, index) => (index === at ? settled : other)),
    finding,
  );
  const isRecorded = decision.kind === "goes-on" || decision.kind === "part-settled";
  // Recorded first: should this end here, the photos are published with the rest of the sequence.
  if (isRecorded && finding.kind === "happened") await publishPart(deps, id, part, finding.clusterId);
  return decision;
}

/** Rows brought up to date side by side. */
const ROWS_AT_ONCE = 25;

async function publishPart(
  deps: Resolving,
  id: string,
  part: SequencePart,
  clusterId: string,
): Promise<void> {
  const photos = await readPhotos(deps, id, part);
  for (let at = 0; at < photos.length; at += ROWS_AT_ONCE) {
    const group = photos.slice(at, at + ROWS_AT_ONCE);
    await Promise.all(group.map((photo) => deps.ledger.publish(photo, clusterId)));
  }
}

/** Lets a held sequence go on to be finished. */
export async function releaseSequence(deps: Looking & Pick<Deps, "now">, id: string): Promise<Decision> {
  const sequence = await findIn(deps, id, "held");
  if ("kind" in sequence) return sequence;
  const releasedAt = new Date(deps.now()).toISOString();
  const closing = await deps.sequences.move(sequence, "closing", { releasedAt, note: "released by hand" });
  return closing === undefined ? { kind: "changed" } : { kind: "goes-on", sequence: closing };
}

async function findIn(
  deps: Looking,
  id: string,
  wanted: "unknown" | "held",
): Promise<SequenceRow | Extract<Decision, { kind: "not-found" | "other-status" }>> {
  const sequence = await findSequence(deps, id);
  if (sequence === undefined) return { kind: "not-found" };
  return sequence.status === wanted ? sequence : { kind: "other-status", status: sequence.status };
}

function settle(part: SequencePart, finding: Finding): SequencePart {
  if (finding.kind === "again") return { ...part, status: "due" };
  return { ...part, status: "done", clusterId: finding.clusterId };
}

async function letGoOn(
  { sequences }: Looking,
  sequence: SequenceRow,
  parts: readonly SequencePart[],
  finding: Finding,
): Promise<Decision> {
  const isResolved = parts.every(({ status }) => status !== "unknown");
  const changed = isResolved
    ? await sequences.move(sequence, "closing", {
        parts,
        note: noteOf(finding),
        // Handles that were refused, and are tried once more, are made fresh before.
        ...(sequence.handlesRefusedAt !== undefined && { handlesRefusedAt: sequence.changedAt }),
      })
    : await sequences.noteParts(sequence, parts);
  if (changed === undefined) return { kind: "changed" };
  return { kind: isResolved ? "goes-on" : "part-settled", sequence: changed };
}

function noteOf(finding: Finding): string {
  return finding.kind === "again"
    ? "resolved by hand: to be asked again"
    : `resolved by hand: it is ${finding.clusterId}`;
}

async function readPhotos({ ledger }: Resolving, id: string, { slots }: SequencePart): Promise<PhotoRow[]> {
  const photos = (await ledger.ofSequence(id)).filter(hasArrived);
  if (slots === "all") return photos;
  const bySlot = new Map(photos.map((row) => [slotOf(row), row]));
  return slots.flatMap((slot) => bySlot.get(slot) ?? []);
}

function hasArrived({ status }: PhotoRow): boolean {
  return status === "relayed" || status === "published";
}
