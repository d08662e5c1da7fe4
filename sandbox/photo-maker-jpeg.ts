/** Most payload bytes of one JPEG segment: its length field counts itself (ITU T.81, B.1.1.4). */
const MAX_SEGMENT_PAYLOAD_BYTES = 0xffff - 2;

/** A marker and a length come before every payload. */
const SEGMENT_HEAD_BYTES = 4;

/** What begins an APP1 segment of EXIF. */
const EXIF_IDENTIFIER = Buffer.from("Exif\0\0", "latin1");
/** What begins an APP1 segment of XMP (XMP specification, part 3). */
const XMP_IDENTIFIER = Buffer.from("http://ns.adobe.com/xap/1.0/\0", "latin1");

const START_OF_IMAGE = Buffer.from([0xff, 0xd8]);
const END_OF_IMAGE = Buffer.from([0xff, 0xd9]);

/** A segment with any marker: `segment(0xe2, …)` is APP2. */
export function segment(marker: number, payload: Uint8Array): Uint8Array {
  if (payload.length > MAX_SEGMENT_PAYLOAD_BYTES) {
    throw new RangeError(`payload is ${payload.length} bytes: expected at most ${MAX_SEGMENT_PAYLOAD_BYTES}`);
  }
  const length = payload.length + 2;
  return Buffer.concat([Buffer.from([0xff, marker, length >> 8, length & 0xff]), payload]);
}

/** The APP1 segment of a TIFF block, or of a part of one. */
export function exifSegment(tiff: Uint8Array): Uint8Array {
  return segment(0xe1, Buffer.concat([EXIF_IDENTIFIER, tiff]));
}

/** A TIFF block over as many APP1 segments as `bytesEach` makes of it. */
export function splitExifSegments(tiff: Uint8Array, bytesEach: number): Uint8Array[] {
  const parts: Uint8Array[] = [];
  for (let at = 0; at < tiff.length; at += bytesEach)
    parts.push(exifSegment(tiff.subarray(at, at + bytesEach)));
  return parts;
}

/** The APP1 segment of an XMP packet. */
export function xmpSegment(xml: string): Uint8Array {
  return segment(0xe1, Buffer.concat([XMP_IDENTIFIER, Buffer.from(xml)]));
}

/** The APP0 segment that most JPEG writers put first. */
export function jfifSegment(): Uint8Array {
  return segment(0xe0, Buffer.from([0x4a, 0x46, 0x49, 0x46, 0, 1, 1, 0, 0, 72, 0, 72, 0, 0]));
}

/**
 * Segments that hold nothing, exactly `bytes` in all: to push what follows them far into the file.
 *
 * @throws {RangeError} for 1 to 3 bytes, too few for a segment.
 */
export function paddingSegments(bytes: number): Uint8Array[] {
  const segments: Uint8Array[] = [];
  for (let left = bytes; left > 0; ) {
    if (left < SEGMENT_HEAD_BYTES) throw new RangeError(`bytes is ${bytes}: expected 0, or at least 4`);
    const fits = Math.min(left - SEGMENT_HEAD_BYTES, MAX_SEGMENT_PAYLOAD_BYTES);
    const rest = left - SEGMENT_HEAD_BYTES - fits;
    // A rest too small for a segment of its own takes from this one.
    const payloadBytes = rest > 0 && rest < SEGMENT_HEAD_BYTES ? fits - SEGMENT_HEAD_BYTES : fits;
    segments.push(segment(0xef, Buffer.alloc(payloadBytes)));
    left -= payloadBytes + SEGMENT_HEAD_BYTES;
  }
  return segments;
}

/** A JPEG: start of image, `segments` in order, the picture, and the end mark. */
export function assembleJpeg(segments: readonly Uint8Array[], picture: Uint8Array): Uint8Array {
  return Buffer.concat([START_OF_IMAGE, ...segments, picture, END_OF_IMAGE]);
}

