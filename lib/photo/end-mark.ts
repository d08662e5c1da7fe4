import type { Warning } from "./photo.ts";

/**
 * How far from its end a photo's end mark is looked for. Cameras put trailers behind it (a second picture, a
 * maker's table); a picture cut short has none at all.
 */
export const MAX_TRAILER_BYTES = 64 * 2 ** 10;

const END_MARK = Buffer.from([0xff, 0xd9]);
/** Watches a photo go by, for the mark that ends a JPEG. */
export interface EndMarkWatch {
  /** Takes the next chunk. It is held, not copied, until {@link MAX_TRAILER_BYTES} have come behind it. */
  readonly push: (chunk: Uint8Array) => void;
  /** Call after the last chunk: a warning when the end mark is not near the end. */
  readonly warnings: () => readonly Warning[];
}

/** Starts a watch over one photo. Only the photo's end is searched, once, however long the photo is. */
export function createEndMarkWatch(): EndMarkWatch {
  let held: Uint8Array[] = [];
  let oldest = 0;
  let heldBytes = 0;

  function letGo(): void {
    for (let chunk = held[oldest]; chunk !== undefined; chunk = held[oldest]) {
      if (heldBytes - chunk.length < MAX_TRAILER_BYTES) break;
      heldBytes -= chunk.length;
      oldest += 1;
    }
    // Chunks let go stay in the list until they are half of it: letting go costs constant time on average.
    if (oldest * 2 < held.length) return;
    held = held.slice(oldest);
    oldest = 0;
  }

  return {
    push: (chunk) => {
      held.push(chunk);
      heldBytes += chunk.length;
      letGo();
    },
    warnings: () => {
      const tail = Buffer.concat(held.slice(oldest)).subarray(-MAX_TRAILER_BYTES);
      if (tail.includes(END_MARK)) return [];
      const message = `no end mark (FF D9) in the last ${tail.length} bytes: the picture may be cut short`;
      return [{ code: "end-mark-missing", message }];
    },
  };
}
