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

/** The Exif blocks of one photo, as its APP1 segments held them. */
export interface CollectedExif {
  /** At most {@link MAX_EXIF_BLOCKS}, in order; one that was split over several segments is joined. */
  readonly blocks: readonly Uint8Array[];
  /** Present when the file ended inside an Exif segment: bytes it stated, bytes that came. Not among `blocks`. */
  readonly cut?: { readonly statedBytes: number; readonly presentBytes: number };
}

/** Gathers Exif segments into blocks. Bytes are copied once or twice, never quadratically, and no chunk is kept. */
export interface ExifCollector {
  /** Announces a segment of `bytes` payload bytes, after its identifier. */
  readonly beginSegment: (bytes: number) => void;
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
  const blockStarts: number[] = [];
  let full = false;

  function settleSegment(): void {
    const segment = bytes.subarray(segmentStart, segmentEnd);
    if (blockStarts.length > 0 && !beginsWithTiffHeader(segment)) return;
    full = blockStarts.length === MAX_EXIF_BLOCKS;
    if (full) used = segmentStart;
    else blockStarts.push(segmentStart);
  }

  return {
    beginSegment: (payloadBytes) => {
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
      const blocks = blockStarts.map((start, nth) => bytes.subarray(start, blockStarts[nth + 1] ?? end));
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
