/**
 * Who asked first for a file name within one sequence. Each ask leaves a mark of twelve bytes in a set on the
 * sequence's item: five of the name, seven of the photo. The set only grows, and a claim is told what was in it
 * before; so the first to ask for a name is the only one that sees no mark of another photo.
 */
import { parse as uuidBytes, v5 as uuidV5 } from "uuid";
import type { SlotAsk } from "./sequence.ts";

const NAME_BYTES = 5;
const PHOTO_BYTES = 7;

/** Name space of the marks (RFC 9562, version 5): our own, fixed for good. */
const MARK_NAMESPACE = "0c7d2f64-51b7-5a3e-9a43-2b8f0a6c7d15";

/** The mark of a photo that asks for a file name. */
export function claimMarkOf({ filename, photoTag }: SlotAsk): Uint8Array {
  const mark = new Uint8Array(NAME_BYTES + PHOTO_BYTES);
  mark.set(hashOf(filename, NAME_BYTES));
  mark.set(hashOf(photoTag, PHOTO_BYTES), NAME_BYTES);
  return mark;
}

/**
 * Says whether the name is the photo's own. Names that differ may share a mark (one in 2⁴⁰): such a photo gets
 * the longer name without need. A photo that asks again, because its worker died, keeps the name it had unless
 * somebody else asked in between: then nobody can tell who was first, and it takes the longer name.
 *
 * @param before what the set held before this claim
 * @param earlier asks that stand before this one in the same claim
 */
export function isFilenameFree(
  ask: SlotAsk,
  before: ReadonlySet<Uint8Array>,
  earlier: readonly SlotAsk[],
): boolean {
  const mine = claimMarkOf(ask);
  for (const mark of [...before, ...earlier.map(claimMarkOf)]) {
    if (startsAlike(mark, mine) && !isEqual(mark, mine)) return false;
  }
  return true;
}

function hashOf(text: string, length: number): Uint8Array {
  return uuidBytes(uuidV5(text, MARK_NAMESPACE)).subarray(0, length);
}

function startsAlike(a: Uint8Array, b: Uint8Array): boolean {
  for (let at = 0; at < NAME_BYTES; at += 1) if (a[at] !== b[at]) return false;
  return true;
}

function isEqual(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, at) => byte === b[at]);
}
