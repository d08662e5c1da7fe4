import { isSettled, type Sighting, type Trouble } from "../lib/ledger/ledger.ts";
import type { PhotoRef } from "../lib/photo/photo.ts";
import type { Cloud } from "../sandbox/cloud.ts";
import { type ObjectStore, ObjectUnreadableError } from "../sandbox/s3/object-store.ts";
import type { FolderListing } from "./folder-listing.ts";
import type { Tally } from "./tally.ts";

/** What was found out about the files while they were announced. */
export interface Fed {
  /** Files whose bytes are known, by key. */
  readonly refs: ReadonlyMap<string, PhotoRef>;
  /** Files that could not be read, by key. */
  readonly unreadable: ReadonlyMap<string, Trouble>;
}

/** What the feed works on. */
export interface FeedOptions {
  readonly cloud: Pick<Cloud, "announce" | "ledger">;
  readonly bucket: string;
  readonly photos: ObjectStore;
  readonly listing: FolderListing;
  readonly tally: Tally;
}

/** Enough to keep the pipeline busy, and few enough that an interruption is heard at once. */
const FILES_AT_ONCE = 16;

/**
 * Tells the cloud of every file, as a bucket would of new objects. Photos that an earlier run settled are not told of
 * again; those it gave up on are, and get another chance. Files that cannot be read are told of in the outcome.
 *
 * @param signal ends it between two files
 */
export async function feedPhotos(options: FeedOptions, signal: AbortSignal): Promise<Fed> {
  const refs = new Map<string, PhotoRef>();
  const unreadable = new Map<string, Trouble>();
  const { listing, tally } = options;
  const keys = [...listing.photos, ...listing.doneMarkers];
  for (let at = 0; at < keys.length && !signal.aborted; at += FILES_AT_ONCE) {
    const found = await Promise.all(keys.slice(at, at + FILES_AT_ONCE).map((key) => identify(options, key)));
    for (const file of found) {
      if ("etag" in file) continue;
      unreadable.set(file.key, file.trouble);
      tally.add(file.key, "failed");
    }
    const readable = found.filter((file) => "etag" in file);
    for (const ref of readable) refs.set(ref.key, ref);
    await announceNew(options, readable);
  }
  return { refs, unreadable };
}

type Unreadable = { readonly key: string; readonly trouble: Trouble };

/** Works out which bytes a file has, which is to read it once. */
async function identify({ photos, bucket }: FeedOptions, key: string): Promise<PhotoRef | Unreadable> {
  try {
    const info = await photos.head(key);
    if (info !== undefined) return { bucket, key, etag: info.etag, sizeBytes: info.sizeBytes };
    return { key, trouble: { code: "source-gone", message: "it was removed while the run began" } };
  } catch (error) {
    if (!(error instanceof ObjectUnreadableError)) throw error;
    return { key, trouble: { code: "unreadable", message: error.message } };
  }
}

async function announceNew({ cloud, tally }: FeedOptions, refs: readonly PhotoRef[]): Promise<void> {
  const sightings = await cloud.ledger.look(refs);
  await Promise.all(
    refs.map(async (ref, nth) => {
      const row = settledRow(sightings[nth]);
      if (row === undefined) await cloud.announce(ref);
      else tally.addSettled(row);
    }),
  );
}

function settledRow(sighting: Sighting | undefined) {
  const row = sighting?.row;
  return row !== undefined && isSettled(row.status) ? row : undefined;
}
