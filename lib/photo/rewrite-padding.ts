import { IMAGE_TAGS } from "./exif-tags.ts";
import type { RawEntry, TiffBlock } from "./rewrite-directory.ts";
import {
  COUNT_BYTES,
  ENTRY_BYTES,
  entriesAt,
  entryCountAt,
  firstDirectoryOf,
  INTEROPERABILITY_TAG,
  NEXT_BYTES,
  nextDirectoryOf,
  pointedToBy,
} from "./rewrite-directory.ts";

/** The thumbnail of the second directory: where it begins, and its bytes (EXIF 3.0, table 4). */
const THUMBNAIL_AT = 0x0201;
const THUMBNAIL_BYTES = 0x0202;
const POINTER_TAGS: readonly number[] = [IMAGE_TAGS.ExifTag, IMAGE_TAGS.GPSTag, INTEROPERABILITY_TAG];
/** StripOffsets, TileOffsets, SubIFDs: bytes that lie elsewhere in ways that are not followed here. */
const UNFOLLOWED_TAGS: readonly number[] = [0x0111, 0x0144, 0x014a];
/** A camera's block has five; one with more is not followed to its end. */
const MAX_DIRECTORIES = 8;

/**
 * Where the last byte ends that any directory of a block, or value, or its thumbnail takes up. Infinity when that is
 * not certain: something is damaged, or lies where this does not look.
 */
export function endOfUse(block: TiffBlock): number {
  const waiting = [firstDirectoryOf(block)];
  const seen = new Set<number>();
  let end = 0;
  for (let at = waiting.pop(); at !== undefined; at = waiting.pop()) {
    if (at === 0 || seen.has(at)) continue;
    seen.add(at);
    if (seen.size > MAX_DIRECTORIES) return Number.POSITIVE_INFINITY;
    end = Math.max(end, endOfDirectory(block, at));
    waiting.push(nextDirectoryOf(block, at));
    for (const entry of entriesAt(block, at)) {
      if (POINTER_TAGS.includes(entry.tag)) waiting.push(pointedToBy(block, entry) ?? block.bytes.length);
    }
  }
  return end;
}

function endOfDirectory(block: TiffBlock, at: number): number {
  const count = entryCountAt(block, at);
  if (count === 0) return Number.POSITIVE_INFINITY;
  let end = at + COUNT_BYTES + count * ENTRY_BYTES + NEXT_BYTES;
  let thumbnailAt = 0;
  let thumbnailBytes = 0;
  for (const entry of entriesAt(block, at)) {
    end = Math.max(end, endOfValue(block, entry));
    if (entry.tag === THUMBNAIL_AT) thumbnailAt = pointedToBy(block, entry) ?? Number.POSITIVE_INFINITY;
    if (entry.tag === THUMBNAIL_BYTES) thumbnailBytes = pointedToBy(block, entry) ?? Number.POSITIVE_INFINITY;
  }
  return Math.max(end, thumbnailAt + thumbnailBytes);
}

function endOfValue({ bytes }: TiffBlock, { tag, value }: RawEntry): number {
  if (value === undefined || UNFOLLOWED_TAGS.includes(tag)) return Number.POSITIVE_INFINITY;
  return value.byteOffset - bytes.byteOffset + value.length;
}
