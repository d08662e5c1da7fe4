import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import type { Destination } from "../../../lib/mapillary/destination.ts";
import {
  createFixedTokenSource,
  type TokenSource,
  TokenUnusableError,
} from "../../../lib/mapillary/token.ts";
import { createGraph } from "../../../lib/mapillary/v4-graph.http.ts";
import { V4_DIALS, type V4Dials } from "../../../sandbox/v4/dials.ts";
import { answerText, startUploadServer, type UploadServer } from "./upload-server.ts";
import {
  destinationAt,
  destinationTo,
  NEVER,
  payloadOf,
  photoOf,
  shipmentOf,
  startForTest,
  TOKEN,
  tokenOf,
  tokensInTurn,
} from "./v4-fixture.ts";

const PHOTO = photoOf(200_000);

let server: UploadServer | undefined;
afterEach(async () => {
  await server?.stop();
  server = undefined;
});

const send = (destination: Destination, nth = 0) =>
  destination.send(
    shipmentOf(PHOTO, { destinationKey: `mly_tools_uuid_${String(nth).padStart(32, "0")}.jpg` }),
    payloadOf(PHOTO),
    NEVER,
  );

describe("a token that is refused in mid-run", () => {
  it("stops the account when there is no other", async () => {
    const standIn = await startForTest();
    const destination = destinationTo(standIn);
    const first = await send(destination, 1);
    standIn.revokeToken(tokenOf(standIn));

    const outcomes = [
      await send(destination, 2),
      await destination.finish({ id: "s", handles: ["h"] }, NEVER),
    ];

    expect(first.kind).toBe("done");
    for (const outcome of outcomes)
      expect(outcome).toMatchObject({ kind: "never", scope: "account", code: "token-refused" });
  });

  it.each([0, 1, 2])("is replaced by another one, at request %i of a photo", async (requests) => {
    const standIn = await startForTest();
    const { accessToken: next } = standIn.issueToken();
    const tokens = tokensInTurn(tokenOf(standIn), next);
    standIn.faults.set({ revokeAfterRequests: requests });
    const renewed = (refused: string) => {
      standIn.faults.set({ revokeAfterRequests: null });
      return tokens.renewed(refused);
    };
    const destination = destinationTo(standIn, { tokens: { ...tokens, renewed } });

    const outcomes = [await send(destination, 1), await send(destination, 2)];

    expect(outcomes.map(({ kind }) => kind)).toEqual(["done", "done"]);
    expect(tokens.asked()).toBe(1);
    expect(standIn.requests.countAnswers("PostBytes", 200)).toBe(2);
  });

  it("is replaced by another one at the finish, without a second sequence", async () => {
    const standIn = await startForTest();
    const { accessToken: next } = standIn.issueToken();
    const tokens = tokensInTurn(tokenOf(standIn), next);
    const destination = destinationTo(standIn, { tokens });
    const sent = await send(destination);
    const handles = ["destination" in sent ? sent.destination : ""];
    standIn.faults.script({
      on: "FinishUpload",
      fault: { kind: "answer", when: "before", status: 401, code: "OAuthException" },
    });

    const outcome = await destination.finish({ id: "s", handles }, NEVER);

    expect(outcome.kind).toBe("done");
    expect(await standIn.clusters()).toHaveLength(1);
    expect(standIn.requests.count("FinishUpload")).toBe(2);
    expect(tokens.asked()).toBe(1);
  });

  it("is replaced once only in an attempt", async () => {
    const standIn = await startForTest();
    const tokens = tokensInTurn("MLY|wrong", "MLY|wrong-too", tokenOf(standIn));
    const destination = destinationTo(standIn, { tokens });

    expect(await send(destination)).toMatchObject({ kind: "never", code: "token-refused" });
    expect((await send(destination)).kind).toBe("done");
  });
});

