import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  createFixedTokenSource,
  createStoredTokenSource,
  readStoredToken,
  type StoredToken,
  TOKEN_CACHE_MS,
  TokenUnusableError,
  writeStoredToken,
} from "../../../lib/mapillary/token.ts";
import { OTHER_TOKEN, TOKEN } from "./v4-fixture.ts";

/** A store whose token can be changed, and that can be made to fail. */
function storeOf(accessToken: string) {
  const store = { accessToken, reads: 0, failure: undefined as Error | undefined };
  return Object.assign(store, {
    async read(): Promise<StoredToken> {
      store.reads += 1;
      const { failure } = store;
      await Promise.resolve();
      if (failure !== undefined) throw failure;
      return { accessToken: store.accessToken };
    },
  });
}

function clockForTest() {
  let nowMs = 1_000;
  return {
    now: () => nowMs,
    pass(ms: number) {
      nowMs += ms;
    },
  };
}

describe("a fixed token", () => {
  it("is what it is, and there is no other", async () => {
    const source = createFixedTokenSource(TOKEN);

    expect(await source.current()).toBe(TOKEN);
    expect(await source.renewed(TOKEN)).toBeUndefined();
  });
});

describe("a stored token", () => {
  it("is read once by all that ask together, and again after five minutes", async () => {
    const store = storeOf(TOKEN);
    const clock = clockForTest();
    const source = createStoredTokenSource(store, clock.now);

    await Promise.all([source.current(), source.current(), source.current()]);
    clock.pass(TOKEN_CACHE_MS - 1);
    await source.current();
    const readsBefore = store.reads;
    store.accessToken = OTHER_TOKEN;
    clock.pass(1);

    expect(TOKEN_CACHE_MS).toBe(300_000);
    expect(readsBefore).toBe(1);
    expect(await source.current()).toBe(OTHER_TOKEN);
  });

  it("stays in use while the store does not answer, and not when it is gone", async () => {
    const store = storeOf(TOKEN);
    const clock = clockForTest();
    const source = createStoredTokenSource(store, clock.now);
    await source.current();
    clock.pass(TOKEN_CACHE_MS);

    store.failure = new Error("timed out");
    expect(await source.current()).toBe(TOKEN);
    store.failure = new TokenUnusableError("token-missing", "gone");
    await expect(source.current()).rejects.toThrow("gone");
  });

  it("that was never read is the store's error, and asked for again", async () => {
    const store = storeOf(TOKEN);
    store.failure = new Error("timed out");
    const source = createStoredTokenSource(store, () => 0);

    await expect(source.current()).rejects.toThrow("timed out");
    store.failure = undefined;
    expect(await source.current()).toBe(TOKEN);
  });

  it("that was refused is looked for in the store, cached or not", async () => {
    const store = storeOf(TOKEN);
    const source = createStoredTokenSource(store, () => 0);
    await source.current();

    expect(await source.renewed(TOKEN)).toBeUndefined();
    store.accessToken = OTHER_TOKEN;
    expect(await source.renewed(TOKEN)).toBe(OTHER_TOKEN);
    expect(await source.current()).toBe(OTHER_TOKEN);
    const { reads } = store;
    expect(await source.renewed(TOKEN)).toBe(OTHER_TOKEN);
    expect(store.reads).toBe(reads);
  });

  it("that was refused and cannot be looked for is the store's error", async () => {
    const store = storeOf(TOKEN);
    const source = createStoredTokenSource(store, () => 0);
    await source.current();
    store.failure = new Error("timed out");

    await expect(source.renewed(TOKEN)).rejects.toThrow("timed out");
  });
});

describe("what a store holds", () => {
  const dates = { expiresAt: "2027-01-21T12:00:00.000Z", obtainedAt: "2026-11-22T12:00:00Z" };

  it.each<[string, string, StoredToken]>([
    ["a bare token", TOKEN, { accessToken: TOKEN }],
    ["a bare token with a line's end", `${TOKEN}\n`, { accessToken: TOKEN }],
    ["JSON", JSON.stringify({ accessToken: TOKEN, ...dates }), { accessToken: TOKEN, ...dates }],
    ["JSON without dates", JSON.stringify({ accessToken: TOKEN }), { accessToken: TOKEN }],
    [
      "JSON with dates that are none",
      JSON.stringify({ accessToken: TOKEN, expiresAt: "soon", obtainedAt: 5, more: 1 }),
      { accessToken: TOKEN },
    ],
    [
      "JSON with a date of another zone",
      JSON.stringify({ accessToken: TOKEN, expiresAt: "2027-01-21T12:00:00+01:00" }),
      { accessToken: TOKEN },
    ],
    [
      "JSON with a day that is none",
      JSON.stringify({ accessToken: TOKEN, expiresAt: "2027-13-41T12:00:00Z" }),
      { accessToken: TOKEN },
    ],
  ])("is read: %s", (_what, text, expected) => {
    expect(readStoredToken(text)).toEqual(expected);
  });

  it.each([
    ["nothing", "", "the stored token is empty"],
    ["blanks", "  \n", "the stored token is empty"],
    ["two words", `${TOKEN} ${TOKEN}`, "the stored token contains white space"],
    ["broken JSON", `{"accessToken":"${TOKEN}"`, "begins like JSON and is none"],
    ["JSON without a token", '{"token":"x"}', "JSON without a text accessToken"],
    ["JSON with an empty token", '{"accessToken":""}', "the stored token is empty"],
    ["JSON with a number for one", '{"accessToken":5}', "JSON without a text accessToken"],
  ])("is refused without being told: %s", (_what, text, message) => {
    const reading = () => readStoredToken(text);

    expect(reading).toThrow(TokenUnusableError);
    expect(reading).toThrow(message);
    expect(reading).not.toThrow(TOKEN.slice(-10));
  });

  it("is read back as it was written", () => {
    const date = fc
      .date({ min: new Date(0), max: new Date(4e12), noInvalidDate: true })
      .map((day) => day.toISOString());
    const token = fc.stringMatching(/^[!-z|}~]{1,80}$/);
    const stored = fc.record(
      { accessToken: token, expiresAt: date, obtainedAt: date },
      { requiredKeys: ["accessToken"] },
    );
    fc.assert(
      fc.property(stored, (given) => {
        expect(readStoredToken(writeStoredToken(given))).toEqual(given);
      }),
    );
  });
});
