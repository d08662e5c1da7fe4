import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { redactorOf } from "../../../lib/mapillary/redact.ts";
import type { V4Answer } from "../../../lib/mapillary/v4-answer.ts";
import { finishOutcomeOf, graphResultOf } from "../../../lib/mapillary/v4-graph-answer.ts";
import { NOW_MS, TOKEN } from "./v4-fixture.ts";

const READING = { redactor: redactorOf([{ name: "accessToken", value: TOKEN }]), nowMs: NOW_MS };
const HTML = "<html>Bad Request</html>";

const answerOf = (status: number, body: unknown, changes: Partial<V4Answer> = {}): V4Answer => ({
  status,
  body: typeof body === "string" ? body : JSON.stringify(body),
  bodyWhole: true,
  sentWhole: true,
  ...changes,
});
const error = (code: unknown, message = "m", more: object = {}) => ({
  error: { message, type: "OAuthException", code, ...more },
});

function inWords(answer: V4Answer): string {
  const outcome = finishOutcomeOf(answer, READING);
  switch (outcome.kind) {
    case "done":
      return `done ${outcome.destination}`;
    case "never":
      return `never ${outcome.scope} ${outcome.code}`;
    default:
      return `${outcome.kind} ${outcome.code}`;
  }
}

describe("what the graph answers to a finish", () => {
  it.each<[string, number, unknown, string]>([
    ["a cluster", 200, { cluster_id: "1234567890123456" }, "done 1234567890123456"],
    ["a cluster by number", 200, '{"cluster_id": 12345678901234567}', "done 12345678901234567"],
    ["a null cluster", 200, { cluster_id: null }, "unknown cluster-id-missing"],
    ["no cluster", 200, {}, "unknown cluster-id-missing"],
    ["an empty cluster", 200, { cluster_id: "" }, "unknown cluster-id-missing"],
    ["a cluster over two lines", 200, { cluster_id: "1\n2" }, "unknown cluster-id-missing"],
    ["a cluster that is a list", 200, { cluster_id: ["1"] }, "unknown cluster-id-missing"],
    ["an error under a success", 200, error(1), "unknown cluster-id-missing"],
    ["a page", 200, HTML, "unknown cluster-id-missing"],
    ["a success nobody defined", 202, { cluster_id: "1" }, "unknown http-202"],

    ["a parameter that is wrong", 400, error(100), "never sequence graph-100"],
    [
      "the manifest's handle has expired",
      400,
      error(100, "(#100) file_handle is a file handle that has expired"),
      "never sequence handle-refused",
    ],
    [
      "a photo's handle is unknown",
      400,
      error(100, "The manifest's image_handles[3] is not a file handle"),
      "never sequence handle-refused",
    ],
    [
      "a handle, in the upload service's words",
      400,
      { debug_info: { type: "InvalidHandleError", message: "gone" } },
      "never sequence handle-refused",
    ],
    ["an error that was not handled", 400, error(100, "could not be handled"), "never sequence graph-100"],
    ["an error without a code", 400, error(undefined), "never sequence OAuthException"],
    [
      "an error that is a text",
      400,
      { error: "invalid_request", error_description: "no" },
      "never sequence http-400",
    ],
    ["not found, in JSON", 404, error(803), "never sequence graph-803"],

    ["no token", 401, error(190), "never account token-refused"],
    ["no token, by 400", 400, error(190), "never account token-refused"],
    ["no right", 403, error(10), "never account token-refused"],
    ["no right, from a proxy", 403, HTML, "never account token-refused"],
    ["a rate limit", 429, "", "later http-429"],
    ["a rate limit in the graph's words", 400, error(4), "later graph-4"],
    [
      "a rate limit in the upload service's words",
      400,
      { debug_info: { type: "RequestRateLimitedError" } },
      "later RequestRateLimitedError",
    ],
    ["moved for good", 301, "", "never account http-301"],
    ["a proxy that wants to know who we are", 407, HTML, "never account http-407"],

    ["internal error", 500, error(1), "unknown graph-1"],
    ["internal error that is said to pass", 500, error(2, "m", { is_transient: true }), "unknown graph-2"],
    ["out of service", 503, HTML, "unknown http-503"],
    ["gateway time-out", 504, "", "unknown http-504"],
    ["an unknown error by 400", 400, error(1), "unknown graph-1"],
    ["an error said to pass, by 400", 400, error(368, "m", { is_transient: true }), "unknown graph-368"],
    ["a page by 400", 400, HTML, "unknown http-400"],
    ["a proxy's time-out", 408, HTML, "unknown http-408"],
    ["another page", 303, "", "unknown http-303"],
  ])("%s: %i", (_what, status, body, expected) => {
    expect(inWords(answerOf(status, body))).toBe(expected);
  });

  it("waits as long as a rate limit asks", () => {
    const later = (body: unknown, retryAfter = "7") =>
      finishOutcomeOf(answerOf(429, body, { retryAfter }), READING);

    expect(later({ backoff: 1_500 })).toMatchObject({ kind: "later", afterMs: 1_500, gate: "rate-limit" });
    expect(later({})).toMatchObject({ afterMs: 7_000 });
    expect(later({}, "nonsense")).toMatchObject({ afterMs: 10_000 });
  });

  it("does not believe a cluster whose answer broke off", () => {
    expect(inWords(answerOf(200, { cluster_id: "1" }, { bodyWhole: false }))).toBe(
      "unknown cluster-id-missing",
    );
  });

  it("is never to be repeated by a machine but where it said no", () => {
    const body = fc.oneof(
      fc.string(),
      fc.jsonValue().map((value) => JSON.stringify(value)),
    );
    fc.assert(
      fc.property(fc.integer({ min: 100, max: 999 }), body, (status, text) => {
        const { kind } = finishOutcomeOf(answerOf(status, text), READING);
        if (status >= 500) expect(kind).toBe("unknown");
        if (kind === "done") expect(status).toBe(200);
        if (kind === "later") expect(status).toBe(429);
      }),
    );
  });
});

