import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatBytes, formatDuration, printable } from "../../cli/terminal-text.ts";

describe("printable text", () => {
  it("is one line without control characters, whatever it was made of", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        expect(printable(text)).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
      }),
    );
  });

  it.each([
    ["Malmö – Möllevångstorget 1.jpg", "Malmö – Möllevångstorget 1.jpg"],
    ["a\u001b[2Jb\r\n", "a\\x1b[2Jb\\x0d\\x0a"],
    ["gpj.\u202egnp", "gpj.\\u{202e}gnp"],
  ])("writes %j as %j", (text, expected) => {
    expect(printable(text)).toBe(expected);
  });
});

describe("quantities for a person", () => {
  it.each([
    [0, "0 B"],
    [999, "999 B"],
    [1_000, "1.0 kB"],
    [9_949, "9.9 kB"],
    [9_950, "10 kB"],
    [999_499, "999 kB"],
    [999_500, "1.0 MB"],
    [5_300_000_000, "5.3 GB"],
  ])("writes %d bytes as %s", (bytes, expected) => {
    expect(formatBytes(bytes)).toBe(expected);
  });

  it.each([
    [0, "0.0 s"],
    [9_949, "9.9 s"],
    [9_950, "10 s"],
    [59_499, "59 s"],
    [59_500, "1 min 0 s"],
    [200_000, "3 min 20 s"],
    [7_500_000, "2 h 5 min"],
  ])("writes %d ms as %s", (ms, expected) => {
    expect(formatDuration(ms)).toBe(expected);
  });
});
