import { describe, expect, it } from "vitest";
import { MAX_RETRY_AFTER_MS, retryAfterMs } from "../../../lib/mapillary/retry-after.ts";

const NOW_MS = Date.parse("1994-11-06T08:49:00Z");

describe("retryAfterMs", () => {
  it.each([
    ["0", 0],
    ["120", 120_000],
    [" 5 ", 5_000],
    ["1.5", 1_500],
    ["-3", 0],
    ["999999999999", MAX_RETRY_AFTER_MS],
    ["Sun, 06 Nov 1994 08:49:37 GMT", 37_000],
    ["Sunday, 06-Nov-94 08:49:37 GMT", 37_000],
    ["Sun Nov  6 08:49:37 1994", 37_000],
    ["Sun, 06 Nov 1994 08:48:00 GMT", 0],
    ["Sat, 06 Nov 2094 08:49:37 GMT", MAX_RETRY_AFTER_MS],
  ])("reads %j", (header, waitMs) => {
    expect(retryAfterMs(header, NOW_MS)).toBe(waitMs);
  });

  it.each([
    undefined,
    "",
    "soon",
    "1e3",
    "0x10",
    "NaN",
    "Infinity",
    "5 seconds",
    "1994-11-06T08:49:37Z",
    "Sun, 99 Foo 1994 08:49:37 GMT",
    "1, 2",
  ])("makes nothing of %j", (header) => {
    expect(retryAfterMs(header, NOW_MS)).toBeUndefined();
  });

  it("grants an hour at most", () => {
    expect(MAX_RETRY_AFTER_MS).toBe(60 * 60 * 1_000);
  });
});