/** A tone from 0, black, to 255, white, at a place in the picture: 0 ≤ x, y ≤ 1 from the upper left. */
export type Shade = (x: number, y: number) => number;

const BLOCK_PX = 8;
/** Codes of 4 bits for the 12 sizes a difference of two averages can have. */
const SIZE_COUNT = 12;
const SIZE_CODE_BITS = 4;

/**
 * The picture's own segments: a baseline grey picture (ITU T.81) of flat blocks of 8 by 8 pixels. Any decoder reads
 * it, and it costs about a byte per block.
 */
export function drawPicture(widthPx: number, heightPx: number, shade: Shade): Uint8Array {
  const quantization = segment(0xdb, Buffer.from([0, ...Array<number>(64).fill(BLOCK_PX)]));
  const size = [heightPx >> 8, heightPx & 0xff, widthPx >> 8, widthPx & 0xff];
  const frame = segment(0xc0, Buffer.from([8, ...size, 1, 1, 0x11, 0]));
  const sizes = Array.from({ length: SIZE_COUNT }, (_, nth) => nth);
  const averages = segment(0xc4, Buffer.from([0x00, ...codeCounts(SIZE_CODE_BITS, SIZE_COUNT), ...sizes]));
  const endOfBlock = segment(0xc4, Buffer.from([0x10, ...codeCounts(1, 1), 0]));
  const scan = segment(0xda, Buffer.from([1, 1, 0x00, 0, 63, 0]));
  return Buffer.concat([quantization, frame, averages, endOfBlock, scan, drawScan(widthPx, heightPx, shade)]);
}

/** How many codes there are of each length from 1 to 16 bits: `count` of `bits`. */
function codeCounts(bits: number, count: number): number[] {
  return Array.from({ length: 16 }, (_, nth) => (nth === bits - 1 ? count : 0));
}

function drawScan(widthPx: number, heightPx: number, shade: Shade): Uint8Array {
  const columns = Math.ceil(widthPx / BLOCK_PX);
  const rows = Math.ceil(heightPx / BLOCK_PX);
  const bits = createBitWriter();
  let previous = 0;
  for (let nth = 0; nth < columns * rows; nth++) {
    const tone = shade((nth % columns) / columns, Math.floor(nth / columns) / rows);
    // With a quantization of 8 the average's coefficient is the tone itself, measured from mid-grey.
    const average = Math.max(0, Math.min(255, Math.round(tone))) - 128;
    writeDifference(bits, average - previous);
    previous = average;
  }
  return bits.finish();
}

/** A difference: the code of its size in bits, its bits (a negative one less one, T.81 F.1.2.1), and end of block. */
function writeDifference(bits: BitWriter, difference: number): void {
  const size = difference === 0 ? 0 : 32 - Math.clz32(Math.abs(difference));
  bits.write(size, SIZE_CODE_BITS);
  if (size > 0) bits.write((difference < 0 ? difference - 1 : difference) & ((1 << size) - 1), size);
  bits.write(0, 1);
}

interface BitWriter {
  readonly write: (value: number, bits: number) => void;
  readonly finish: () => Uint8Array;
}

/** Bits to bytes, most significant first. A byte FF is followed by 00, so that it is no marker (T.81, F.1.2.3). */
function createBitWriter(): BitWriter {
  const bytes: number[] = [];
  let held = 0;
  let heldBits = 0;
  const write = (value: number, bits: number) => {
    held = (held << bits) | value;
    heldBits += bits;
    for (; heldBits >= 8; heldBits -= 8) {
      const byte = (held >> (heldBits - 8)) & 0xff;
      bytes.push(byte);
      if (byte === 0xff) bytes.push(0);
    }
    held &= (1 << heldBits) - 1;
  };
  return {
    write,
    finish: () => {
      if (heldBits > 0) write((1 << (8 - heldBits)) - 1, 8 - heldBits);
      return Uint8Array.from(bytes);
    },
  };
}