describe("what the graph answers to a question", () => {
  const read = ({ id }: Readonly<Record<string, unknown>>) => (typeof id === "string" ? id : undefined);
  const result = (answer: V4Answer) => graphResultOf(answer, READING, read);

  it.each<[string, number, unknown, object]>([
    ["what was asked for", 200, { id: "1" }, { kind: "ok", value: "1" }],
    ["something else", 200, { name: "x" }, { kind: "later", code: "answer-unusable" }],
    ["a page", 200, HTML, { kind: "later", code: "answer-unusable" }],
    [
      "no token",
      401,
      error(190, `bad ${TOKEN}`),
      { kind: "refused", code: "token-refused", message: "bad [accessToken]" },
    ],
    ["no token, by 400", 400, error(190), { kind: "refused", code: "token-refused" }],
    ["a 403 that names the token", 403, error(190), { kind: "refused", code: "token-refused" }],
    ["a 403 that does not", 403, error(10), { kind: "refused", code: "forbidden" }],
    ["no such thing", 400, error(100), { kind: "refused", code: "graph-100" }],
    ["no graph there", 404, HTML, { kind: "refused", code: "http-404" }],
    ["a rate limit", 429, { backoff: 5 }, { kind: "later", gate: "rate-limit", afterMs: 5 }],
    ["trouble", 500, error(1), { kind: "later", code: "graph-1" }],
    ["trouble by 400", 400, error(2), { kind: "later", code: "graph-2" }],
    ["out of service", 503, HTML, { kind: "later", code: "http-503" }],
    ["a login page", 302, "", { kind: "later", code: "http-302" }],
  ])("%s: %i", (_what, status, body, expected) => {
    expect(result(answerOf(status, body))).toMatchObject(expected);
  });

  it("passes on how long to wait", () => {
    expect(result(answerOf(503, "", { retryAfter: "3" }))).toMatchObject({ afterMs: 3_000 });
    expect(result(answerOf(503, "", { retryAfter: "x" }))).not.toHaveProperty("afterMs");
  });
});
