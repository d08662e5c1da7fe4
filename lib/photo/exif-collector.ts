/**
 * Most Exif blocks of one photo we look at. Real photos hold one, edited ones two; a file of tiny segments
 * must not buy a reading for each.
 */
const MAX_EXIF_BLOCKS = 4;

/** A TIFF header in either byte order: what the first segment of an Exif block begins with, and no other. */
const TIFF_HEADERS = [
  [0x49, 0x49, 0x2a, 0x00],
  [0x4d, 0x4d, 0x00, 0x2a],
] as const;
const TIFF_HEADER_BYTES = 4;

/** One Exif block, and where it was found. */
export interface CollectedBlock {
  /** The TIFF block; one that was split over several segments is joined. */
  readonly bytes: Uint8Array;
  /** Where in the file the marker of its first segment begins. */
  readonly segmentAt: number;
  /** How many segments it was split over. */
  readonly segmentCount: number;
}

/** The Exif blocks of one photo, as its APP1 segments held them. */
export interface CollectedExif {
  /** At most {@link MAX_EXIF_BLOCKS}, in order. */
  readonly blocks: readonly CollectedBlock[];
  /** Present when the file ended inside an Exif segment: bytes it stated, bytes that came. Not among `blocks`. */
  readonly cut?: { readonly statedBytes: number; readonly presentBytes: number };
}

/** Gathers Exif segments into blocks. Bytes are copied once or twice, never quadratically, and no chunk is kept. */
export interface ExifCollector {
  /** Announces a segment of `bytes` payload bytes, after its identifier; its marker begins at `at` in the file. */
  readonly beginSegment: (bytes: number, at: number) => void;
  readonly add: (part: Uint8Array) => void;
  /** The blocks whose segments came whole. */
  readonly collected: () => CollectedExif;
}

/**
 * Starts empty. A segment that begins with a TIFF header begins a block; any other continues the block before it,
 * as a writer does whose EXIF outgrew the 65,527 bytes of one segment.
 */
export function createExifCollector(): ExifCollector {
  let bytes = new Uint8Array(0);
  let used = 0;
  let segmentStart = 0;
  let segmentEnd = 0;
  let segmentAt = 0;
  const found: { readonly start: number; readonly segmentAt: number; segmentCount: number }[] = [];
  let full = false;

  function settleSegment(): void {
    const segment = bytes.subarray(segmentStart, segmentEnd);
    const before = found.at(-1);
    if (before !== undefined && !beginsWithTiffHeader(segment)) {
      before.segmentCount += 1;
      return;
    }
    full = found.length === MAX_EXIF_BLOCKS;
    if (full) used = segmentStart;
    else found.push({ start: segmentStart, segmentAt, segmentCount: 1 });
  }

  return {
    beginSegment: (payloadBytes, at) => {
      segmentAt = at;
      segmentStart = used;
      segmentEnd = used + payloadBytes;
    },
    add: (part) => {
      if (full) return;
      bytes = withRoomFor(bytes, used + part.length);
      bytes.set(part, used);
      used += part.length;
      if (used === segmentEnd && part.length > 0) settleSegment();
    },
    collected: () => {
      const isCut = !full && used < segmentEnd;
      const end = isCut ? segmentStart : used;
      const blocks = found.map(({ start, ...place }, nth) => {
        return { ...place, bytes: bytes.subarray(start, found[nth + 1]?.start ?? end) };
      });
      if (!isCut) return { blocks };
      return { blocks, cut: { statedBytes: segmentEnd - segmentStart, presentBytes: used - segmentStart } };
    },
  };
}

/** The same bytes with room for `neededBytes`: doubled, so that any number of small parts costs linear time. */
function withRoomFor(bytes: Uint8Array<ArrayBuffer>, neededBytes: number): Uint8Array<ArrayBuffer> {
  if (neededBytes <= bytes.length) return bytes;
  const roomier = new Uint8Array(Math.max(neededBytes, bytes.length * 2));
  roomier.set(bytes);
  return roomier;
}

function beginsWithTiffHeader(segment: Uint8Array): boolean {
  if (segment.length < TIFF_HEADER_BYTES) return false;
  return TIFF_HEADERS.some((header) => header.every((byte, at) => segment[at] === byte));
}