describe("a token that cannot be had", () => {
  const failing = (error: unknown): TokenSource => ({
    current: () => Promise.reject(error),
    renewed: () => Promise.reject(error),
  });

  it.each<[string, unknown, object]>([
    [
      "for a person to set",
      new TokenUnusableError("token-missing", "there is none\nat all"),
      { kind: "never", scope: "account", code: "token-missing", message: "there is none\\u{a}at all" },
    ],
    [
      "because the store does not answer",
      new Error("timed out"),
      { kind: "later", code: "token-unreadable" },
    ],
    ["and nobody knows why", "what", { kind: "later", message: "what" }],
  ])("%s", async (_what, error, expected) => {
    const standIn = await startForTest();
    const destination = destinationTo(standIn, { tokens: failing(error) });

    expect(await send(destination)).toMatchObject(expected);
    expect(await destination.finish({ id: "s", handles: ["h"] }, NEVER)).toMatchObject(expected);
    expect(standIn.requests.count()).toBe(0);
  });

  it("when another one is asked for, is for later", async () => {
    const standIn = await startForTest();
    const tokens: TokenSource = { ...failing(new Error("timed out")), current: async () => "MLY|wrong" };

    expect(await send(destinationTo(standIn, { tokens }))).toMatchObject({ code: "token-unreadable" });
  });

  it("is not waited for when the time is up", async () => {
    const standIn = await startForTest();
    const stop = new AbortController();
    const tokens: TokenSource = { current: () => new Promise(() => {}), renewed: async () => undefined };
    const sending = destinationTo(standIn, { tokens }).send(shipmentOf(PHOTO), payloadOf(PHOTO), stop.signal);

    stop.abort(new Error("too late"));

    await expect(sending).rejects.toThrow("too late");
  });

  it.each(["", "a b", "a\nb", "é"])("because it is %j stops the account unasked", async (token) => {
    const standIn = await startForTest();
    const destination = destinationTo(standIn, { tokens: createFixedTokenSource(token) });

    expect(await send(destination)).toMatchObject({ scope: "account", code: "token-misshapen" });
    expect(standIn.requests.count()).toBe(0);
  });
});

