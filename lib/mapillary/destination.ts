/** It is at the destination. */
interface Done {
  readonly kind: "done";
  /** How the destination names it: bucket lane the object key; v4 a photo's file handle, a sequence's cluster id. */
  readonly destination: string;
}

/** Not this time. The photo or sequence goes back to its queue; nothing sleeps in process. */
export interface Later {
  readonly kind: "later";
  /** What the server asked for, in ms; absent when it asked for nothing and our own backoff decides. */
  readonly afterMs?: number;
  /** Stable: an S3 error code, a time-out's name or Node's error code. */
  readonly code: string;
  /** One printable line of at most 300 characters, without secrets. */
  readonly message: string;
  /** Present when every worker of the account should wait, not only this photo. */
  readonly gate?: "rate-limit";
}

/** Trying again is pointless until a person has changed something. */
export interface Never<Scope extends "photo" | "sequence" | "account"> {
  readonly kind: "never";
  /** Who is refused. `account`: every photo of it would meet the same answer. */
  readonly scope: Scope;
  /** As in {@link Later}. `too-large` is the one the photo verdicts share: it makes a rejection. */
  readonly code: string;
  /** As in {@link Later}. */
  readonly message: string;
}

/** What came of one attempt to send a photo. */
export type Outcome =
  | Done
  /** v4: ask for the offset and go on at once. */
  | { readonly kind: "resume" }
  | Later
  | Never<"photo" | "account">;

/** What came of one attempt to finish a sequence. */
export type FinishOutcome =
  | Done
  /** Refused before it took effect: a machine may repeat it. */
  | Later
  | Never<"sequence" | "account">
  /** The answer was lost, or does not tell. A sequence is finished at most once, so only a person goes on. */
  | { readonly kind: "unknown"; readonly code: string; readonly message: string };

/** A photo on its way: where to, and how much of it there is. */
export interface Shipment {
  /** Bucket lane: `{username}/{sequence id}/{filename}`. v4: the session key. */
  readonly destinationKey: string;
  /** The last segment of `destinationKey`. */
  readonly filename: string;
  /** Of all that is sent, head included. */
  readonly sizeBytes: number;
  /** v4: whose sequences these photos make. */
  readonly organizationId?: string;
}

/** The bytes of a shipment, from wherever the destination wants them. */
export interface Payload {
  /**
   * The bytes from an offset on, to the end. Ask once for each attempt; the content of an earlier call ends with it.
   *
   * @param fromBytes 0 ≤ fromBytes < the shipment's size
   * @throws what the photo source throws, or the signal's reason
   */
  open(fromBytes: number, signal: AbortSignal): Promise<Content>;
}

/** A sequence that is to be made known. */
export interface FinishRequest {
  /** Bucket lane: the second part of its photos' destination keys. */
  readonly id: string;
  /** v4: the photos' handles, in the order of capture; 1 to 1,000. */
  readonly handles: readonly string[];
  readonly organizationId?: string;
}

/** The bytes of a photo, in two parts because its head was already read to judge it. */
export interface Content {
  /** What was read so far, in order. Stays untouched until the attempt is over, but for the last block. */
  readonly head: readonly Uint8Array[];
  /**
   * What follows. Blocks are borrowed, the last of the head included: the owner may overwrite block n once block n + 2
   * is asked for, so a reader with a pool of blocks needs three. Closing it is the owner's, also after an attempt that
   * did not read to the end.
   */
  readonly rest: AsyncIterator<Uint8Array>;
}

/** Where photos are sent: one account at Mapillary. */
export interface Destination {
  /**
   * Whether a finish whose answer was lost may be sent again. `harmless`: the second overwrites the first, as the
   * bucket lane's empty object does. `forbidden`: it could make the sequence twice.
   */
  readonly repeatedFinish: "harmless" | "forbidden";
  /** What stands against every photo of the account, known without sending a byte. `undefined`: nothing. */
  accountObjection(nowMs: number): Never<"account"> | undefined;
  /** What stands against this photo (the account's objection included), known without sending a byte. */
  objection(shipment: Shipment, nowMs: number): Never<"photo" | "account"> | undefined;
  /**
   * One attempt. Sending the same shipment again overwrites, it does not multiply.
   *
   * @param signal ends the attempt; the destination is left without the photo, with all of it, or (v4) with a part that
   *   the next attempt goes on from
   * @throws what the payload throws, or an error when it is not exactly as long as promised: the destination never
   *   takes such a body for a whole photo
   * @throws the signal's reason when it is aborted
   */
  send(shipment: Shipment, payload: Payload, signal: AbortSignal): Promise<Outcome>;
  /**
   * Tells Mapillary that a sequence is complete. Not to be called again after `done`, and after `unknown` only where
   * `repeatedFinish` is harmless.
   *
   * @throws the signal's reason when it is aborted; whether the finish took effect is then unknown. Aborted before
   *   anything could take effect, it may be `later` instead
   */
  finish(sequence: FinishRequest, signal: AbortSignal): Promise<FinishOutcome>;
}
