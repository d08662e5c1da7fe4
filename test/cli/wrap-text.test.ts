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
  ])("breaks %j at %d as %j", (text, width, expected) => {
    expect(wrapText(text, width)).toBe(expected);
  });

  it("is never wider than the width, and loses nothing but blanks at breaks", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom("a", "b", " ", "–", "é", "写") }),
        fc.integer({ min: 2, max: 12 }),
        (text, width) => {
          const lines = wrapText(text, width).split("\n");

          expect(Math.max(...lines.map(widthOf))).toBeLessThanOrEqual(width);
          expect(lines.join("").replaceAll(" ", "")).toBe(text.replaceAll(" ", ""));
        },
      ),
    );
  });
});
