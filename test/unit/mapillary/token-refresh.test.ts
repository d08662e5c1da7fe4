import { describe, expect, it } from "vitest";
import { type StoredToken, type TokenStore, TokenUnusableError } from "../../../lib/mapillary/token.ts";
import { isRefreshDue, refreshIfDue } from "../../../lib/mapillary/token-refresh.ts";
import { createGraph } from "../../../lib/mapillary/v4-graph.http.ts";
import type { V4StandIn } from "../../../sandbox/v4/stand-in.ts";
import { NEVER, NOW_MS, startForTest, tokenOf } from "./v4-fixture.ts";

const DAY_MS = 86_400_000;
const inDays = (days: number) => new Date(NOW_MS + days * DAY_MS).toISOString();

function storeOf(token: StoredToken): TokenStore & { readonly written: StoredToken[] } {
  const written: StoredToken[] = [];
  return {
    written,
    read: async () => written.at(-1) ?? token,
    write: async (fresh) => void written.push(fresh),
  };
}

const look = (
  standIn: V4StandIn,
  store: TokenStore,
  clientSecret: string | undefined = standIn.client.secret,
) =>
  refreshIfDue(store, createGraph({ graphEndpoint: standIn.url, now: () => NOW_MS }), {
    now: () => NOW_MS,
    signal: NEVER,
    ...(clientSecret !== "" && { clientSecret }),
  });

describe("a token is due", () => {
  it.each<[string, Omit<StoredToken, "accessToken">, boolean]>([
    ["with 21 days left", { expiresAt: inDays(21) }, false],
    ["with 20 days left", { expiresAt: inDays(20) }, false],
    ["with less left", { expiresAt: inDays(19.99) }, true],
    ["when it is over", { expiresAt: inDays(-1) }, true],
    ["when its end is unknown, and it is 30 days old", { obtainedAt: inDays(-30) }, false],
    ["when its end is unknown, and it is older", { obtainedAt: inDays(-30.01) }, true],
    ["when nothing is known", {}, true],
    ["by its end, however old it is", { obtainedAt: inDays(-50), expiresAt: inDays(40) }, false],
  ])("%s: %j", (_what, dates, expected) => {
    expect(isRefreshDue({ accessToken: "t", ...dates }, NOW_MS)).toBe(expected);
  });
});

describe("the daily look", () => {
  it("leaves a token alone that is good for long", async () => {
    const standIn = await startForTest();
    const store = storeOf({ accessToken: tokenOf(standIn), expiresAt: inDays(30) });

    expect(await look(standIn, store)).toEqual({ kind: "fresh", expiresAt: inDays(30) });
    expect(store.written).toEqual([]);
    expect(standIn.requests.count("Token")).toBe(0);
  });

  it("replaces one that is due by one that was tried", async () => {
    const standIn = await startForTest({ now: () => NOW_MS });
    const store = storeOf({ accessToken: tokenOf(standIn), expiresAt: inDays(10) });

    const verdict = await look(standIn, store);

    expect(verdict).toEqual({ kind: "refreshed", expiresAt: inDays(60) });
    expect(store.written).toEqual([
      { accessToken: expect.stringMatching(/^MLY\|/), expiresAt: inDays(60), obtainedAt: inDays(0) },
    ]);
    expect(store.written[0]?.accessToken).not.toBe(tokenOf(standIn));
    expect(standIn.requests.count("Me")).toBe(2);
    expect(await look(standIn, store)).toEqual({ kind: "fresh", expiresAt: inDays(60) });
  });

  it("lets a token that holds go on when the store takes no other", async () => {
    const standIn = await startForTest({ now: () => NOW_MS });
    const store = storeOf({ accessToken: tokenOf(standIn), expiresAt: inDays(10) });
    const write = () => Promise.reject(new TokenUnusableError("token-forbidden", "no right to write"));

    const verdict = await look(standIn, { ...store, write });

    expect(verdict).toMatchObject({ kind: "refused", what: "refresh", code: "token-forbidden" });
  });

  it("has the account stopped for a token that does not hold", async () => {
    const standIn = await startForTest();
    const store = storeOf({ accessToken: "MLY|wrong", expiresAt: inDays(30) });

    expect(await look(standIn, store)).toMatchObject({
      kind: "refused",
      what: "token",
      code: "token-refused",
    });
    expect(standIn.requests.count("Token")).toBe(0);
  });

  it.each([
    ["wrong", "graph-190|token-refused"],
    ["", "client-secret-missing"],
  ])("tells how long there is when it cannot be replaced, with client secret %j", async (secret, code) => {
    const standIn = await startForTest();
    const store = storeOf({ accessToken: tokenOf(standIn), expiresAt: inDays(5) });

    expect(await look(standIn, store, secret)).toMatchObject({
      kind: "refused",
      what: "refresh",
      code: expect.stringMatching(code),
      expiresAt: inDays(5),
    });
    expect(store.written).toEqual([]);
  });

  it("writes no token that the graph does not take", async () => {
    const standIn = await startForTest();
    const store = storeOf({ accessToken: tokenOf(standIn) });
    standIn.faults.script(
      { on: "Me", fault: "none" },
      { on: "Me", fault: { kind: "answer", when: "before", status: 401, code: "OAuthException" } },
    );

    expect(await look(standIn, store)).toMatchObject({
      kind: "refused",
      what: "refresh",
      code: "token-refused",
    });
    expect(store.written).toEqual([]);
  });

  it("writes no token that is another user's", async () => {
    const standIn = await startForTest({ usernames: ["alice", "bob"] });
    const store = storeOf({ accessToken: tokenOf(standIn) });
    const bobs = standIn.issueToken("bob").accessToken;
    const graph = createGraph({ graphEndpoint: standIn.url });
    const swapped = {
      ...graph,
      refreshToken: async () => ({ kind: "ok", value: { accessToken: bobs } }) as const,
    };

    const verdict = await refreshIfDue(store, swapped, {
      now: () => NOW_MS,
      signal: NEVER,
      clientSecret: "x",
    });

    expect(verdict).toMatchObject({ kind: "refused", what: "refresh", code: "other-user" });
    expect(store.written).toEqual([]);
  });

  it.each(["Me", "Token"] as const)("is for tomorrow when the graph fails at %s", async (on) => {
    const standIn = await startForTest();
    const store = storeOf({ accessToken: tokenOf(standIn) });
    standIn.faults.script({ on, fault: { kind: "answer", when: "before", status: 503, code: "X" } });

    expect(await look(standIn, store)).toMatchObject({ kind: "later" });
    expect(store.written).toEqual([]);
  });

  it.each([
    [2, "refreshed"],
    [3, "later"],
  ])("tries the fresh token again when the graph fails %i times: %s", async (failures, kind) => {
    const standIn = await startForTest();
    const store = storeOf({ accessToken: tokenOf(standIn) });
    const fault = { kind: "answer", when: "before", status: 503, code: "X" } as const;
    standIn.faults.script({ on: "Me", fault: "none" });
    for (let nth = 0; nth < failures; nth += 1) standIn.faults.script({ on: "Me", fault });

    expect((await look(standIn, store)).kind).toBe(kind);
    expect(store.written).toHaveLength(kind === "later" ? 0 : 1);
  });
});
