import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compareKeys, createKeyIndex } from "../../../sandbox/s3/key-index.ts";

/** Characters from both sides of every border that the two orders disagree about. */
const keys = fc.string({
  unit: fc.constantFrom("a", "b", "/", "é", "\ud7ff", "\ue000", "\uffff", "😀", "𐀀"),
  maxLength: 6,
});

describe("the order of keys", () => {
  it("is that of their UTF-8 bytes", () => {
    fc.assert(
      fc.property(keys, keys, (a, b) => {
        expect(Math.sign(compareKeys(a, b))).toBe(Buffer.compare(Buffer.from(a), Buffer.from(b)));
      }),
      { numRuns: 2_000 },
    );
  });

  it("holds for every listing, by prefix and from behind any key, while keys come and go", () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(keys, fc.boolean())),
        keys,
        fc.option(keys, { nil: undefined }),
        (changes, prefix, after) => {
          const index = createKeyIndex<true>();
          const model = new Set<string>();
          for (const [key, isAdded] of changes) {
            if (isAdded) index.set(key, true);
            else index.delete(key);
            if (isAdded) model.add(key);
            else model.delete(key);
            // Sorts in between, so that a stale order would show.
            for (const _ of index.keys({ prefix: "", after: undefined }));
          }

          const listed = [...index.keys({ prefix, after })];

          const isBehind = (key: string) => after === undefined || compareKeys(key, after) > 0;
          const expected = [...model]
            .filter((key) => key.startsWith(prefix) && isBehind(key))
            .sort(compareKeys);
          expect(listed).toEqual(expected);
        },
      ),
    );
  });
});
