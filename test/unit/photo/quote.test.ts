import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MAX_QUOTED_CHARACTERS, quote } from "../../../lib/photo/quote.ts";

describe("quoting what a stranger wrote", () => {
  it.each([
    ["N", '"N"'],
    ["", '""'],
    ["Café 日本", '"Café 日本"'],
    ['say "hi" \\', '"say \\"hi\\" \\\\"'],
    ["\x1b[31m\n\0", '"\\x1b[31m\\x0a\\x00"'],
    ["a\u202eb\u2028c", '"a\\u{202e}b\\u{2028}c"'],
    ["\ud800", '"\\u{d800}"'],
  ])("shows %j as %s", (text, quoted) => {
    expect(quote(text)).toBe(quoted);
  });

  it("ends a long text in an ellipsis", () => {
    expect(quote("x".repeat(61))).toBe(`"${"x".repeat(60)}…"`);
    expect(quote("x".repeat(60))).toBe(`"${"x".repeat(60)}"`);
  });

  it("gives one short visible line, whatever the text", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 300 }), (text) => {
        const quoted = quote(text);

        expect(quoted.length).toBeLessThanOrEqual(MAX_QUOTED_CHARACTERS + 3);
        expect(quoted).not.toMatch(/[\p{C}\p{Zl}\p{Zp}]/u);
      }),
    );
  });
});
