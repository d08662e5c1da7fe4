import { v5 as uuidV5 } from "uuid";
import type { PhotoFacts, PhotoRef, Reason, Warning } from "../photo/photo.ts";

/**
 * `relaying` is on its way, or waits for another attempt · `relayed` arrived · `published` is in a sequence
 * that Mapillary was told is complete · `rejected` is not fit, `reasons` say why · `duplicate` has the bytes of
 * a photo that is on its way or there · `failed` was given up on, `error` says why.
 */
export type PhotoStatus = "relaying" | "relayed" | "published" | "rejected" | "duplicate" | "failed";

const NEXT_STATUSES: Record<PhotoStatus, readonly PhotoStatus[]> = {
  relaying: ["relayed", "rejected", "duplicate", "failed"],
  // A photo that its sequence is better off without was sent already: rejected when the sequence is made.
  // v4: given up when its upload has expired and it cannot be sent again.
  relayed: ["published", "rejected", "failed"],
  published: [],
  rejected: [],
  duplicate: [],
  // A failed photo whose event is fed again gets another chance.
  failed: ["relaying", "rejected", "duplicate"],
};

/** A photo was asked to become what it cannot become from what it is: a defect in our code. */
export class IllegalPhotoTransitionError extends Error {
  override readonly name = "IllegalPhotoTransitionError";
}

/** @throws {IllegalPhotoTransitionError} unless a photo may go from `from` to `to` */
export function assertPhotoTransition(from: PhotoStatus, to: PhotoStatus): void {
  if (NEXT_STATUSES[from].includes(to)) return;
  throw new IllegalPhotoTransitionError(`a photo cannot go from ${from} to ${to}`);
}

/** Says whether a photo has come to its end; a failed one has only until its event is fed again. */
export function isSettled(status: PhotoStatus): boolean {
  return status !== "relaying" && status !== "failed";
}

/** Why an attempt, or the photo as a whole, did not work. */
export interface Trouble {
  /** Stable: an S3 error code, a time-out's name, or one of our own. */
  readonly code: string;
  readonly message: string;
}

/** The right to send a photo. Whoever holds it is the only one who sends. */
export interface Lease {
  readonly owner: string;
  /** ms since 1970; after that the owner is known to be dead. */
  readonly untilMs: number;
}

/** Where a photo goes: decided once, kept for good. */
export interface Binding {
  /** Name of the account that sends it. */
  readonly account: string;
  readonly trackPath: string;
  readonly sequenceId: string;
  /** 0-based place in the sequence. */
  readonly slot: number;
  /** Bucket lane: the object key at the destination. v4: the upload session. */
  readonly destinationKey: string;
  /** v4: how the photo is changed on its way. Absent where its own bytes are sent. */
  readonly rewrite?: Rewrite;
}

/** A photo that is sent with a head of ours: what is sent from `changedBytes` on is the photo from that less `addedBytes` on. */
export interface Rewrite {
  /** How much of what is sent holds every change. */
  readonly changedBytes: number;
  /** By how much more is sent than the photo has. */
  readonly addedBytes: number;
}

/**
 * Which item of the table a row is: `sent` for a photo on its way or there, `sent-apart` for the same where
 * duplicates are sent, `resting` for any other.
 */
export type Place = "sent" | "sent-apart" | "resting";

/** What became of one photo version. Times are ISO 8601 UTC. */
export interface PhotoRow {
  readonly ref: PhotoRef;
  readonly place: Place;
  readonly status: PhotoStatus;
  /** Why it was rejected; empty otherwise. */
  readonly reasons: readonly Reason[];
  readonly warnings: readonly Warning[];
  /** What its EXIF says; absent for a photo that was never read. */
  readonly facts?: PhotoFacts;
  /** Absent until the photo is found fit. */
  readonly binding?: Binding;
  /** v4: what Mapillary gave for the bytes, and when. */
  readonly handle?: string;
  readonly handledAt?: string;
  /** v4: the sequence at Mapillary. */
  readonly clusterId?: string;
  /** The photo that has the same bytes. */
  readonly duplicateOf?: PhotoRef;
  /** How often it was tried, this time included. */
  readonly attempts: number;
  /** What went wrong last. */
  readonly error?: Trouble;
  /** Only while `relaying` with a binding. */
  readonly lease?: Lease;
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly relayedAt?: string;
  readonly publishedAt?: string;
}

/** A photo that is about to be sent for the first time. */
export type NewRelay = Pick<PhotoRow, "ref" | "facts" | "warnings"> & {
  readonly binding: Binding;
  readonly lease: Lease;
  /** Attempts the ledger already counted for this photo. */
  readonly attemptsSoFar: number;
};

/** A photo that will not be sent. */
export type Dismissal = Pick<PhotoRow, "ref" | "reasons" | "warnings"> &
  Pick<Partial<PhotoRow>, "facts" | "duplicateOf"> & { readonly status: "rejected" | "duplicate" };

/** What the ledger knows about a photo before it is opened. */
export interface Sighting {
  /** The photo's own row. */
  readonly row?: PhotoRow;
  /** Another photo with the same bytes that is on its way or there. */
  readonly twin?: PhotoRow;
}

