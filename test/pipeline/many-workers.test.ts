import { afterAll, beforeAll, expect, it } from "vitest";
import { relayMessages } from "../../lib/pipeline/relay-messages.ts";
import { MAX_PHOTOS_PER_SEQUENCE } from "../../lib/sequence/sequence.ts";
import { startTableSandbox, type TableSandbox } from "../../sandbox/table.ts";
import { createWorld, goodPhoto, LONG_SHIFT } from "../support/world.ts";

let cloud: TableSandbox;
beforeAll(async () => {
  cloud = await startTableSandbox();
});
afterAll(() => cloud.stop());

it.each([1_001, 2_500])(
  "splits %i photos of one track from 8 workers at once into parts of at most 1,000, losing none",
  async (count) => {
    const world = createWorld(cloud.table);
    const refs = Array.from({ length: count }, (_, at) =>
      // The content does not matter here: sizes tell the photos apart and nothing is looked at twice.
      world.put(`van/IMG_${at}.jpg`, goodPhoto(at)),
    );
    const queue = refs.map((ref) => world.message(ref));

    await Promise.all(
      Array.from({ length: 8 }, async () => {
        while (queue.length > 0) {
          const results = await relayMessages(world.deps(), queue.splice(0, 10), LONG_SHIFT);
          for (const result of results) expect(result).toEqual({ kind: "settled" });
        }
      }),
    );

    const keys = world.sent.map(({ destinationKey }) => destinationKey);
    const perSequence = [...Map.groupBy(keys, (key) => key.split("/")[1]).values()].map(
      (group) => group.length,
    );
    expect(new Set(keys).size).toBe(count);
    expect(keys.every((key) => /\/IMG_\d+\.jpg$/.test(key))).toBe(true);
    expect(Math.max(...perSequence)).toBeLessThanOrEqual(MAX_PHOTOS_PER_SEQUENCE);
    expect(perSequence).toHaveLength(Math.ceil(count / MAX_PHOTOS_PER_SEQUENCE));
  },
  120_000,
);