describe("no token is told", () => {
  const forms = (token: string) => [
    token,
    encodeURIComponent(token),
    JSON.stringify(token).slice(1, -1).replaceAll("|", "\\u007c"),
    token.toUpperCase(),
    token.slice(-12),
    Buffer.from(token).toString("base64"),
  ];

  /** Everything that came out, as a text. */
  async function toldBy(work: () => Promise<unknown>): Promise<string> {
    try {
      return JSON.stringify(await work());
    } catch (error) {
      return error instanceof Error
        ? `${error.stack} ${JSON.stringify(error)} ${String(error.cause)}`
        : String(error);
    }
  }

  function expectUntold(told: string, token: string): void {
    for (const form of forms(token)) expect(told.toLowerCase()).not.toContain(form.toLowerCase());
  }

  const NEVER_OR = new Set(["dropAfterBytes", "revokeAfterRequests"]);

  function arbitraryOf(dial: (typeof V4_DIALS)[number]): fc.Arbitrary<unknown> {
    if (dial.name === "slowMs") return fc.constant(0);
    if (dial.kind === "flag") return fc.boolean();
    if (dial.kind === "choice") return fc.constantFrom(...dial.choices);
    if (dial.unit === "share") return fc.constantFrom(0, 0, 1);
    const number = fc.integer({ min: dial.least, max: Math.min(dial.most, dial.least + 100_000) });
    return NEVER_OR.has(dial.name) ? fc.option(number) : number;
  }

  it("whatever the stand-in is told to do wrong", async () => {
    const standIn = await startForTest();
    const dials = fc.record(Object.fromEntries(V4_DIALS.map((dial) => [dial.name, arbitraryOf(dial)])));
    const outcomes = new Set<string>();
    let runs = 0;
    await fc.assert(
      fc.asyncProperty(dials, async (setting) => {
        runs += 1;
        const { accessToken } = standIn.issueToken();
        const destination = destinationTo(standIn, { tokens: createFixedTokenSource(accessToken) });
        standIn.faults.set(setting as Partial<V4Dials>);
        for (const told of [
          await toldBy(() => send(destination, runs)),
          await toldBy(() => destination.finish({ id: "s", handles: ["h"] }, NEVER)),
        ]) {
          expectUntold(told, accessToken);
          outcomes.add(/"kind":"\w+"/.exec(told)?.[0] ?? told);
        }
      }),
      { numRuns: 120 },
    );
    expect(outcomes.size).toBeGreaterThanOrEqual(3);
  });

  /** Everything a server may say, with a token in every form and place. */
  function echoesOf(token: string): readonly string[] {
    const [raw = "", percent = "", escaped = "", upper = "", , base64 = ""] = forms(token);
    const everything = `${raw} ${percent} ${upper} ${base64} ${raw}`;
    const json = (text: string) => JSON.stringify(text).replaceAll(JSON.stringify(raw).slice(1, -1), escaped);
    return [
      `{"debug_info":{"retriable":false,"type":${json(raw)},"message":${json(everything)}}}`,
      `{"debug_info":${json(everything)}}`,
      `{"error":{"message":${json(everything)},"type":${json(raw)},"code":100}}`,
      `{"error":${json(raw)},"error_description":${json(everything)}}`,
      `<html>${everything}</html>`,
      `{"id":${json(raw)},"offset":${json(raw)},"h":["${raw}"],"cluster_id":{"x":"${raw}"}}`,
    ];
  }

  const STATUSES = [200, 206, 301, 400, 401, 403, 404, 412, 429, 500, 503];
  // The second could be an error type, and has no long run of characters that would be hidden anyway.
  const TOKENS = [TOKEN, "MLY.abcdef.ghijkl"];

  it.each(STATUSES.flatMap((status) => TOKENS.map((token) => [status, token] as const)))(
    "to whoever reads what a server repeats with %i: %s",
    async (status, token) => {
      let at = "/me";
      let body = "";
      server = await startUploadServer({
        onPost(socket, { head }) {
          const path = head.split(" ", 2)[1] ?? "";
          const good = answerText(200, JSON.stringify({ id: "1", offset: 0, h: "h" }));
          socket.write(path.includes(at) ? answerText(status, body, { "Retry-After": token }) : good);
        },
      });
      const graph = createGraph({ graphEndpoint: server.url });
      const tokens = createFixedTokenSource(token);
      const photo = photoOf(100);
      const shipment = shipmentOf(photo, { organizationId: "9" });
      for (const echo of echoesOf(token)) {
        body = echo;
        for (const path of ["/me", "/upload/", "/finish_upload", "/9?", "/token"]) {
          at = path;
          const destination = destinationAt(server.url, { tokens });
          const request = { id: "s", handles: ["h"], organizationId: "9" };
          const told = [
            await toldBy(() => destination.send(shipment, payloadOf(photo), NEVER)),
            await toldBy(() => destination.finish(request, NEVER)),
            await toldBy(() =>
              graph.exchangeCode({ clientId: "1", clientSecret: token, code: token }, NEVER),
            ),
            await toldBy(() => graph.refreshToken({ clientSecret: token, accessToken: token }, NEVER)),
          ];
          for (const text of told) expectUntold(text, token);
        }
      }
    },
  );

  it("to whoever reads what a server says that speaks no HTTP", async () => {
    server = await startUploadServer({
      onPost: (socket) => socket.end(`HTTP/1.1 ${TOKEN} ${TOKEN}\r\n${TOKEN}\r\n\r\n`),
    });

    const told = await toldBy(() => send(destinationAt(server?.url ?? "")));

    expect(told).toContain("HPE_");
    expectUntold(told, TOKEN);
  });
});
