import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { redactorOf } from "../../../lib/mapillary/redact.ts";
import { offsetOf, outcomeOfUpload, type V4Answer } from "../../../lib/mapillary/v4-answer.ts";
import { NOW_MS, TOKEN } from "./v4-fixture.ts";

const READING = { redactor: redactorOf([{ name: "accessToken", value: TOKEN }]), nowMs: NOW_MS };
const HTML = "<html><body><h1>400 Bad Request</h1></body></html>";

const answerOf = (status: number, body: unknown = "", changes: Partial<V4Answer> = {}): V4Answer => ({
  status,
  body: typeof body === "string" ? body : JSON.stringify(body),
  bodyWhole: true,
  sentWhole: true,
  ...changes,
});
const debugInfo = (type: string, retriable: unknown = false, message = "m") => ({
  debug_info: { retriable, type, message },
});
const limited = (more: object = {}) => ({ ...debugInfo("RequestRateLimitedError"), ...more });

/** What an outcome comes to, in few words. */
function inWords(answer: V4Answer): string {
  const outcome = outcomeOfUpload(answer, READING);
  if (outcome.kind === "never") return `never ${outcome.scope} ${outcome.code}`;
  if (outcome.kind !== "later") return outcome.kind;
  const wait = outcome.afterMs === undefined ? "" : ` ${outcome.afterMs}`;
  return `later ${outcome.code}${wait}${outcome.gate === undefined ? "" : ` ${outcome.gate}`}`;
}

