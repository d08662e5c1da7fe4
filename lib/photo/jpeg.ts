import type { CollectedExif } from "./exif-collector.ts";
import { createExifCollector } from "./exif-collector.ts";

/**
 * Most bytes the walk follows in search of the scan. Real headers end within 700 KB (a CMYK photo with
 * 500 KB of ICC profile); beyond this a file is no photo, and what is walked is held in memory.
 */
export const MAX_HEADER_BYTES = 4 * 2 ** 20;

/** The size of the picture, as its frame header states it. */
interface Frame {
  readonly widthPx: number;
  /** 0 where the picture states its height after the first scan (a DNL segment). */
  readonly heightPx: number;
}

/**
 * Where a walk came to its end: `scan` is a picture's beginning; `too-far` is {@link MAX_HEADER_BYTES} without one;
 * `broken` covers a file that ends, or stops making sense, before its frame and its scan.
 */
type WalkEnd =
  | { readonly kind: "scan" }
  | { readonly kind: "empty" }
  | { readonly kind: "not-jpeg"; readonly firstBytes: Uint8Array }
  | { readonly kind: "broken"; readonly because: string }
  | { readonly kind: "too-far" };

/** What the segments before the first scan say. */
export interface JpegOutline {
  readonly end: WalkEnd;
  /** Absent when no frame header came before the end. */
  readonly frame?: Frame;
  readonly exif: CollectedExif;
}

/** A walk over the segments of one JPEG, fed as its bytes arrive. Its result does not depend on how they are cut. */
export interface JpegWalk {
  /** True when no further byte can change the outline. */
  readonly done: () => boolean;
  /** Takes the next bytes. Bytes after the end of the walk are ignored; no view of `chunk` is kept. */
  readonly push: (chunk: Uint8Array) => void;
  /** Ends the walk, because the file ended or the walk is done. */
  readonly outline: () => JpegOutline;
}

/** Consumes bytes of `chunk` from `offset` on and returns the offset behind them. */
type Task = (chunk: Uint8Array, offset: number) => number;

const MARKER = { tem: 0x01, rst0: 0xd0, rst7: 0xd7, soi: 0xd8, eoi: 0xd9, sos: 0xda, app1: 0xe1 } as const;
/** C4, C8 and CC lie among the frame headers and are none: Huffman tables, reserved, arithmetic conditioning. */
const NO_FRAMES: ReadonlySet<number> = new Set([0xc4, 0xc8, 0xcc]);
/** `Exif`, a zero and a pad byte. The standard pads with zero; a few cameras do not. */
const EXIF_IDENTIFIER = [0x45, 0x78, 0x69, 0x66, 0x00] as const;
const EXIF_IDENTIFIER_BYTES = 6;
/** The start of image and the first byte of a marker: what tells a JPEG from everything else. */
const START_BYTES = 3;
const LENGTH_BYTES = 2;
/** Precision (1), height (2), width (2) and the number of components (1) begin a frame header (ITU T.81, B.2.2). */
const FRAME_BYTES = 6;
const MAX_GATHERED_BYTES = 6;
/** A scan header of one component is 8 bytes long with its length (ITU T.81, B.2.3). */
const MIN_SCAN_LENGTH = 8;

/**
 * Starts a walk: start of image, segments, frame header, scan. Stray bytes between segments are skipped, as every
 * decoder does (a real camera writes an APP1 two bytes longer than it says). A second start of image ends the walk:
 * it is the thumbnail of a damaged APP1, not the picture.
 *
 * Its state is plain variables and nothing is allocated per segment: a hostile header holds a million of them.
 */
