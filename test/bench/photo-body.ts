import { makePhoto } from "../../sandbox/photo-maker.ts";

const END_OF_IMAGE_BYTES = 2;

/** Picture data is repeated after so many bytes: no side compresses, so nothing gets faster by it. */
const NOISE_BYTES = 2 ** 20;

/**
 * A photo of exactly `sizeBytes` as a camera makes it: EXIF with position and date in front, and behind it a scan
 * that is as long as it takes. The same size gives the same bytes, in every process.
 *
 * @throws {RangeError} when the size is too small for a photo
 */
export function makeBody(sizeBytes: number): Buffer {
  const photo = makePhoto({ headingDeg: 90, altitudeMeters: 12, takenAt: new Date("2024-05-01T10:00:00Z") });
  if (sizeBytes < photo.length) throw new RangeError(`a photo has at least ${photo.length} bytes`);
  const body = Buffer.allocUnsafe(sizeBytes);
  body.set(photo);
  const end = sizeBytes - END_OF_IMAGE_BYTES;
  const noise = makeNoise();
  for (let at = photo.length - END_OF_IMAGE_BYTES; at < end; at += noise.length) {
    body.set(noise.subarray(0, Math.min(noise.length, end - at)), at);
  }
  body.set(photo.subarray(-END_OF_IMAGE_BYTES), end);
  return body;
}

/** Entropy-coded data without a marker: 0xff would begin one (ITU T.81, B.1.1.5). */
function makeNoise(): Uint8Array {
  const words = new Uint32Array(NOISE_BYTES / Uint32Array.BYTES_PER_ELEMENT);
  let state = 0x2545_f491;
  for (let at = 0; at < words.length; at += 1) {
    // Xorshift (Marsaglia 2003): any deterministic noise does.
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    words[at] = state;
  }
  return new Uint8Array(words.buffer).map((byte) => (byte === 0xff ? 0xfe : byte));
}
