import { describe, expect, it } from "vitest";
import { CODE_LIFETIME_MS } from "../../../sandbox/v4/accounts.ts";
import type { V4StandIn } from "../../../sandbox/v4/stand-in.ts";
import { call, clockForTest, fieldOf, graphError, startForTest } from "./fixture.ts";

const FORM = { "content-type": "application/x-www-form-urlencoded" };
const JSON_BODY = { "content-type": "application/json" };
const BACK = "http://127.0.0.1:8123/callback?x=1";
const SIXTY_DAYS_S = 60 * 24 * 3_600;

const askToken = (standIn: V4StandIn, fields: Record<string, string>, secret = standIn.client.secret) =>
  call(standIn, "/token", {
    method: "POST",
    token: secret,
    headers: FORM,
    body: new URLSearchParams(fields).toString(),
  });

async function agree(standIn: V4StandIn, wishes: Record<string, string | null> = {}) {
  const wish = {
    client_id: standIn.client.id,
    response_type: "code",
    redirect_uri: BACK,
    state: "s t&",
    ...wishes,
  };
  const kept = Object.entries(wish).filter((entry): entry is [string, string] => entry[1] !== null);
  const answer = await call(standIn, `/connect?${new URLSearchParams(kept)}`, { token: null });
  const location = answer.headers.location;
  return { ...answer, back: typeof location === "string" ? new URL(location) : undefined };
}

const getMe = (standIn: V4StandIn, token: unknown) =>
  call(standIn, "/me?fields=id,username", { token: String(token) });

describe("logging in", () => {
  it("leads from the page over a code to a token that opens everything", async () => {
    const standIn = await startForTest();

    const { status, back } = await agree(standIn, { scope: "read write upload" });
    const code = back?.searchParams.get("code") ?? "";
    const exchanged = await askToken(standIn, {
      grant_type: "authorization_code",
      client_id: standIn.client.id,
      code,
    });

    expect(status).toBe(302);
    expect(back?.href).toMatch(/^http:\/\/127\.0\.0\.1:8123\/callback\?x=1&/);
    expect(back?.searchParams.get("state")).toBe("s t&");
    expect(exchanged).toMatchObject({
      status: 200,
      json: { access_token: expect.any(String), expires_in: SIXTY_DAYS_S, token_type: "bearer" },
    });
    const me = await getMe(standIn, fieldOf(exchanged.json, "access_token"));
    expect(me).toMatchObject({
      status: 200,
      json: { username: "sandbox", id: expect.stringMatching(/^\d+$/) },
    });
  });

  it("takes the exchange as JSON too", async () => {
    const standIn = await startForTest();
    const { back } = await agree(standIn);
    const code = back?.searchParams.get("code");
    const grant = { grant_type: "authorization_code", client_id: standIn.client.id, code };

    const answer = await call(standIn, "/token", {
      method: "POST",
      token: standIn.client.secret,
      headers: JSON_BODY,
      body: JSON.stringify(grant),
    });

    expect(answer.status).toBe(200);
  });

  it("takes a code once", async () => {
    const standIn = await startForTest();
    const { back } = await agree(standIn);
    const grant = {
      grant_type: "authorization_code",
      client_id: standIn.client.id,
      code: back?.searchParams.get("code") ?? "",
    };

    const statuses = [await askToken(standIn, grant), await askToken(standIn, grant)].map((a) => a.status);

    expect(statuses).toEqual([200, 400]);
  });

  it("takes a code from the application that it was given to, and from no other", async () => {
    const standIn = await startForTest();
    const { back } = await agree(standIn);
    const code = back?.searchParams.get("code") ?? "";
    const exchange = (client_id: string) =>
      askToken(standIn, { grant_type: "authorization_code", client_id, code });

    const statuses = [await exchange("1"), await exchange(standIn.client.id)].map(({ status }) => status);

    expect(statuses).toEqual([400, 200]);
  });

  it("takes a code for ten minutes", async () => {
    const { now, pass } = clockForTest();
    const standIn = await startForTest({ now });
    const { back } = await agree(standIn);
    pass(CODE_LIFETIME_MS);

    const answer = await askToken(standIn, {
      grant_type: "authorization_code",
      client_id: standIn.client.id,
      code: back?.searchParams.get("code") ?? "",
    });

    expect(answer.status).toBe(400);
  });

  it.each([["http://127.0.0.1:1/x"], ["http://localhost:8080/"], ["http://[::1]:9/cb"]])(
    "goes back to %s",
    async (redirect_uri) => {
      const { status, back } = await agree(await startForTest(), { redirect_uri });

      expect(status).toBe(302);
      expect(back?.href.startsWith(redirect_uri)).toBe(true);
    },
  );

  it.each([
    ["https://example.com/cb"],
    ["http://127.0.0.1.example.com/"],
    ["http://example.com@example.org/"],
    ["https://127.0.0.1/"],
    ["file:///etc/passwd"],
    ["javascript:alert(1)"],
    ["//127.0.0.1/"],
    ["nonsense"],
    [null],
  ])("goes nowhere for %o", async (redirect_uri) => {
    const { status, back } = await agree(await startForTest(), { redirect_uri });

    expect(status).toBe(400);
    expect(back).toBeUndefined();
  });

  it("goes nowhere for an application nobody knows", async () => {
    const { status, back } = await agree(await startForTest(), { client_id: "1" });

    expect([status, back]).toEqual([400, undefined]);
  });

  it.each([
    ["the user denies it", { denyConsent: true }, {}, "access_denied"],
    ["it asks for a token", {}, { response_type: "token" }, "unsupported_response_type"],
  ])("tells the application when %s", async (_, faults, wishes, error) => {
    const { status, back } = await agree(await startForTest({ faults }), wishes);

    expect(status).toBe(302);
    expect(back?.searchParams.get("error")).toBe(error);
    expect(back?.searchParams.get("state")).toBe("s t&");
    expect(back?.searchParams.has("code")).toBe(false);
  });
});

