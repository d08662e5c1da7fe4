import type { PlainEntry } from "./exif-distillate.ts";
import { pointerTo, sizeOfDirectory, writeDirectory } from "./exif-distillate.ts";
import { IMAGE_TAGS, TIFF_TYPE_BYTES, TIFF_TYPES, WANTED_TAGS } from "./exif-tags.ts";
import { IMAGE_DESCRIPTION } from "./rewrite-block.ts";
import type { RawEntry, TiffBlock } from "./rewrite-directory.ts";
import {
  entriesAt,
  firstDirectoryOf,
  HEADER_BYTES,
  INTEROPERABILITY_TAG,
  pointedToBy,
} from "./rewrite-directory.ts";

/**
 * Most entries that are copied of one directory besides those we read ourselves, and most bytes of a value. Four such
 * directories and a description of {@link MAX_DESCRIPTION_BYTES} fit into one segment, whatever the photo holds.
 */
const MAX_OTHER_ENTRIES = 70;
const MAX_VALUE_BYTES = 128;
/** Longest description. Of the longest object key, 1,024 bytes, at most 6,144 come from the file name. */
export const MAX_DESCRIPTION_BYTES = 9_000;

/** The directories that are copied, each under the tag that points to it. */
interface Tree extends ReadonlyMap<number, Tree> {}
const DIRECTORIES: Tree = new Map([
  [IMAGE_TAGS.ExifTag, new Map([[INTEROPERABILITY_TAG, new Map()]])],
  [IMAGE_TAGS.GPSTag, new Map()],
]);

/**
 * What would be wrong in another block: MakerNote, whose offsets count from the start of its own, and what points to
 * strips, tiles or a thumbnail, to directories of other images, or to one of ours from where it does not belong.
 */
const LEFT_OUT: readonly number[] = [
  ...[0x927c, 0x0111, 0x0117, 0x0144, 0x0145, 0x0201, 0x0202, 0x014a],
  ...[IMAGE_TAGS.ExifTag, IMAGE_TAGS.GPSTag, INTEROPERABILITY_TAG],
];
/** What a photo is judged by. */
const READ_TAGS: ReadonlySet<number> = new Set(Object.values(WANTED_TAGS).flat());

interface Copy {
  readonly entries: readonly PlainEntry[];
  readonly children: readonly { readonly tag: number; readonly copy: Copy }[];
}

/**
 * Makes a small block to stand before one that is full: the description, and copies of the tags that nearly all
 * readers ask for, since most of them read a photo's first block only. It has no maker note and no thumbnail.
 *
 * @param description ended by NUL, at most {@link MAX_DESCRIPTION_BYTES} without it
 */
export function makeFrontBlock(block: TiffBlock, description: Uint8Array): Uint8Array {
  const { entries, children } = copyDirectory(block, firstDirectoryOf(block), DIRECTORIES);
  const described = { tag: IMAGE_DESCRIPTION, type: TIFF_TYPES.Ascii, count: description.length };
  const image = { entries: [...entries, { ...described, bytes: padToEven(description) }], children };
  const view = new DataView(new ArrayBuffer(HEADER_BYTES + layOut(image).sizeBytes));
  view.setUint32(0, block.littleEndian ? 0x49492a00 : 0x4d4d002a);
  view.setUint32(4, HEADER_BYTES, block.littleEndian);
  write(view, image, HEADER_BYTES, block.littleEndian);
  return new Uint8Array(view.buffer);
}

function copyDirectory(block: TiffBlock, directoryAt: number, pointers: Tree): Copy {
  const entries = new Map<number, PlainEntry>();
  const children = new Map<number, Copy>();
  let others = 0;
  for (const entry of entriesAt(block, directoryAt)) {
    const below = pointers.get(entry.tag);
    const pointedTo = below && pointedToBy(block, entry);
    if (below !== undefined && pointedTo !== undefined && !children.has(entry.tag))
      children.set(entry.tag, copyDirectory(block, pointedTo, below));
    const copy = below === undefined && !entries.has(entry.tag) ? copyEntry(entry) : undefined;
    const isOther = !READ_TAGS.has(entry.tag);
    if (copy === undefined || (isOther && others === MAX_OTHER_ENTRIES)) continue;
    entries.set(entry.tag, copy);
    if (isOther) others += 1;
  }
  const found = [...children].filter(([, { entries }]) => entries.length > 0);
  return { entries: [...entries.values()], children: found.map(([tag, copy]) => ({ tag, copy })) };
}

/** What we read ourselves is cut, as it is for the judgement, rather than left out; and so is text. */
function copyEntry({ tag, type, value }: RawEntry): PlainEntry | undefined {
  if (value === undefined || tag === IMAGE_DESCRIPTION || LEFT_OUT.includes(tag)) return undefined;
  const mayBeCut = READ_TAGS.has(tag) || type === TIFF_TYPES.Ascii;
  if (value.length > MAX_VALUE_BYTES && !mayBeCut) return undefined;
  const kept = value.subarray(0, MAX_VALUE_BYTES);
  return { tag, type, count: kept.length / (TIFF_TYPE_BYTES.get(type) ?? 1), bytes: padToEven(kept) };
}

/** So that the next value begins at an even offset, as TIFF wants it. A value that stands in its entry stays so. */
function padToEven(value: Uint8Array): Uint8Array {
  return value.length % 2 === 0 ? value : Buffer.concat([value, new Uint8Array(1)]);
}

/** Where each child begins: behind its parent and the children before it, all that they hold included. */
function layOut({ entries, children }: Copy): { starts: number[]; sizeBytes: number } {
  const starts: number[] = [];
  let sizeBytes = sizeOfDirectory([...entries, ...children.map(({ tag }) => pointerTo(tag, 0, true))]);
  for (const { copy } of children) {
    starts.push(sizeBytes);
    sizeBytes += layOut(copy).sizeBytes;
  }
  return { starts, sizeBytes };
}

function write(view: DataView, copy: Copy, at: number, littleEndian: boolean): void {
  const { starts } = layOut(copy);
  const pointers = copy.children.map(({ tag, copy: child }, nth) => {
    const childAt = at + (starts[nth] ?? 0);
    write(view, child, childAt, littleEndian);
    return pointerTo(tag, childAt, littleEndian);
  });
  const entries = [...copy.entries, ...pointers].sort((one, other) => one.tag - other.tag);
  writeDirectory(view, at, entries, littleEndian);
}
