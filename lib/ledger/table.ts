/**
 * The one table: keys and indexes. Docs: docs/ledger.md.
 *
 * | item | pk | sk |
 * | --- | --- | --- |
 * | photo on its way or there | `photo#<bucket>#<etag>#<size>` | `sent` (with `duplicates: "send"`: `sent#<tag>`) |
 * | any other photo | the same | `row#<tag>` |
 * | track | `track#<bucket>#<path>` | `head` |
 * | sequence | the same | `sequence#<epoch>#<part>` |
 * | gate | `gate#<account>` | `gate` |
 * | message nobody could read | `unreadable#<message id>` | `message` |
 *
 * The key of a photo is made of its bytes' identity, and only one item can be called `sent`: that no two photos
 * with the same bytes are both sent is the table's own doing, at no extra write.
 */

import type { PhotoRef } from "../photo/photo.ts";
import type { SequencePlace, Track } from "../sequence/sequence.ts";
import { type PhotoStatus, type Place, photoTagOf } from "./ledger.ts";

/** Primary key of an item. */
export interface ItemKey {
  readonly pk: string;
  readonly sk: string;
}

/** The secondary indexes; each holds keys only, rows are then read consistently from the table. */
export const INDEXES = {
  /** All versions of one object: `keyPath`, `createdAt`. */
  byKey: "byKey",
  /** All photos of one sequence: `sequenceId`, `slot`. */
  bySequence: "bySequence",
  /** Dismissed photos by `status#day`, sequences by status: `statusDay`, `updatedAt`. */
  byStatus: "byStatus",
} as const;

/** What `CreateTable` needs, name and billing aside. The deployment and the embedded cloud both use it. */
export const TABLE_SHAPE = {
  attributes: {
    pk: "S",
    sk: "S",
    keyPath: "S",
    createdAt: "S",
    sequenceId: "S",
    slot: "N",
    statusDay: "S",
    updatedAt: "S",
  },
  primary: { hash: "pk", range: "sk" },
  indexes: [
    { name: INDEXES.byKey, hash: "keyPath", range: "createdAt" },
    { name: INDEXES.bySequence, hash: "sequenceId", range: "slot" },
    { name: INDEXES.byStatus, hash: "statusDay", range: "updatedAt" },
  ],
} as const;

/** Whether the same bytes under another key are sent again. */
export type Duplicates = "skip" | "send";

/** Where a photo is put that is to be sent. */
export function placeToSend(duplicates: Duplicates): Place {
  return duplicates === "skip" ? "sent" : "sent-apart";
}

/** The item of a photo, by its place. */
export function photoKeyOf(ref: PhotoRef, place: Place): ItemKey {
  const tag = photoTagOf(ref);
  const sortKeys: Record<Place, string> = {
    sent: "sent",
    "sent-apart": `sent#${tag}`,
    resting: `row#${tag}`,
  };
  return { pk: contentOf(ref), sk: sortKeys[place] };
}

/** The place of an item of a photo. */
export function placeOf({ sk }: ItemKey): Place {
  if (sk === "sent") return "sent";
  return sk.startsWith("sent#") ? "sent-apart" : "resting";
}

/** The ETag names the bytes as far as S3 says: equal for equal bytes uploaded in the same way. */
function contentOf(ref: PhotoRef): string {
  return `photo#${ref.bucket}#${ref.etag}#${ref.sizeBytes}`;
}

/** Hash key in {@link INDEXES.byKey}. */
export function keyPathOf(bucket: string, key: string): string {
  return `${bucket}/${key}`;
}

/** The item that says which sequence of the track is open. */
export function trackHeadKeyOf(track: Track): ItemKey {
  return { pk: `track#${track.bucket}#${track.path}`, sk: "head" };
}

/** The item of one sequence; sorts by epoch, then part. */
export function sequenceKeyOf(track: Track, place: SequencePlace): ItemKey {
  const epoch = String(place.epoch).padStart(15, "0");
  return { pk: trackHeadKeyOf(track).pk, sk: `sequence#${epoch}#${String(place.part).padStart(6, "0")}` };
}

/** Hash key in {@link INDEXES.byStatus} of a dismissed photo. */
export function photoStatusDay(status: PhotoStatus | "troubled", at: string): string {
  return status === "troubled" ? "photo#troubled" : `photo#${status}#${dayOf(at)}`;
}

/** The UTC day of an ISO 8601 time. */
export function dayOf(at: string): string {
  return at.slice(0, 10);
}