export function createJpegWalk(): JpegWalk {
  const exif = createExifCollector();
  let walkedBytes = 0;
  /** Where in the file the chunk at hand begins, and the marker read last. */
  let chunkAt = 0;
  let markerAt = 0;
  let frame: Frame | undefined;
  let end: WalkEnd | undefined;
  let task: Task = seekMarker;
  /** The segment being read: its marker, and the bytes after its length. */
  let marker = 0;
  let payloadBytes = 0;
  /** What {@link gather} fills, 0 ≤ filled ≤ wanted ≤ its length. */
  const gathered = new Uint8Array(MAX_GATHERED_BYTES);
  let wanted = 0;
  let filled = 0;
  let whenGathered = readStart;
  /** What {@link drain} still has to pass on. */
  let leftBytes = 0;
  let isExif = false;
  gather(START_BYTES, readStart);

  function gather(bytes: number, then: () => void): void {
    wanted = bytes;
    filled = 0;
    whenGathered = then;
    task = fill;
  }
  function fill(chunk: Uint8Array, from: number): number {
    let offset = from;
    while (filled < wanted && offset < chunk.length) gathered[filled++] = chunk[offset++] ?? 0;
    if (filled === wanted) whenGathered();
    return offset;
  }
  function readStart(): void {
    const isJpeg = gathered[0] === 0xff && gathered[1] === MARKER.soi && gathered[2] === 0xff;
    if (isJpeg) task = readMarker;
    else end = notJpeg();
  }
  function seekMarker(chunk: Uint8Array, offset: number): number {
    const at = chunk.indexOf(0xff, offset);
    if (at === -1) return chunk.length;
    task = readMarker;
    return at + 1;
  }
  function readMarker(chunk: Uint8Array, offset: number): number {
    marker = chunk[offset] ?? 0;
    markerAt = chunkAt + offset - 1;
    // Fill bytes: any number of FF may stand before a marker (ITU T.81, B.1.1.2).
    if (marker !== 0xff) followMarker();
    return offset + 1;
  }
  function followMarker(): void {
    if (marker === 0 || standsAlone(marker)) task = seekMarker;
    else if (marker === MARKER.soi) end = broken("a second image begins before the first has a scan");
    else if (marker === MARKER.eoi) end = broken("the image ends before its scan");
    else if (marker < 0xc0) end = broken(`FF ${marker.toString(16).padStart(2, "0")} is no marker`);
    else gather(LENGTH_BYTES, readLength);
  }
  function readLength(): void {
    const segmentBytes = uint16(gathered, 0);
    payloadBytes = segmentBytes - LENGTH_BYTES;
    if (payloadBytes < 0) end = broken(`a segment states a length of ${segmentBytes}; the least is 2`);
    else if (marker === MARKER.sos) end = endAtScan(segmentBytes, frame);
    else if (isFrame(marker)) beginFrame();
    else if (marker === MARKER.app1) gather(Math.min(payloadBytes, EXIF_IDENTIFIER_BYTES), readIdentifier);
    else pass(payloadBytes);
  }
  function beginFrame(): void {
    if (payloadBytes >= FRAME_BYTES) gather(FRAME_BYTES, readFrame);
    else end = broken(`a frame header holds ${payloadBytes} bytes, too few for a size`);
  }
  function readFrame(): void {
    frame ??= { widthPx: uint16(gathered, 3), heightPx: uint16(gathered, 1) };
    pass(payloadBytes - FRAME_BYTES);
  }
  function readIdentifier(): void {
    isExif = wanted === EXIF_IDENTIFIER_BYTES && EXIF_IDENTIFIER.every((byte, at) => gathered[at] === byte);
    if (isExif) exif.beginSegment(payloadBytes - wanted, markerAt);
    pass(payloadBytes - wanted);
  }
  function pass(bytes: number): void {
    leftBytes = bytes;
    task = bytes === 0 ? seekMarker : drain;
    if (bytes === 0) isExif = false;
  }
  function drain(chunk: Uint8Array, offset: number): number {
    const until = Math.min(chunk.length, offset + leftBytes);
    if (isExif) exif.add(chunk.subarray(offset, until));
    pass(leftBytes - (until - offset));
    return until;
  }
  function notJpeg(): WalkEnd {
    return { kind: "not-jpeg", firstBytes: gathered.slice(0, filled) };
  }
  function endOfFile(): WalkEnd {
    if (walkedBytes === 0) return { kind: "empty" };
    if (walkedBytes < START_BYTES) return notJpeg();
    return broken("the file ends before its scan");
  }

  return {
    done: () => end !== undefined,
    push: (chunk) => {
      const bytes = chunk.subarray(0, MAX_HEADER_BYTES - walkedBytes);
      chunkAt = walkedBytes;
      walkedBytes += bytes.length;
      for (let offset = 0; offset < bytes.length && end === undefined; ) offset = task(bytes, offset);
      if (walkedBytes === MAX_HEADER_BYTES) end ??= { kind: "too-far" };
    },
    outline: () => {
      const outline = { end: end ?? endOfFile(), exif: exif.collected() };
      return frame === undefined ? outline : { ...outline, frame };
    },
  };
}

function broken(because: string): WalkEnd {
  return { kind: "broken", because };
}

function endAtScan(segmentBytes: number, frame: Frame | undefined): WalkEnd {
  if (segmentBytes < MIN_SCAN_LENGTH) return broken(`a scan header states a length of ${segmentBytes}`);
  return frame === undefined ? broken("a scan comes before any frame header") : { kind: "scan" };
}

function uint16(bytes: Uint8Array, at: number): number {
  return ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
}

function standsAlone(marker: number): boolean {
  return marker === MARKER.tem || (marker >= MARKER.rst0 && marker <= MARKER.rst7);
}

function isFrame(marker: number): boolean {
  return marker >= 0xc0 && marker <= 0xcf && !NO_FRAMES.has(marker);
}
