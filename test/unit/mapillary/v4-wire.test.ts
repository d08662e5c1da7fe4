import { afterEach, describe, expect, it } from "vitest";
import { createGraph } from "../../../lib/mapillary/v4-graph.http.ts";
import { answerText, startUploadServer, type UploadServer } from "./upload-server.ts";
import { destinationAt, KEY, NEVER, NOW_MS, payloadOf, photoOf, shipmentOf, TOKEN } from "./v4-fixture.ts";

let server: UploadServer | undefined;
afterEach(async () => {
  await server?.stop();
  server = undefined;
});

const ANSWERS: Readonly<Record<string, object>> = {
  "GET /photos/me": { id: "1", username: "alice" },
  "GET /photos/9": { id: "9", slug: "acme", name: "Acme", description: "" },
  "GET /photos/upload": { dc: "x", offset: 3 },
  "POST /photos/upload": { h: "handle" },
  "POST /photos/finish_upload": { cluster_id: "77" },
  "POST /photos/token": { access_token: "MLY|new", expires_in: 5_184_000, token_type: "bearer" },
};

/** A server that answers as the services do, with the least there is. */
async function serving(
  special: (line: string) => string | undefined = () => undefined,
): Promise<UploadServer> {
  server = await startUploadServer({
    onPost(socket, { head }) {
      const line = head.split("\r\n", 1)[0] ?? "";
      const [, name = ""] = /^(\w+ \/photos\/\w+)/.exec(line) ?? [];
      socket.write(special(line) ?? answerText(200, JSON.stringify(ANSWERS[name] ?? {})));
    },
  });
  return server;
}

const linesOf = ({ posts }: UploadServer) => posts.map(({ head }) => head.split("\r\n"));

describe("the requests", () => {
  it("of a photo are these, byte for byte", async () => {
    const started = await serving();
    const photo = photoOf(100_000);

    const outcome = await destinationAt(started.url).send(
      shipmentOf(photo, { organizationId: "9" }),
      payloadOf(photo),
      NEVER,
    );

    expect(outcome).toEqual({ kind: "done", destination: "handle" });
    const host = `Host: ${new URL(started.url).host}`;
    const authorization = `Authorization: OAuth ${TOKEN}`;
    const rest = [host, "Connection: keep-alive"];
    expect(linesOf(started)).toEqual([
      ["GET /photos/me?fields=id,username HTTP/1.1", authorization, ...rest],
      ["GET /photos/9?fields=slug,description,name HTTP/1.1", authorization, ...rest],
      [`GET /photos/upload/${KEY} HTTP/1.1`, authorization, ...rest],
      [
        `POST /photos/upload/${KEY} HTTP/1.1`,
        authorization,
        "Offset: 3",
        `X-Entity-Name: ${KEY}`,
        "X-Entity-Length: 100000",
        "Content-Length: 99997",
        ...rest,
      ],
    ]);
    expect(started.posts.at(-1)?.body.equals(photo.subarray(3))).toBe(true);
    expect(started.connections()).toBe(1);
  });

  it("of a file that is there already have an empty body of known length", async () => {
    const started = await serving();

    await destinationAt(started.url).send(
      shipmentOf(Buffer.from("abc")),
      payloadOf(Buffer.from("abc")),
      NEVER,
    );

    expect(linesOf(started).at(-1)).toEqual(
      expect.arrayContaining(["Offset: 3", "X-Entity-Length: 3", "Content-Length: 0"]),
    );
  });

  it("of a finish end with one on a connection of its own", async () => {
    const started = await serving((line) =>
      line.startsWith("GET /photos/upload/uuid_") ? answerText(200, '{"offset":0}') : undefined,
    );
    const request = { id: "s", handles: ["h1", "h2"], organizationId: "9" };

    const outcome = await destinationAt(started.url).finish(request, NEVER);

    expect(outcome).toEqual({ kind: "done", destination: "77" });
    const [, , , manifest, finish] = started.posts;
    expect(manifest?.head).toMatch(/^POST \/photos\/upload\/uuid_[0-9a-f]{32}\.json /);
    expect(manifest?.body.toString()).toBe(
      '{"image_handles":["h1","h2"],"upload_type":"images","version":"1"}',
    );
    expect(finish?.body.toString()).toBe(
      '{"file_handle":"handle","file_type":"mly_bundle_manifest","organization_id":"9"}',
    );
    expect(finish?.head.split("\r\n")).toEqual([
      "POST /photos/finish_upload HTTP/1.1",
      `Authorization: OAuth ${TOKEN}`,
      "Content-Type: application/json",
      "Content-Length: 80",
      `Host: ${new URL(started.url).host}`,
      "Connection: close",
    ]);
    expect(started.connections()).toBe(2);
  });

  it("for a token are forms that carry the client's secret", async () => {
    const started = await serving();
    const graph = createGraph({ graphEndpoint: started.url, now: () => NOW_MS });
    const clientSecret = "MLY|5|secret";

    const exchanged = await graph.exchangeCode(
      { clientId: "5", clientSecret, code: "AQ&x", redirectUri: "http://127.0.0.1:1/back" },
      NEVER,
    );
    const refreshed = await graph.refreshToken({ clientSecret, accessToken: TOKEN }, NEVER);

    expect(exchanged).toEqual({
      kind: "ok",
      value: {
        accessToken: "MLY|new",
        obtainedAt: "2026-11-22T12:00:00.000Z",
        expiresAt: "2027-01-21T12:00:00.000Z",
      },
    });
    expect(refreshed).toEqual(exchanged);
    expect(started.posts.map(({ body }) => body.toString())).toEqual([
      "grant_type=authorization_code&client_id=5&code=AQ%26x&redirect_uri=http%3A%2F%2F127.0.0.1%3A1%2Fback",
      `grant_type=refresh_token&refresh_token=${encodeURIComponent(TOKEN)}`,
    ]);
    expect(linesOf(started)[0]?.slice(0, 3)).toEqual([
      "POST /photos/token HTTP/1.1",
      "Authorization: OAuth MLY|5|secret",
      "Content-Type: application/x-www-form-urlencoded",
    ]);
  });

  it("never go where a redirect points", async () => {
    const elsewhere = await startUploadServer({ onPost: (socket) => socket.write(answerText(200, "{}")) });
    const started = await serving((line) =>
      line.startsWith("POST") ? answerText(307, "", { Location: elsewhere.url }) : undefined,
    );

    const outcome = await destinationAt(started.url).send(
      shipmentOf(photoOf(9)),
      payloadOf(photoOf(9)),
      NEVER,
    );

    expect(outcome).toMatchObject({ kind: "later", code: "http-307" });
    expect(elsewhere.connections()).toBe(0);
    await elsewhere.stop();
  });
});

