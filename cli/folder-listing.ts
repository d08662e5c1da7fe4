import { isDoneMarker } from "../lib/event/event.ts";
import type { ObjectStore } from "../sandbox/s3/object-store.ts";

/** What a folder holds, sorted by key as a bucket lists it. */
export interface FolderListing {
  /** Every file that is to end in a row, whatever it is. */
  readonly photos: readonly string[];
  /** Files named `_DONE`: they say that a track is complete, and are no photos. */
  readonly doneMarkers: readonly string[];
  /** How many files of tools were passed over; see {@link isToolFile}. */
  readonly toolFiles: number;
}

/** Compared in lower case: they appear in either, depending on the system that wrote them. */
const TOOL_FILES = new Set(["thumbs.db", "desktop.ini", "ehthumbs.db"]);

/**
 * Says whether a file was put there by a tool and not by a camera: its name or one of its folders' begins with a dot
 * (`.DS_Store`, `.git/`), or is one that Windows keeps in folders of pictures. Sync tools are set up to leave these
 * behind, so no bucket would tell of them.
 *
 * @param key path below the folder, with slashes
 */
export function isToolFile(key: string): boolean {
  const segments = key.split("/");
  return (
    segments.some((name) => name.startsWith(".")) || TOOL_FILES.has((segments.at(-1) ?? "").toLowerCase())
  );
}

/** Lists a folder, or whatever else is mounted as the photo bucket. No file is opened. */
export async function listFolder(photos: Pick<ObjectStore, "keys">): Promise<FolderListing> {
  const listing = { photos: [] as string[], doneMarkers: [] as string[], toolFiles: 0 };
  for await (const key of photos.keys({ prefix: "", after: undefined })) {
    if (isToolFile(key)) listing.toolFiles += 1;
    else if (isDoneMarker({ key })) listing.doneMarkers.push(key);
    else listing.photos.push(key);
  }
  return listing;
}

/** Says what was passed over and why; `undefined` when nothing was. */
export function tellToolFiles(count: number): string | undefined {
  if (count === 0) return undefined;
  return `passed over ${count.toLocaleString("en")} file(s) of tools (dot-files, Thumbs.db, desktop.ini)`;
}
