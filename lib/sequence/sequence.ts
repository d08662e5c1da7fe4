import { v5 as uuidV5 } from "uuid";

/** Most photos one Mapillary sequence may hold; more broke its dashboard with 502 and 504. */
export const MAX_PHOTOS_PER_SEQUENCE = 1_000;

/** Name space of the sequence ids (RFC 9562, version 5): our own, fixed for good. */
const SEQUENCE_NAMESPACE = "4f0a2dd1-0a55-5a0c-9d0b-6a1d3c1c8e57";

/** Where photos of one sequence come from. */
export interface Track {
  readonly bucket: string;
  /** Path without a trailing slash; `""` at the root of the bucket. */
  readonly path: string;
}

/** Which sequence of its track a sequence is. */
export interface SequencePlace {
  /**
   * The track's period: a track that falls quiet is closed, and what comes later opens the next epoch. The
   * number is the time at which the epoch was opened (ms since 1970), so that a track whose ledger was thrown
   * away never reuses an id, and with it a destination key.
   */
  readonly epoch: number;
  /** Which thousand of the epoch's photos, from 0. */
  readonly part: number;
}

/** The sequence's id: lower-case UUID v5 of track, epoch and part. Any worker derives the same one. */
export function sequenceIdOf(track: Track, place: SequencePlace): string {
  return uuidV5(JSON.stringify([track.bucket, track.path, place.epoch, place.part]), SEQUENCE_NAMESPACE);
}

/** Who sends a sequence's photos: one for all of them, since Mapillary is told by the same one. */
export interface Sender {
  /** Name of the account in the fleet's rules. */
  readonly account: string;
  /** Bucket lane: first part of every destination key. */
  readonly username: string;
  /** v4: whose sequences they make. */
  readonly organizationId?: string;
}

/** `open` takes photos · `closing` waits for its last ones · `finishing` is being told to Mapillary. */
export type SequenceStatus = "open" | "closing" | "finishing" | "published" | "held" | "unknown";

const NEXT_STATUSES: Record<SequenceStatus, readonly SequenceStatus[]> = {
  open: ["closing"],
  closing: ["finishing", "held"],
  // Back to closing when the finish was refused for now.
  finishing: ["published", "closing", "unknown"],
  // A person let it go on.
  held: ["closing"],
  unknown: ["closing"],
  published: [],
};

/** A sequence was asked to become what it cannot become from what it is: a defect in our code. */
export class IllegalSequenceTransitionError extends Error {
  override readonly name = "IllegalSequenceTransitionError";
}

/** @throws {IllegalSequenceTransitionError} unless a sequence may go from `from` to `to` */
export function assertSequenceTransition(from: SequenceStatus, to: SequenceStatus): void {
  if (NEXT_STATUSES[from].includes(to)) return;
  throw new IllegalSequenceTransitionError(`a sequence cannot go from ${from} to ${to}`);
}

/** One sequence at Mapillary. */
export interface SequencePart {
  /** v4: of its photos, in the order of capture. Bucket lane: `all` that arrived, in no order. */
  readonly slots: readonly number[] | "all";
  /** `due` is to be told · `begun` is being told, and must not be told twice · `done` was accepted · `unknown`: the answer was lost. */
  readonly status: "due" | "begun" | "done" | "unknown";
  /** v4: what Mapillary calls it. */
  readonly clusterId?: string;
}

/** One sequence as the ledger has it. Times are ISO 8601 UTC. */
export interface SequenceRow extends SequencePlace {
  readonly id: string;
  readonly track: Track;
  readonly sender: Sender;
  readonly status: SequenceStatus;
  /** Slots given out, lost ones included; never over {@link MAX_PHOTOS_PER_SEQUENCE}. */
  readonly slotsTaken: number;
  readonly openedAt: string;
  readonly lastClaimAt: string;
  readonly closingAt?: string;
  /** When the status last changed, or how far it is was noted. */
  readonly changedAt: string;
  /** Of its last change; claims are none. */
  readonly version?: string;
  /** What Mapillary is told to make of it, from its first finish on. Bucket lane: one for all photos. */
  readonly parts?: readonly SequencePart[];
  /** v4: when Mapillary refused its photos' handles: they are made fresh once, and then a person has to look. */
  readonly handlesRefusedAt?: string;
  /** When a person released it from being held. */
  readonly releasedAt?: string;
  /** Photos that were in the sequence when it was finished. */
  readonly photos?: number;
  /** Why it is held, or what became of the last finish. */
  readonly note?: string;
}

/** A photo that asks for its place. */
export interface SlotAsk {
  /** Stands for the photo's identity; equal for equal photos. */
  readonly photoTag: string;
  /** The name it would have at the destination if nobody else has it. */
  readonly filename: string;
}

/** A photo's place. */
export interface Slot {
  readonly sequenceId: string;
  /** 0-based, always < {@link MAX_PHOTOS_PER_SEQUENCE}. */
  readonly index: number;
  /** `false` when another photo of the sequence asked for the same file name before. */
  readonly filenameIsFree: boolean;
}

/** What may change along with a sequence's status. */
export type SequenceChange = Partial<
  Pick<SequenceRow, "photos" | "note" | "parts" | "handlesRefusedAt" | "releasedAt">
>;

/** Keeps tracks and their sequences. Every write is a single item under a condition. */
export interface SequenceStore {
  /**
   * Gives each photo a slot, the whole list in one write where the sequence has room for it. A slot whose photo is
   * never recorded is a gap, and harmless. When the track gets another sender, the next epoch begins.
   *
   * @returns one slot per ask, in the same order
   */
  claimSlots(track: Track, sender: Sender, asks: readonly SlotAsk[]): Promise<Slot[]>;
  /** Notes that the track was declared complete; its open sequences may close without a quiet period. */
  markDone(track: Track): Promise<void>;
  /** When the track was last declared complete (ISO 8601 UTC). */
  doneSince(track: Track): Promise<string | undefined>;
  /** Every sequence in a status, the one that changed longest ago first. */
  withStatus(status: Exclude<SequenceStatus, "published">): Promise<SequenceRow[]>;
  /** Every sequence that was published on a day (UTC, `2026-11-22`). */
  publishedOn(day: string): Promise<SequenceRow[]>;
  /** Every sequence the track ever had, in order. */
  ofTrack(track: Track): Promise<SequenceRow[]>;
  /**
   * Moves a sequence on, provided it still is what `row` says: same status, no slot claimed since. From the
   * moment an open sequence is moved on, nobody claims a slot of it.
   *
   * @returns the sequence as it is now, `undefined` when it had changed
   * @throws {IllegalSequenceTransitionError}
   */
  move(row: SequenceRow, to: SequenceStatus, change?: SequenceChange): Promise<SequenceRow | undefined>;
  /**
   * Notes how far a finishing sequence has come.
   *
   * @returns the sequence as it is now, `undefined` when somebody else has changed it
   */
  noteParts(row: SequenceRow, parts: readonly SequencePart[]): Promise<SequenceRow | undefined>;
  /** Forgets a closing sequence none of whose slots became a photo. */
  dropEmpty(row: SequenceRow): Promise<void>;
}
