import type { PhotoRow } from "../ledger/ledger.ts";
import type { Content, Payload } from "../mapillary/destination.ts";
import { createEndMarkWatch } from "../photo/end-mark.ts";
import { inspectPhoto } from "../photo/inspect.ts";
import type { OpenPhoto, Warning } from "../photo/photo.ts";
import type { Account, Deps } from "./deps.ts";
import { wrapPhoto } from "./parcel.ts";

/** A photo that was opened, and what is sent before the rest of it. */
export interface OpenedPhoto {
  readonly photo: OpenPhoto;
  readonly head: readonly Uint8Array[];
}

/** A payload, and what was noticed while it went by. */
export interface WatchedPayload extends Payload {
  /** Nothing, unless it went by from its first byte to its last. */
  readonly warnings: () => readonly Warning[];
  /** Closes whatever is open. */
  readonly close: () => void;
}

/**
 * The bytes of a bound photo, as they are sent.
 *
 * @param opened the photo when it is open already, at its first byte; closing it is the payload's from then on
 */
export function createPayload(
  deps: Pick<Deps, "source">,
  account: Account,
  row: PhotoRow,
  opened?: OpenedPhoto,
): WatchedPayload {
  let atHand = opened;
  let current = opened?.photo;
  let watch = createEndMarkWatch();
  let isWhole = false;

  function use(photo: OpenPhoto): OpenPhoto {
    current?.close();
    current = photo;
    return photo;
  }

  async function openAt(fromBytes: number, signal: AbortSignal): Promise<Content> {
    const rewrite = row.binding?.rewrite;
    if (rewrite === undefined || fromBytes >= rewrite.changedBytes) {
      const photo = use(await deps.source.open(row.ref, signal, fromBytes - (rewrite?.addedBytes ?? 0)));
      return { head: [], rest: photo.body };
    }
    const photo = use(await deps.source.open(row.ref, signal));
    const { head } = await inspectPhoto(photo.body);
    const parcel = wrapPhoto(account, { ref: row.ref, facts: row.facts ?? {}, head }, ANYWHERE);
    if (parcel.destinationKey !== row.binding?.destinationKey)
      throw new Error(`${JSON.stringify(row.ref.key)} would be sent as other bytes than it was`);
    return { head: dropBytes(parcel.head, fromBytes), rest: photo.body };
  }

  return {
    async open(fromBytes, signal) {
      const first = fromBytes === 0 ? atHand : undefined;
      atHand = undefined;
      const { head, rest } = first
        ? { head: first.head, rest: first.photo.body }
        : await openAt(fromBytes, signal);
      watch = createEndMarkWatch();
      isWhole = fromBytes === 0;
      for (const chunk of head) watch.push(chunk);
      return { head, rest: watched(rest, watch.push) };
    },
    warnings: () => (isWhole ? watch.warnings() : []),
    close: () => current?.close(),
  };
}

/** v4 needs no place: a session is named by the photo. */
const ANYWHERE = { sequenceId: "", filename: "" };

function dropBytes(chunks: readonly Uint8Array[], bytes: number): Uint8Array[] {
  const kept: Uint8Array[] = [];
  let left = bytes;
  for (const chunk of chunks) {
    if (left < chunk.byteLength) kept.push(chunk.subarray(left));
    left = Math.max(0, left - chunk.byteLength);
  }
  return kept;
}

/** Shows every chunk to `see` as it goes by. */
function watched(
  body: AsyncIterator<Uint8Array>,
  see: (chunk: Uint8Array) => void,
): AsyncIterator<Uint8Array> {
  return {
    async next() {
      const result = await body.next();
      if (!result.done) see(result.value);
      return result;
    },
  };
}