describe("what the upload service answers to bytes", () => {
  it.each<[string, number, unknown, string]>([
    ["a handle", 200, { h: "3:aGFuZGxl:dHlwZQ==:ARx_y-z:e:ARy" }, "done"],
    ["no handle", 200, {}, "later answer-unusable"],
    ["a null handle", 200, { h: null }, "later answer-unusable"],
    ["a handle that is no text", 200, { h: 1 }, "later answer-unusable"],
    ["an empty handle", 200, { h: "" }, "later answer-unusable"],
    ["a handle over two lines", 200, { h: "a\nb" }, "later answer-unusable"],
    ["a handle as long as one may be", 200, { h: "x".repeat(4_096) }, "done"],
    ["a handle that is too long", 200, { h: "x".repeat(4_097) }, "later answer-unusable"],
    ["a handle that is too long in bytes", 200, { h: "é".repeat(2_049) }, "later answer-unusable"],
    ["a page where a handle was expected", 200, HTML, "later answer-unusable"],
    ["a success nobody defined", 202, { h: "h" }, "later http-202"],

    ["a part of a file", 206, debugInfo("PartialRequestError", true), "resume"],
    ["another offset", 412, debugInfo("OffsetInvalidError", true), "resume"],
    ["another offset, said not to be retriable", 412, debugInfo("OffsetInvalidError", false), "resume"],
    ["another offset, without a word", 412, "", "resume"],

    ["a rate limit", 429, limited({ backoff: 13_000 }), "later RequestRateLimitedError 13000 rate-limit"],
    [
      "a rate limit with a text for a number",
      429,
      limited({ backoff: "12000" }),
      "later RequestRateLimitedError 12000 rate-limit",
    ],
    [
      "a rate limit with nonsense for a number",
      429,
      limited({ backoff: "foo" }),
      "later RequestRateLimitedError 10000 rate-limit",
    ],
    [
      "a rate limit with a negative number",
      429,
      limited({ backoff: -5 }),
      "later RequestRateLimitedError 0 rate-limit",
    ],
    [
      "a rate limit with an endless number",
      429,
      limited({ backoff: 1e300 }),
      "later RequestRateLimitedError 3600000 rate-limit",
    ],
    ["a rate limit without a number", 429, limited(), "later RequestRateLimitedError 10000 rate-limit"],
    ["a rate limit that is not JSON", 429, HTML, "later http-429 10000 rate-limit"],
    [
      "a rate limit by another status",
      400,
      limited({ backoff: 7 }),
      "later RequestRateLimitedError 7 rate-limit",
    ],
    ["a rate limit that looks forbidden", 403, limited(), "later RequestRateLimitedError 10000 rate-limit"],
    [
      "a rate limit in the graph's words",
      400,
      { error: { code: 613, type: "OAuthException" } },
      "later OAuthException 10000 rate-limit",
    ],

    ["no token", 401, debugInfo("NotAuthorizedError"), "never account token-refused"],
    ["no right", 403, "", "never account token-refused"],
    ["no token, by 400", 400, debugInfo("NotAuthorizedError"), "never account token-refused"],
    [
      "no token, in the graph's words",
      400,
      { error: { code: 190, type: "OAuthException" } },
      "never account token-refused",
    ],
    [
      "no token, said to be retriable",
      401,
      debugInfo("NotAuthorizedError", true),
      "never account token-refused",
    ],

    ["a refusal", 400, debugInfo("InvalidHeaderError"), "never photo InvalidHeaderError"],
    ["a refusal for now", 400, debugInfo("SomethingError", true), "later SomethingError"],
    [
      "a refusal for now, said by a text",
      400,
      debugInfo("SomethingError", "true"),
      "never photo SomethingError",
    ],
    ["a refusal without debug_info", 400, {}, "never photo http-400"],
    ["debug_info that is a text", 400, { debug_info: "no" }, "never photo http-400"],
    ["debug_info that is null", 400, { debug_info: null }, "never photo http-400"],
    ["debug_info that is a list", 400, { debug_info: [1] }, "never photo http-400"],
    ["a type that is no type", 400, debugInfo("<script>"), "never photo http-400"],
    ["a type that tells the token", 400, debugInfo(TOKEN), "never photo http-400"],
    ["not found, in JSON", 404, debugInfo("NotFoundError"), "never photo NotFoundError"],
    ["a file too large, in JSON", 413, debugInfo("TooLargeError"), "never photo too-large"],

    ["not JSON", 400, HTML, "never photo http-400"],
    ["nothing", 400, "", "never photo http-400"],
    ["JSON that is no object", 400, "[]", "never photo http-400"],
    ["a proxy's limit", 413, HTML, "never photo too-large"],
    ["no upload service there", 404, HTML, "never account http-404"],
    ["nothing to post to", 405, HTML, "never account http-405"],
    ["a proxy that wants to know who we are", 407, HTML, "never account http-407"],
    ["a proxy's time-out", 408, HTML, "later http-408"],
    ["too early", 425, "", "later http-425"],
    ["moved for good", 301, "", "never account http-301"],
    ["moved for good, with the method", 308, "", "never account http-308"],
    ["a login page", 302, "", "later http-302"],

    ["internal error", 500, debugInfo("InternalError", true), "later InternalError"],
    [
      "internal error, said not to be retriable",
      500,
      debugInfo("InternalError", false),
      "later InternalError",
    ],
    ["bad gateway", 502, HTML, "later http-502"],
    ["out of service", 503, HTML, "later http-503"],
  ])("%s: %i", (_what, status, body, expected) => {
    expect(inWords(answerOf(status, body))).toBe(expected);
  });

  it.each<[string, string, number | undefined]>([
    ["seconds", "7", 7_000],
    ["a date", "Sun, 22 Nov 2026 12:00:09 GMT", 9_000],
    ["a date that has passed", "Sun, 22 Nov 2020 12:00:09 GMT", 0],
    ["a negative number", "-1", 0],
    ["a far future", "99999999", 3_600_000],
    ["nonsense", "as soon as the tide is in", undefined],
  ])("asks for patience by %s", (_what, retryAfter, afterMs) => {
    const wait = afterMs === undefined ? "" : ` ${afterMs}`;

    expect(inWords(answerOf(503, "", { retryAfter }))).toBe(`later http-503${wait}`);
    expect(inWords(answerOf(429, limited(), { retryAfter }))).toBe(
      `later RequestRateLimitedError ${afterMs ?? 10_000} rate-limit`,
    );
    expect(inWords(answerOf(429, limited({ backoff: 1_234 }), { retryAfter }))).toContain(" 1234 ");
    expect(inWords(answerOf(400, {}, { retryAfter }))).toBe("never photo http-400");
  });

  it("is not believed when it came before all bytes had left, or broke off", () => {
    const handle = { h: "handle" };

    expect(inWords(answerOf(200, handle, { sentWhole: false }))).toBe("later answered-early");
    expect(inWords(answerOf(200, handle, { bodyWhole: false }))).toBe("later answer-unusable");
    expect(inWords(answerOf(400, '{"debug_', { bodyWhole: false }))).toBe("later http-400");
    expect(inWords(answerOf(403, "", { sentWhole: false }))).toBe("never account token-refused");
  });

  it("keeps the service's own words, on one line and without the token", () => {
    const outcome = outcomeOfUpload(
      answerOf(400, debugInfo("X", false, `token ${TOKEN}\n${"long ".repeat(100)}`)),
      READING,
    );

    const message = "message" in outcome ? outcome.message : "";
    expect(message).toMatch(/^token \[accessToken\]\\u\{a\}long long/);
    expect(message).toHaveLength(300);
  });

  it("comes to something, whatever it is", () => {
    const json = fc.jsonValue().map((value) => JSON.stringify(value));
    const debug = fc.record({ debug_info: fc.jsonValue(), error: fc.jsonValue(), backoff: fc.jsonValue() });
    const body = fc.oneof(
      fc.string(),
      json,
      debug.map((value) => JSON.stringify(value)),
    );
    fc.assert(
      fc.property(fc.integer({ min: 100, max: 999 }), body, fc.string(), (status, text, retryAfter) => {
        const outcome = outcomeOfUpload(answerOf(status, text, { retryAfter }), READING);
        if (outcome.kind === "done") expect(status).toBe(200);
        if (outcome.kind === "later" && outcome.afterMs !== undefined)
          expect(outcome.afterMs).toSatisfy((ms: number) => ms >= 0 && ms <= 3_600_000);
        if ("code" in outcome) expect(outcome.code).toMatch(/^[\w.-]{1,60}$/);
        if ("message" in outcome) expect(outcome.message).toMatch(/^[^\p{Cc}]{1,300}$/u);
      }),
    );
  });
});

describe("where a session stands", () => {
  it.each<[string, unknown, unknown]>([
    ["at the beginning", { dc: "frc", offset: 0 }, 0],
    ["somewhere", { offset: 2 ** 40 }, 2 ** 40],
    ["nowhere", {}, "answer-unusable"],
    ["at a negative offset", { offset: -1 }, "answer-unusable"],
    ["at half a byte", { offset: 0.5 }, "answer-unusable"],
    ["at a text", { offset: "5" }, "answer-unusable"],
    ["beyond what can be counted", { offset: 2 ** 60 }, "answer-unusable"],
    ["on a page", HTML, "answer-unusable"],
  ])("is %s", (_what, body, expected) => {
    const offset = offsetOf(answerOf(200, body), READING);

    expect(typeof offset === "number" ? offset : "code" in offset && offset.code).toBe(expected);
  });

  it("is not known when the answer is another one", () => {
    expect(offsetOf(answerOf(401), READING)).toMatchObject({ kind: "never", scope: "account" });
    expect(offsetOf(answerOf(503), READING)).toMatchObject({ kind: "later" });
    expect(offsetOf(answerOf(200, { offset: 5 }, { bodyWhole: false }), READING)).toMatchObject({
      kind: "later",
    });
  });
});
