import { opening, shipmentOf } from "./bucket-account-fixture.ts";

export const BLOCK = Buffer.alloc(64 * 2 ** 10, "x");

export const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

/** Blocks on demand, and a note of what was asked of the source. */
export function countingSource(
  blocks: number,
  beforeBlock: (index: number) => Promise<void> | void = () => {},
) {
  const asked = { blocks: 0, closed: false };
  const rest: AsyncIterator<Uint8Array> = {
    async next() {
      if (asked.blocks === blocks) return { done: true, value: undefined };
      asked.blocks += 1;
      await beforeBlock(asked.blocks - 1);
      return { done: false, value: BLOCK };
    },
    async return() {
      asked.closed = true;
      return { done: true, value: undefined };
    },
  };
  return {
    asked,
    shipment: shipmentOf(blocks * BLOCK.byteLength),
    payload: opening({ head: [], rest }),
  };
}