describe("a connection that the server closed meanwhile", () => {
  it("costs a question nothing", async () => {
    let answered = 0;
    server = await startUploadServer({
      onPost(socket) {
        answered += 1;
        if (answered === 2) socket.resetAndDestroy();
        else socket.write(answerText(200, '{"id":"1"}'));
      },
    });
    const graph = createGraph({ graphEndpoint: server.url });

    const results = [await graph.readMe(TOKEN, NEVER), await graph.readMe(TOKEN, NEVER)];

    expect(results.map(({ kind }) => kind)).toEqual(["ok", "ok"]);
    expect(server.connections()).toBe(2);
  });

  it("is not tried twice when it is new", async () => {
    server = await startUploadServer({ onPost: (socket) => socket.resetAndDestroy() });

    const result = await createGraph({ graphEndpoint: server.url }).readMe(TOKEN, NEVER);

    expect(result).toMatchObject({ kind: "later", code: "ECONNRESET" });
    expect(server.connections()).toBe(1);
  });
});

describe("a time limit", () => {
  it("of an attempt counts from its beginning, over all its requests", async () => {
    const started = await serving();
    const photo = photoOf(300);
    const wait = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
    const { open } = payloadOf(photo, { headBlocks: 0, before: () => wait(350) });
    const slow = {
      async open(fromBytes: number) {
        await wait(300);
        return await open(fromBytes, NEVER);
      },
    };
    const timeouts = { overallMs: 500 };

    const outcome = await destinationAt(started.url, { timeouts }).send(shipmentOf(photo), slow, NEVER);

    expect(outcome).toEqual({ kind: "later", code: "overall-timeout", message: "not done within 500 ms" });
  });

  it("of a finish is its own, and leaves the outcome unknown", async () => {
    const started = await serving((line) => {
      if (line.startsWith("GET /photos/upload/uuid_")) return answerText(200, '{"offset":0}');
      return line.startsWith("POST /photos/finish_upload") ? "" : undefined;
    });
    const timeouts = { finishMs: 80 };

    const outcome = await destinationAt(started.url, { timeouts }).finish({ id: "s", handles: ["h"] }, NEVER);

    expect(outcome).toMatchObject({
      kind: "unknown",
      code: expect.stringMatching(/^(idle|overall)-timeout$/),
    });
  });

  it("ends an attempt whose offset is never told", async () => {
    const started = await serving((line) => (line.includes("/upload/") ? "" : undefined));
    const timeouts = { idleMs: 80 };

    const outcome = await destinationAt(started.url, { timeouts }).send(
      shipmentOf(photoOf(9)),
      payloadOf(photoOf(9)),
      NEVER,
    );

    expect(outcome).toMatchObject({ kind: "later", code: "idle-timeout" });
  });
});

it("refuses endpoints that would be told the token in the clear, naming the option", () => {
  const create = (endpoints: object) => () => destinationAt("http://127.0.0.1", endpoints);

  expect(create({ uploadEndpoint: "http://rupload.facebook.com/x" })).toThrow(
    new TypeError("uploadEndpoint has the scheme http:; expected https:, except for this machine"),
  );
  expect(create({ graphEndpoint: "graph.mapillary.com" })).toThrow(
    new TypeError("graphEndpoint is not a URL; expected https://host/path"),
  );
  expect(create({ uploadEndpoint: "https://rupload.facebook.com/x/" })).not.toThrow();
});
