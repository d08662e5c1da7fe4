import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { widthOf, wrapText } from "../../cli/wrap-text.ts";

describe("wrapped text", () => {
  it.each([
    ["fits", 10, "fits"],
    ["two words", 5, "two\nwords"],
    ["a bc def", 4, "a bc\ndef"],
    ["abcdefgh", 3, "abc\ndef\ngh"],
    ["to abcdefgh it", 4, "to\nabcd\nefgh\nit"],
    ["kept\nbreaks", 10, "kept\nbreaks"],
    ["道路写真", 4, "道路\n写真"],
    ["", 4, ""],
    ["aa  写", 2, "aa\n写"],
    ["aa      bb", 3, "aa\nbb"],
    ["aa   ", 2, "aa"],
    ["  a b", 4, "  a\nb"],
    ["    aaa", 3, "aaa"],
    ["one\n\ntwo", 3, "one\n\ntwo"],
  ])("breaks %j at %d as %j", (text, width, expected) => {
    expect(wrapText(text, width)).toBe(expected);
  });

  it("is never wider than the width, loses nothing but blanks at breaks, and has no line without a word", () => {
    const characters = ["a", "b", " ", " ", "–", "é", "e\u0301", "写", "한", "👍🏽", "\u200d", "\ud800"];
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom(...characters), size: "medium" }),
        fc.integer({ min: 2, max: 12 }),
        (text, width) => {
          const lines = wrapText(text, width).split("\n");

          expect(Math.max(...lines.map(widthOf))).toBeLessThanOrEqual(width);
          expect(lines.join("").replaceAll(" ", "")).toBe(text.replaceAll(" ", ""));
          expect(lines.length === 1 || lines.every((line) => line.trim() !== "")).toBe(true);
        },
      ),
      { numRuns: 2_000 },
    );
  });

  it("is left as it is when every line of it fits", () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom("a", " ", "写", "\n") }), (text) => {
        const widest = Math.max(2, ...text.split("\n").map(widthOf));

        expect(wrapText(text, widest)).toBe(text);
      }),
    );
  });
});
