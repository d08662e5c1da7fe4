import type { Warning } from "./photo.ts";

/**
 * How far from its end a photo's end mark is looked for. Cameras put trailers behind it (a second picture, a
 * maker's table); a picture cut short has none at all.
 */
export const MAX_TRAILER_BYTES = 64 * 2 ** 10;

const END_MARK = Buffer.from([0xff, 0xd9]);

/** Watches a photo go by, for the mark that ends a JPEG. */
export interface EndMarkWatch {
  /**
   * Takes the next chunk. It may be borrowed as blocks of `OpenPhoto.body` are: it has to stay as it is until the next
   * chunk has been pushed, or until the warnings were read.
   */
  readonly push: (chunk: Uint8Array) => void;
  /** Call after the last chunk and before the photo is closed: a warning when the end mark is not near the end. */
  readonly warnings: () => readonly Warning[];
}

/** Starts a watch over one photo. Only the photo's end is searched, once, however long the photo is. */
export function createEndMarkWatch(): EndMarkWatch {
  const before = createTail();
  let last: Uint8Array = new Uint8Array(0);

  return {
    push: (chunk) => {
      // What lies before a chunk as long as the reach cannot matter: of large chunks nothing is ever copied.
      if (chunk.length >= MAX_TRAILER_BYTES) before.clear();
      else before.append(last);
      last = chunk;
    },
    warnings: () => {
      const tail = Buffer.concat([before.bytes(), last]).subarray(-MAX_TRAILER_BYTES);
      if (tail.includes(END_MARK)) return [];
      const message = `no end mark (FF D9) in the last ${tail.length} bytes: the picture may be cut short`;
      return [{ code: "end-mark-missing", message }];
    },
  };
}

/** Keeps a copy of the last {@link MAX_TRAILER_BYTES} that were appended to it, in a ring. */
function createTail() {
  let ring: Buffer | undefined;
  let lengthBytes = 0;
  /** Where the next byte goes: 0 ≤ `end` < the ring's length. */
  let end = 0;
  return {
    append(chunk: Uint8Array): void {
      if (chunk.length === 0) return;
      ring ??= Buffer.allocUnsafe(MAX_TRAILER_BYTES);
      const part = chunk.subarray(-MAX_TRAILER_BYTES);
      const untilWrap = part.subarray(0, ring.length - end);
      ring.set(untilWrap, end);
      ring.set(part.subarray(untilWrap.length), 0);
      end = (end + part.length) % ring.length;
      lengthBytes = Math.min(ring.length, lengthBytes + part.length);
    },
    clear(): void {
      lengthBytes = 0;
    },
    bytes(): Uint8Array {
      if (ring === undefined) return new Uint8Array(0);
      return Buffer.concat([ring.subarray(end), ring.subarray(0, end)]).subarray(ring.length - lengthBytes);
    },
  };
}
