import type { Binding, PhotoRow, Rewrite } from "../ledger/ledger.ts";
import { destinationKey } from "../mapillary/destination-key.ts";
import { sessionKeyOf } from "../mapillary/v4-session-key.ts";
import { describeHead, REWRITE_VERSION } from "../photo/describe-head.ts";
import { imageDescription } from "../photo/description.ts";
import type { PhotoFacts, PhotoRef, RelayableFacts } from "../photo/photo.ts";
import type { Account } from "./deps.ts";

/** What is sent of a photo, and where to. */
export interface Parcel extends Pick<Binding, "destinationKey" | "rewrite"> {
  /** To be sent before the rest of the photo. */
  readonly head: readonly Uint8Array[];
}

/** A photo as far as it was read. */
export interface ReadPhoto {
  readonly ref: PhotoRef;
  readonly facts: PhotoFacts;
  /** From the first byte to the scan, at least. */
  readonly head: readonly Uint8Array[];
}

/**
 * Bucket lane: the photo as it is, under a name of its sequence. v4: the photo with what Mapillary reads of it in its
 * ImageDescription, in an upload session of its own.
 *
 * @throws when a photo that was accepted cannot be described: a defect in our code
 */
export function wrapPhoto(
  account: Account,
  { ref, facts, head }: ReadPhoto,
  place: { readonly sequenceId: string; readonly filename: string },
): Parcel {
  if (account.lane === "bucket")
    return { head, destinationKey: destinationKey(account.username, place.sequenceId, place.filename) };
  const { description, destinationKey: sessionKey } = labelOf(account, ref, facts);
  const described = describeHead(head, ref.sizeBytes, description);
  if (described.kind === "problem") throw new Error(`${JSON.stringify(ref.key)}: ${described.problem}`);
  return {
    head: described.head,
    destinationKey: sessionKey,
    rewrite: { changedBytes: described.changedBytes, addedBytes: described.addedBytes },
  };
}

/** Says whether a photo that was bound by an earlier version of us would be sent as other bytes now. */
export function isWrappedAnew(account: Account, { ref, facts = {}, binding }: PhotoRow): boolean {
  return account.lane === "v4" && labelOf(account, ref, facts).destinationKey !== binding?.destinationKey;
}

function labelOf(account: Account, ref: PhotoRef, facts: PhotoFacts) {
  if (!isRelayable(facts)) throw new TypeError(`${JSON.stringify(ref.key)} has no position or time to tell`);
  const description = imageDescription(facts, { filename: ref.key });
  const subject = { ref, account: account.name, rewriteVersion: REWRITE_VERSION, description };
  return { description, destinationKey: sessionKeyOf(subject) };
}

function isRelayable(facts: PhotoFacts): facts is RelayableFacts {
  const { latitudeDeg, longitudeDeg, capturedAt, capturedAtSource } = facts;
  return [latitudeDeg, longitudeDeg, capturedAt, capturedAtSource].every((fact) => fact !== undefined);
}

/** How much is sent of a photo. */
export function sentBytesOf({ sizeBytes }: PhotoRef, rewrite: Rewrite | undefined): number {
  return sizeBytes + (rewrite?.addedBytes ?? 0);
}
