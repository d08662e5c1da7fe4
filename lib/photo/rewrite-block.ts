import { TIFF_TYPES } from "./exif-tags.ts";
import type { Edit } from "./rewrite-chunks.ts";
import type { RawEntry, TiffBlock } from "./rewrite-directory.ts";
import {
  COUNT_BYTES,
  ENTRY_BYTES,
  entriesAt,
  firstDirectoryOf,
  NEXT_BYTES,
  nextDirectoryOf,
} from "./rewrite-directory.ts";
import { endOfUse } from "./rewrite-padding.ts";

/** The tag ImageDescription (EXIF 3.0, table 4). */
export const IMAGE_DESCRIPTION = 0x010e;
/** Most bytes of a TIFF block in one segment: 65,535, less the segment's length field, `Exif`, a zero and a pad. */
const MAX_BLOCK_BYTES = 0xffff - 2 - 6;
/** Where a TIFF block says where its first directory begins. */
const DIRECTORY_OFFSET_AT = 4;

/** What to change in a block, counted from its beginning. */
export interface BlockRewrite {
  /** Where the new bytes go: behind the block, or over as many bytes of its padding. `there`: nothing is to be done. */
  readonly place: "end" | "padding" | "there";
  /** In order. */
  readonly edits: readonly Edit[];
}

/** Room for new bytes: from an even offset on, as TIFF wants it. */
interface Room {
  readonly place: "end" | "padding";
  readonly at: number;
}

/**
 * Gives a block's first directory a description. An entry that is there is turned to the new text. Without one, or
 * with several, a new first directory is made: the entries of the old one and the description, and the same directory
 * next; the old one stays where it is, and nothing points to it any more. Either way nothing in the block moves, so
 * that every offset in it, a maker note's too, stays right.
 *
 * @param text ended by NUL
 * @returns undefined when the block has no room left
 */
export function describeBlock(block: TiffBlock, text: Uint8Array): BlockRewrite | undefined {
  const entries = [...entriesAt(block, firstDirectoryOf(block))];
  const [entry, second] = entries.filter(isDescription);
  if (entry !== undefined && second === undefined) return turnEntry(block, entry, text);
  return replaceDirectory(
    block,
    entries.filter((kept) => !isDescription(kept)),
    text,
  );
}

function isDescription({ tag }: RawEntry): boolean {
  return tag === IMAGE_DESCRIPTION;
}

function turnEntry(block: TiffBlock, entry: RawEntry, text: Uint8Array): BlockRewrite | undefined {
  const isThere =
    entry.type === TIFF_TYPES.Ascii && Buffer.compare(entry.value ?? new Uint8Array(), text) === 0;
  if (isThere) return { place: "there", edits: [] };
  const room = findRoom(block, text.length);
  if (room === undefined) return undefined;
  const inserted = new Uint8Array(ENTRY_BYTES);
  writeEntry(new DataView(inserted.buffer), 0, text.length, room.at, block.littleEndian);
  const entryAt = entry.raw.byteOffset - block.bytes.byteOffset;
  return {
    place: room.place,
    edits: [{ at: entryAt, removedBytes: ENTRY_BYTES, inserted }, fill(block, room, text)],
  };
}

function replaceDirectory(
  block: TiffBlock,
  kept: readonly RawEntry[],
  text: Uint8Array,
): BlockRewrite | undefined {
  const directoryBytes = COUNT_BYTES + (kept.length + 1) * ENTRY_BYTES + NEXT_BYTES;
  const room = findRoom(block, directoryBytes + text.length);
  if (room === undefined) return undefined;
  const bytes = new Uint8Array(directoryBytes + text.length);
  writeDirectory(new DataView(bytes.buffer), block, kept, text.length, room.at);
  bytes.set(text, directoryBytes);
  const pointer = new Uint8Array(4);
  new DataView(pointer.buffer).setUint32(0, room.at, block.littleEndian);
  return {
    place: room.place,
    edits: [
      { at: DIRECTORY_OFFSET_AT, removedBytes: pointer.length, inserted: pointer },
      fill(block, room, bytes),
    ],
  };
}

function writeDirectory(
  view: DataView,
  block: TiffBlock,
  kept: readonly RawEntry[],
  textBytes: number,
  directoryAt: number,
): void {
  const { littleEndian } = block;
  const nextAt = view.byteLength - textBytes - NEXT_BYTES;
  view.setUint16(0, kept.length + 1, littleEndian);
  // Before the first greater tag, as TIFF sorts them; entries that were out of order stay so.
  const greater = kept.findIndex(({ tag }) => tag > IMAGE_DESCRIPTION);
  const place = greater === -1 ? kept.length : greater;
  const out = new Uint8Array(view.buffer);
  kept.forEach(({ raw }, nth) => {
    out.set(raw, COUNT_BYTES + (nth < place ? nth : nth + 1) * ENTRY_BYTES);
  });
  const textAt = directoryAt + nextAt + NEXT_BYTES;
  writeEntry(view, COUNT_BYTES + place * ENTRY_BYTES, textBytes, textAt, littleEndian);
  const oldAt = firstDirectoryOf(block);
  const next = nextDirectoryOf(block, oldAt);
  // A directory that is its own successor, which readers recognise as a loop, stays one.
  view.setUint32(nextAt, next === oldAt ? directoryAt : next, littleEndian);
}

function writeEntry(view: DataView, at: number, count: number, textAt: number, littleEndian: boolean): void {
  view.setUint16(at, IMAGE_DESCRIPTION, littleEndian);
  view.setUint16(at + 2, TIFF_TYPES.Ascii, littleEndian);
  view.setUint32(at + 4, count, littleEndian);
  view.setUint32(at + 8, textAt, littleEndian);
}

function findRoom(block: TiffBlock, neededBytes: number): Room | undefined {
  const blockBytes = block.bytes.length;
  const end = evenUp(blockBytes);
  if (end + neededBytes <= MAX_BLOCK_BYTES) return { place: "end", at: end };
  const at = evenUp(blockBytes - neededBytes - 1);
  return isPadding(block, at) ? { place: "padding", at } : undefined;
}

/** Whether all from `at` on is zero, and belongs to none of the block's directories and values. */
function isPadding(block: TiffBlock, at: number): boolean {
  return at > 0 && block.bytes.subarray(at).every((byte) => byte === 0) && endOfUse(block) <= at;
}

function evenUp(offset: number): number {
  return offset + (offset & 1);
}

function fill(block: TiffBlock, { place, at }: Room, bytes: Uint8Array): Edit {
  if (place === "padding") return { at, removedBytes: bytes.length, inserted: bytes };
  const end = block.bytes.length;
  return { at: end, removedBytes: 0, inserted: Buffer.concat([new Uint8Array(at - end), bytes]) };
}
