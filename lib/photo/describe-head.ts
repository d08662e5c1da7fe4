import { readExifBlock } from "./exif-block.ts";
import type { CollectedBlock } from "./exif-collector.ts";
import type { JpegOutline } from "./jpeg.ts";
import { createJpegWalk } from "./jpeg.ts";
import { describeBlock } from "./rewrite-block.ts";
import type { Edit } from "./rewrite-chunks.ts";
import { addedBytesOf, applyEdits } from "./rewrite-chunks.ts";
import { openBlock } from "./rewrite-directory.ts";
import { MAX_DESCRIPTION_BYTES, makeFrontBlock } from "./rewrite-front.ts";

/**
 * Which bytes this module makes of a photo and a description. To be raised with every change to them: it is part of a
 * session key, and bytes of two versions in one session would make a broken photo.
 */
export const REWRITE_VERSION = 1;

/** The head of a photo that carries its description. */
export interface DescribedHead {
  readonly kind: "described";
  /**
   * To be sent before the rest of the photo, which follows unchanged. Views of the head that was given, borrowed where
   * that was, around a few bytes of our own.
   */
  readonly head: readonly Uint8Array[];
  /** Of the whole photo as it is to be sent. */
  readonly sizeBytes: number;
  /**
   * By how much the photo has grown, all of it before `changedBytes`: what is sent from byte n on, n not before that,
   * is the source from byte n - addedBytes on.
   */
  readonly addedBytes: number;
  /** Where the last change ends, in what is sent; the same however the head was cut. 0: nothing is changed. */
  readonly changedBytes: number;
  /**
   * Where the description went: to the end of the photo's EXIF block, into that block's padding, or into a block of
   * its own before it. `there`: the photo had it already.
   */
  readonly place: "end" | "padding" | "front" | "there";
}

/** Why a photo cannot be described. One that was accepted, with a text of ours, always can. */
export interface Undescribed {
  readonly kind: "problem";
  readonly problem: string;
}

/** The marker and length of a segment, and what begins one of EXIF. */
const SEGMENT_HEAD_BYTES = 4;
const IDENTIFIER = [0x45, 0x78, 0x69, 0x66, 0x00, 0x00] as const;
const APP1 = [0xff, 0xe1] as const;
/** A text of fewer would stand in its entry, as none of ours does. */
const MIN_DESCRIPTION_BYTES = 4;

interface Plan {
  readonly place: DescribedHead["place"];
  readonly edits: readonly Edit[];
}

/**
 * Writes an ImageDescription into the head of a photo that streams. The text goes to the end of the EXIF block, and no
 * byte of the photo moves but those behind it; where the block is full, or in pieces, see
 * docs/decisions/011-image-description.md. The same photo and text give the same bytes, however the head is cut into
 * chunks; a photo that has the text already is left alone.
 *
 * @param head as its inspection gave it: from the first byte to the scan, at least. Not changed
 * @param sizeBytes of the whole photo
 * @param description printable ASCII
 */
export function describeHead(
  head: readonly Uint8Array[],
  sizeBytes: number,
  description: string,
): DescribedHead | Undescribed {
  const flaw = findFlaw(description);
  if (flaw !== undefined) return { kind: "problem", problem: flaw };
  const walk = createJpegWalk();
  for (const chunk of head) walk.push(chunk);
  const plan = planEdits(walk.outline(), Buffer.from(`${description}\0`, "latin1"));
  if (typeof plan === "string") return { kind: "problem", problem: plan };
  const addedBytes = addedBytesOf(plan.edits);
  return {
    kind: "described",
    head: plan.edits.length === 0 ? head : applyEdits(head, plan.edits),
    sizeBytes: sizeBytes + addedBytes,
    addedBytes,
    changedBytes: endOfChanges(plan.edits, addedBytes),
    place: plan.place,
  };
}

function endOfChanges(edits: readonly Edit[], addedBytes: number): number {
  const last = edits.at(-1);
  return last === undefined ? 0 : last.at + last.removedBytes + addedBytes;
}

function findFlaw(description: string): string | undefined {
  if (!/^[\x20-\x7e]*$/.test(description)) return "the description is not printable ASCII";
  if (description.length >= MIN_DESCRIPTION_BYTES && description.length <= MAX_DESCRIPTION_BYTES)
    return undefined;
  return `the description has ${description.length} bytes: expected ${MIN_DESCRIPTION_BYTES} to ${MAX_DESCRIPTION_BYTES}`;
}

/** What to change in the file, or why it cannot be described. */
function planEdits({ end, exif }: JpegOutline, text: Uint8Array): Plan | string {
  if (end.kind !== "scan") return "the head holds no whole JPEG header";
  // The one that was judged: of several blocks the first readable one counts.
  const judged = exif.blocks.find(({ bytes }) => readExifBlock(bytes).kind === "readable");
  const [first] = exif.blocks;
  if (judged === undefined || first === undefined) return "the photo has no EXIF block that can be read";
  const block = openBlock(judged.bytes);
  const rewrite = judged === first ? describeBlock(block, text) : undefined;
  // Most readers look at the first segment and no further: a block that goes on in another is as good as full.
  if (rewrite !== undefined && (judged.segmentCount === 1 || rewrite.place === "there"))
    return { place: rewrite.place, edits: inSegment(judged, rewrite.edits) };
  const inserted = wrapInSegment(makeFrontBlock(block, text));
  return { place: "front", edits: [{ at: first.segmentAt, removedBytes: 0, inserted }] };
}

/** The edits of a block as edits of the file, with the new length of its segment. */
function inSegment({ segmentAt, bytes }: CollectedBlock, edits: readonly Edit[]): Edit[] {
  const blockAt = segmentAt + SEGMENT_HEAD_BYTES + IDENTIFIER.length;
  const moved = edits.map((edit) => ({ ...edit, at: blockAt + edit.at }));
  const addedBytes = addedBytesOf(edits);
  if (addedBytes === 0) return moved;
  const length = lengthOf(bytes.length + addedBytes);
  return [{ at: segmentAt + APP1.length, removedBytes: length.length, inserted: length }, ...moved];
}

/** A segment's length counts itself, the identifier and the block. */
function lengthOf(blockBytes: number): Uint8Array {
  const bytes = SEGMENT_HEAD_BYTES - APP1.length + IDENTIFIER.length + blockBytes;
  return Uint8Array.of(bytes >> 8, bytes & 0xff);
}

function wrapInSegment(block: Uint8Array): Uint8Array {
  return Buffer.concat([Uint8Array.of(...APP1), lengthOf(block.length), Uint8Array.of(...IDENTIFIER), block]);
}
