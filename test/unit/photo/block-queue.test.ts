import fc from "fast-check";
import { expect, it } from "vitest";
import { BLOCK_BYTES, createBlockPool, createBlockQueue } from "../../../lib/photo/block-queue.ts";

/** Remembers which blocks it ever made. */
function countedPool(maxIdle: number) {
  const pool = createBlockPool(maxIdle);
  const made = new Set<Buffer>();
  const take = () => {
    const block = pool.take();
    made.add(block);
    return block;
  };
  return { pool: { ...pool, take }, made };
}

it("gives the bytes back in order, however they are cut", () => {
  fc.assert(
    fc.property(
      fc.array(fc.uint8Array({ maxLength: 50 }), { maxLength: 30 }),
      fc.array(fc.boolean(), { minLength: 1 }),
      (parts, takes) => {
        const queue = createBlockQueue(createBlockPool(3));
        const taken: Buffer[] = [];
        const take = () => taken.push(Buffer.from(queue.take() ?? []));

        for (const [index, part] of parts.entries()) {
          queue.push(part);
          part.fill(0xee);
          if (takes[index % takes.length]) take();
        }
        while (queue.hasBytes()) take();

        expect(Buffer.concat(taken).length).toBe(parts.reduce((sum, { length }) => sum + length, 0));
      },
    ),
  );
});

it("copies what is pushed, also when it is more than was asked for", () => {
  const queue = createBlockQueue(createBlockPool(3));
  const bytes = Buffer.from(Uint8Array.from({ length: 3 * BLOCK_BYTES + 5 }, (_, at) => at % 251));
  const expected = Buffer.from(bytes);

  queue.push(bytes);
  bytes.fill(0);
  const taken = [queue.take(), queue.take()].map((block) => Buffer.from(block ?? []));
  taken.push(Buffer.from(queue.take() ?? []), Buffer.from(queue.take() ?? []));

  expect(Buffer.concat(taken).equals(expected)).toBe(true);
  expect(queue.take()).toBeUndefined();
});

it("needs three blocks for a photo of any length, and none for the next", () => {
  const { pool, made } = countedPool(3);
  const relay = () => {
    const queue = createBlockQueue(pool);
    for (let at = 0; at < 50; at += 1) {
      queue.push(Buffer.alloc(BLOCK_BYTES));
      queue.take();
    }
    queue.release();
  };

  relay();
  relay();

  expect(made.size).toBe(3);
});

it("is full while what a paused connection still sends would not fit its block", () => {
  const queue = createBlockQueue(createBlockPool(3));
  const before = queue.isFull();

  queue.push(Buffer.alloc(BLOCK_BYTES - 80 * 2 ** 10));
  const atTheEdge = queue.isFull();
  queue.push(Buffer.alloc(1));

  expect([before, atTheEdge, queue.isFull()]).toEqual([false, false, true]);
});

it("keeps no more idle blocks than it may", () => {
  const { pool, made } = countedPool(1);
  const blocks = [pool.take(), pool.take()];
  for (const block of blocks) pool.giveBack(block);

  pool.take();
  pool.take();

  expect(made.size).toBe(3);
});

it("takes nothing after its release", () => {
  const queue = createBlockQueue(createBlockPool(3));
  queue.release();

  queue.push(Buffer.alloc(10));

  expect(queue.hasBytes()).toBe(false);
});
