import { type CreatedObject, isDoneMarker, isFolderMarker, readIntake } from "../event/event.ts";
import { PhotoGoneError, type PhotoRef } from "../photo/photo.ts";
import { type Deps, trackOfObject } from "./deps.ts";
import { giveUp } from "./set-aside.ts";

/** One delivery of a message from the intake queue. */
export interface Message {
  readonly messageId: string;
  readonly body: string;
  /** How often it came, this time included. */
  readonly receiveCount: number;
  /** When it was sent first; ms since 1970. */
  readonly sentAtMs: number;
}

/**
 * Reads a message and does at once what needs no photo: keeps what nobody can read, notes tracks that were
 * declared complete.
 *
 * @returns the photos it names
 * @throws when the message has to come back: it is of a later version, or the world is broken
 */
export async function takeIn(deps: Deps, message: Message): Promise<PhotoRef[]> {
  const { created, unreadable } = readIntake(message.body);
  if (unreadable.length > 0) await keepUnreadable(deps, message, unreadable.map(({ why }) => why).join("; "));
  const refs: PhotoRef[] = [];
  for (const object of created) {
    if (isFolderMarker(object)) continue;
    const ref = isDoneMarker(object) ? await markDone(deps, object) : await identify(deps, object);
    if (ref !== undefined) refs.push(ref);
  }
  return refs;
}

/** Longest reason that is kept; a message may be wrong in thousands of places. */
const LONGEST_WHY = 1_000;

/** Keeps a message that no photo can be made of. @throws when it is too large for the ledger */
export async function keepUnreadable(
  deps: Deps,
  { messageId, body }: Pick<Message, "messageId" | "body">,
  reason: string,
): Promise<void> {
  const why = reason.slice(0, LONGEST_WHY);
  await deps.ledger.keepUnreadable({ messageId, body, why });
  deps.log("message.unreadable", { messageId, why });
}

async function markDone(deps: Deps, { bucket, key }: CreatedObject): Promise<undefined> {
  const track = trackOfObject(deps.fleet, bucket, key);
  await deps.sequences.markDone(track);
  deps.log("track.done", { ...track });
}

/** Completes an event that does not say which bytes it means. @returns `undefined` when its row is written already */
async function identify(deps: Deps, object: CreatedObject): Promise<PhotoRef | undefined> {
  const { bucket, key, etag, sizeBytes, versionId } = object;
  const named = { bucket, key, ...(versionId !== undefined && { versionId }) };
  if (etag !== undefined && sizeBytes !== undefined) return { ...named, etag, sizeBytes };
  try {
    return await deps.source.identify(named);
  } catch (error) {
    if (!(error instanceof PhotoGoneError)) throw error;
    const photo: PhotoRef = { ...named, etag: etag ?? "unknown", sizeBytes: sizeBytes ?? 0 };
    const trouble = { code: error.code, message: error.message };
    await giveUp(deps, photo, trouble);
    return undefined;
  }
}