describe("asking for a token", () => {
  it("gives another for one that is still good, which stays good too", async () => {
    const { now, pass } = clockForTest();
    const standIn = await startForTest({ now });
    const old = standIn.users[0]?.accessToken ?? "";
    pass(59 * 24 * 3_600_000);

    const answer = await askToken(standIn, { grant_type: "refresh_token", refresh_token: old });
    const renewed = fieldOf(answer.json, "access_token");
    const early = [await getMe(standIn, old), await getMe(standIn, renewed)].map(({ status }) => status);
    pass(24 * 3_600_000);
    const late = [await getMe(standIn, old), await getMe(standIn, renewed)].map(({ status }) => status);

    expect(answer).toMatchObject({ status: 200, json: { expires_in: SIXTY_DAYS_S } });
    expect([renewed === old, early, late]).toEqual([false, [200, 200], [401, 200]]);
  });

  it("gives none for one that has expired or was revoked", async () => {
    const { now, pass } = clockForTest();
    const standIn = await startForTest({ now });
    const { accessToken: revoked } = standIn.issueToken();
    standIn.revokeToken(revoked);
    const refresh = (token: string) =>
      askToken(standIn, { grant_type: "refresh_token", refresh_token: token });

    const first = await refresh(revoked);
    pass(60 * 24 * 3_600_000);
    const second = await refresh(standIn.users[0]?.accessToken ?? "");

    const json = graphError(190, "The token to refresh is invalid or has expired");
    expect([first, second]).toMatchObject([
      { status: 401, json },
      { status: 401, json },
    ]);
  });

  it.each<[string, Record<string, string>, string]>([
    ["no grant", {}, "grant_type must be authorization_code or refresh_token"],
    ["another grant", { grant_type: "password" }, "grant_type must be authorization_code or refresh_token"],
    ["no code", { grant_type: "authorization_code", client_id: "1" }, "Missing parameter: code"],
    ["no application", { grant_type: "authorization_code", code: "x" }, "Missing parameter: client_id"],
    ["no token", { grant_type: "refresh_token" }, "Missing parameter: refresh_token"],
    [
      "a code nobody gave",
      { grant_type: "authorization_code", client_id: "1", code: "x" },
      "The code is unknown, was used, has expired or was given to somebody else",
    ],
  ])("is answered 400 with %s", async (_, fields, message) => {
    const answer = await askToken(await startForTest(), fields);

    expect(answer).toMatchObject({ status: 400, json: graphError(100, `(#100) ${message}`) });
  });

  it("is answered 401 without the client secret, be it with a good token", async () => {
    const standIn = await startForTest();
    const token = standIn.users[0]?.accessToken ?? "";
    const fields = { grant_type: "refresh_token", refresh_token: token };

    const answers = [await askToken(standIn, fields, token), await askToken(standIn, fields, "MLY|1|2")];

    expect(answers.map(({ status }) => status)).toEqual([401, 401]);
  });
});

describe("the graph", () => {
  const organization = { id: "7700", slug: "acme", name: "Acme", description: "Roads" };

  it.each<[string, unknown]>([
    ["/me?fields=id,username", { id: "ID", username: "sandbox" }],
    ["/me?fields=username", { id: "ID", username: "sandbox" }],
    ["/me", { id: "ID" }],
    ["/ID?fields=id,username", { id: "ID", username: "sandbox" }],
    ["/7700?fields=slug,description,name", organization],
    ["/7700", { id: "7700" }],
  ])("answers %s with what was asked for", async (path, json) => {
    const standIn = await startForTest({ organizations: [organization] });
    const id = standIn.users[0]?.id ?? "";

    const answer = await call(standIn, path.replace("ID", id));

    expect(answer.status).toBe(200);
    expect(answer.json).toEqual(JSON.parse(JSON.stringify(json).replace("ID", id)));
  });

  it.each<[string, number]>([
    ["/7701", 400],
    ["/7700?fields=secret", 400],
    ["/me?fields=__proto__", 400],
    ["/%zz", 400],
  ])("answers %s with %d", async (path, status) => {
    const standIn = await startForTest({ organizations: [organization] });

    const answer = await call(standIn, path);

    expect(answer).toMatchObject({ status, json: { error: { code: 100 } } });
  });

  it.each(["/me?fields=id,username", "/7700"])(
    "answers %s with 401 without a token that holds",
    async (path) => {
      const { now, pass } = clockForTest();
      const standIn = await startForTest({ organizations: [organization], now, tokenLifetimeMs: 1_000 });
      const [first] = standIn.users;
      const { accessToken: second } = standIn.issueToken("sandbox");
      standIn.revokeToken(second);
      const statusOf = async (token: string | null) => (await call(standIn, path, { token })).status;

      const early = await statusOf(first?.accessToken ?? "");
      pass(1_000);

      expect(early).toBe(200);
      expect(await statusOf(first?.accessToken ?? "")).toBe(401);
      expect(await statusOf(second)).toBe(401);
      expect(await statusOf("MLY|1|2")).toBe(401);
      expect(await statusOf(null)).toBe(401);
    },
  );

  it("issues tokens to users that there are", async () => {
    const standIn = await startForTest({ usernames: ["ann", "bob"] });

    const { accessToken } = standIn.issueToken("bob");

    expect((await getMe(standIn, accessToken)).json).toMatchObject({ username: "bob" });
    expect(() => standIn.issueToken("eve")).toThrow(new RangeError("there is no user eve"));
  });
});