/** What came of asking for the right to send. */
export type Start =
  | { readonly kind: "started"; readonly row: PhotoRow }
  /** Somebody was faster: this photo in another worker, or another photo with the same bytes. */
  | { readonly kind: "taken"; readonly by: PhotoRow };

/** A message nobody could read, kept as it was. */
export interface UnreadableMessage {
  readonly messageId: string;
  readonly body: string;
  readonly why: string;
}

/**
 * What became of every photo. Every write is a single item under named conditions, so that workers that race,
 * die or come twice leave one truth; an operation whose condition does not hold changes nothing and says so.
 */
export interface Ledger {
  /** One consistent look at several photos, in the order asked. */
  look(refs: readonly PhotoRef[]): Promise<Sighting[]>;
  /**
   * Records a photo that will not be sent.
   *
   * @returns false when the photo is settled already
   */
  dismiss(dismissal: Dismissal): Promise<boolean>;
  /** Binds a photo to its destination and takes the lease, unless these bytes are bound already. */
  startRelay(relay: NewRelay): Promise<Start>;
  /**
   * Takes over a photo whose last attempt is over; counts the attempt.
   *
   * @param row the row as it was seen, still `relaying`
   * @param binding the place it has from now on, where that changes
   * @returns the row as it is now, `undefined` when another worker was faster
   */
  resumeRelay(row: PhotoRow, lease: Lease, binding?: Binding): Promise<PhotoRow | undefined>;
  /** Gives the lease back after an attempt that failed for now. Without effect when the lease is lost. */
  releaseRelay(row: PhotoRow, trouble: Trouble): Promise<void>;
  /**
   * Records a success.
   *
   * @param handle v4: what Mapillary gave for the bytes
   * @returns false when the lease was lost: somebody else is sending, and will record
   */
  recordRelayed(row: PhotoRow, warnings: readonly Warning[], handle?: string): Promise<boolean>;
  /**
   * Puts a fresh handle in place of the one of a relayed photo.
   *
   * @param binding where it was sent this time, if that has changed
   * @returns the row as it is now, `undefined` when it is relayed no more
   */
  renewHandle(row: PhotoRow, handle: string, binding?: Binding): Promise<PhotoRow | undefined>;
  /** Gives a relayed photo up, whose upload is lost. @returns false when it is relayed no more */
  loseUpload(row: PhotoRow, trouble: Trouble): Promise<boolean>;
  /** Records that a relayed photo will be in no sequence. Repeating it changes nothing. */
  leaveOut(row: PhotoRow, reasons: readonly Reason[]): Promise<void>;
  /** Notes an attempt that failed before the photo had a destination. @returns attempts so far */
  noteTrouble(ref: PhotoRef, trouble: Trouble): Promise<number>;
  /**
   * Gives a photo up. Its bytes are free again: the same bytes under another key may be relayed. For a photo that
   * failed before, completes what a worker may have left half done.
   *
   * @param row the row as it was last seen, if there is one
   * @returns false when the photo had changed since: another worker has it, or it is settled
   */
  fail(ref: PhotoRef, trouble: Trouble, row?: PhotoRow): Promise<boolean>;
  /** Records that the sequence of a relayed photo is complete. Repeating it changes nothing. */
  publish(row: PhotoRow, clusterId?: string): Promise<void>;
  /** Keeps a message that names no photo. Repeating it changes nothing. */
  keepUnreadable(message: UnreadableMessage): Promise<void>;
  /** Every photo bound to a sequence, in slot order, failed ones included. */
  ofSequence(sequenceId: string): Promise<PhotoRow[]>;
  /** Every version of one object, oldest first. */
  ofKey(bucket: string, key: string): Promise<PhotoRow[]>;
  /** Photos that left the way: those of one status on one day (UTC, `2026-11-22`), oldest first. */
  dismissedOn(status: "rejected" | "duplicate" | "failed", day: string): Promise<PhotoRow[]>;
  /** Photos that wait for another attempt and have no destination yet. */
  troubled(): Promise<PhotoRow[]>;
}

/** Name space of the photo tags (RFC 9562, version 5): our own, fixed for good. */
const PHOTO_NAMESPACE = "b0d3f5b2-8a1c-5f0e-8c43-6f0d0c2e9a11";

/** A photo is asked for its tag at every step of its way, and a ref never changes. */
const knownTags = new WeakMap<PhotoRef, string>();

/** A short name for a photo version that is safe in keys and logs: 32 hexadecimal digits, equal for equal refs. */
export function photoTagOf(ref: PhotoRef): string {
  const tag = knownTags.get(ref) ?? makeTag(ref);
  knownTags.set(ref, tag);
  return tag;
}

function makeTag(ref: PhotoRef): string {
  const identity = [ref.bucket, ref.key, ref.etag, ref.sizeBytes, ref.versionId ?? ""];
  return uuidV5(JSON.stringify(identity), PHOTO_NAMESPACE).replaceAll("-", "");
}

/** Says whether two refs name the same photo version. */
export function isSamePhoto(a: PhotoRef, b: PhotoRef): boolean {
  return photoTagOf(a) === photoTagOf(b);
}
