/** How much memory a block has. A photo that streams has three of them: two lent, one being filled. */
export const BLOCK_BYTES = 256 * 2 ** 10;

/**
 * How much may still come after a connection was told to pause: what the system had read already, 64 KiB, and TLS a
 * record of 16 KiB beside it. A queue with less room than that in its block is full.
 */
const AFTER_PAUSE_BYTES = 80 * 2 ** 10;

/** Blocks of memory that are used over and over. */
export interface BlockPool {
  /** A block of {@link BLOCK_BYTES} with whatever it held last. */
  take(): Buffer;
  /** Takes a block back; its next user overwrites it. */
  giveBack(block: Buffer): void;
}

/**
 * Starts without a block, and makes them as they are needed.
 *
 * @param maxIdleBlocks how many are kept for later; more are left to the garbage collector
 */
export function createBlockPool(maxIdleBlocks: number): BlockPool {
  const idle: Buffer[] = [];
  return {
    // Not from Node's own pool, of which a block would keep a neighbour alive.
    take: () => idle.pop() ?? Buffer.allocUnsafeSlow(BLOCK_BYTES),
    giveBack(block) {
      if (idle.length < maxIdleBlocks) idle.push(block);
    },
  };
}

/** The bytes of one photo between the connection they come from and the reader they are lent to, in order. */
export interface BlockQueue {
  /** Copies `bytes` in, as many as there are: the caller may overwrite them at once. */
  push(bytes: Uint8Array): void;
  /** Whether anything waits to be taken. */
  hasBytes(): boolean;
  /** Whether the connection should pause, so that what is under way still fits. */
  isFull(): boolean;
  /**
   * Lends everything up to the end of a block. The block lent before the last one goes back to the pool with it: of
   * what a reader was lent, the last two stay untouched.
   */
  take(): Uint8Array | undefined;
  /** Gives every block back, also those that are lent. The queue is empty afterwards and takes nothing more. */
  release(): void;
}

/** A queue over blocks of `pool`. */
export function createBlockQueue(pool: BlockPool): BlockQueue {
  const waiting: { readonly block: Buffer; filledBytes: number }[] = [];
  const lent: Buffer[] = [];
  let isReleased = false;

  function roomy() {
    const last = waiting.at(-1);
    if (last !== undefined && last.filledBytes < BLOCK_BYTES) return last;
    const fresh = { block: pool.take(), filledBytes: 0 };
    waiting.push(fresh);
    return fresh;
  }

  return {
    push(bytes) {
      if (isReleased) return;
      for (let at = 0; at < bytes.byteLength; ) {
        const target = roomy();
        const part = bytes.subarray(at, at + BLOCK_BYTES - target.filledBytes);
        target.block.set(part, target.filledBytes);
        target.filledBytes += part.byteLength;
        at += part.byteLength;
      }
    },
    hasBytes: () => waiting.length > 0,
    isFull: () => waiting.length > 1 || (waiting[0]?.filledBytes ?? 0) > BLOCK_BYTES - AFTER_PAUSE_BYTES,
    take() {
      const next = waiting.shift();
      if (next === undefined) return undefined;
      lent.push(next.block);
      const over = lent.length > 2 ? lent.shift() : undefined;
      if (over !== undefined) pool.giveBack(over);
      return next.block.subarray(0, next.filledBytes);
    },
    release() {
      isReleased = true;
      for (const block of lent.splice(0)) pool.giveBack(block);
      for (const { block } of waiting.splice(0)) pool.giveBack(block);
    },
  };
}
