import { readdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { openFolderStorage } from "../../../sandbox/v4/folder-storage.ts";
import { createRequestLog, MAX_ENTRIES } from "../../../sandbox/v4/request-log.ts";
import { MAX_KEY_BYTES, parseRoute } from "../../../sandbox/v4/routes.ts";
import { startV4StandIn } from "../../../sandbox/v4/stand-in.ts";
import {
  beginPost,
  call,
  debugInfo,
  directoryForTest,
  fieldOf,
  imageOf,
  KEY,
  offsetOf,
  pathOf,
  patternedBytes,
  post,
  startForTest,
} from "./fixture.ts";

describe("what is not served", () => {
  it.each<[string, string, number]>([
    ["HEAD", pathOf(KEY), 405],
    ["PUT", pathOf(KEY), 405],
    ["DELETE", pathOf(KEY), 405],
    ["OPTIONS", pathOf(KEY), 405],
  ])("%s %s is answered %d as rupload does", async (method, path, status) => {
    const answer = await call(await startForTest(), path, { method });

    expect(answer.status).toBe(status);
    expect(answer.headers["content-type"]).toBe("application/json");
    expect(answer.json).toEqual(
      method === "HEAD"
        ? undefined
        : debugInfo("UnsupportedRequestError", false, `${method} is not for ${path}`),
    );
  });

  it.each<[string, string, number]>([
    ["GET", "/finish_upload", 405],
    ["GET", "/token", 405],
    ["POST", "/me", 405],
    ["POST", "/connect", 405],
    ["DELETE", "/__sandbox/clusters", 405],
    ["constructor", "/me", 400],
    ["GET", "/", 404],
    ["POST", "/", 404],
    ["GET", "/mapillary_public_uploads", 400],
    ["GET", "/mapillary_public_uploads/", 404],
    ["GET", "/mapillary_public_uploads/a/b", 404],
    ["GET", "/mapillary_public_uploads/../me", 404],
    ["GET", "/v18.0/me", 404],
    ["GET", "/__sandbox/images/", 404],
  ])("%s %s is answered %d", async (method, path, status) => {
    const answer = await call(await startForTest(), path, { method });

    expect(answer.status).toBe(status);
    if (status !== 400) expect(answer.json).toMatchObject({ error: { type: "GraphMethodException" } });
  });
});

describe("hostile session keys", () => {
  const KEYS = [
    "..",
    ".",
    "../../etc/passwd",
    "/etc/passwd",
    "a/../../b",
    "a\0b",
    "\\\\host\\share",
    "C:\\x",
    "nl\nx",
    "%2e%2e%2f",
    "a?b#c",
    "ключ-😀.jpg",
    "__proto__",
    "constructor",
    "x".repeat(MAX_KEY_BYTES),
    "é".repeat((MAX_KEY_BYTES - 1) / 2),
  ];

  it("are keys like any other, and never a part of a path", async () => {
    const directory = join(await directoryForTest(), "inner");
    const standIn = await startForTest({ storage: await openFolderStorage(directory) });
    const contents = KEYS.map((key) => `content of ${key}`);

    const answers = [];
    for (const [nth, key] of KEYS.entries())
      answers.push(await post(standIn, Buffer.from(contents[nth] ?? ""), { key }));

    const kept: string[] = [];
    for (const { json } of answers) kept.push(String(await imageOf(standIn, fieldOf(json, "h"))));
    expect(answers.map(({ status }) => status)).toEqual(KEYS.map(() => 200));
    expect(kept).toEqual(contents);
    expect(await readdir(dirname(directory))).toEqual(["inner"]);
    expect((await readdir(directory)).toSorted()).toEqual(["bytes", "state.jsonl"]);
    for (const name of await readdir(join(directory, "bytes"))) expect(name).toMatch(/^[0-9a-f]{64}\.1$/);
  });

  it("may stand in X-Entity-Name as they are, in UTF-8, or as in the path", async () => {
    const standIn = await startForTest();
    const key = "é x.jpg";
    const names = [key, Buffer.from(key).toString("latin1"), encodeURIComponent(key)];

    const statuses: number[] = [];
    for (const [nth, name] of names.entries())
      statuses.push(
        (await post(standIn, Buffer.from("1"), { key, offset: nth, headers: { "x-entity-name": name } }))
          .status,
      );

    expect(statuses).toEqual([200, 200, 200]);
  });

  it.each([
    [
      "one of more bytes than a file's name may have",
      `/mapillary_public_uploads/${"x".repeat(MAX_KEY_BYTES + 1)}`,
    ],
    ["one of more bytes, not characters", `/mapillary_public_uploads/${encodeURIComponent("é".repeat(128))}`],
    ["one that is not percent-encoded UTF-8", "/mapillary_public_uploads/%ff"],
    ["half an escape", "/mapillary_public_uploads/a%2"],
  ])("but %s is answered 400", async (_, path) => {
    const standIn = await startForTest();

    const answers = [await call(standIn, path), await call(standIn, path, { method: "POST", body: "x" })];

    const refusal = { status: 400, json: debugInfo("InvalidKeyError", false) };
    expect(answers).toMatchObject([refusal, refusal]);
  });

  it("never make the routes throw", () => {
    fc.assert(
      fc.property(
        fc.string(),
        fc.oneof(
          fc.string(),
          fc.webPath().map((path) => `/mapillary_public_uploads${path}`),
        ),
        (method, url) => {
          const { operation, error } = parseRoute(method, url);

          expect(operation !== "Unsupported" || error !== undefined).toBe(true);
        },
      ),
    );
  });
});

describe("the request log", () => {
  it("tells of every request what came, what was kept and what was answered", async () => {
    const told: unknown[] = [];
    const standIn = await startForTest({ onRequest: (entry) => told.push({ ...entry }) });
    const file = patternedBytes(1_000);

    await call(standIn, `${pathOf("a b.jpg")}?x=1`);
    await post(standIn, file, { key: "a b.jpg" });
    await post(standIn, file, { key: "a b.jpg", offset: 5 });
    await call(standIn, "/me", { token: null });
    await call(standIn, "/nowhere/at/all");

    const about = { path: pathOf("a b.jpg"), key: "a b.jpg" };
    const none = { key: undefined, offset: undefined, bytesReceived: 0, bytesKept: 0 };
    expect(told).toEqual([
      { ...none, ...about, operation: "GetOffset", method: "GET", status: 200 },
      {
        ...about,
        operation: "PostBytes",
        method: "POST",
        offset: 0,
        bytesReceived: 1_000,
        bytesKept: 1_000,
        status: 200,
      },
      expect.objectContaining({ ...about, operation: "PostBytes", offset: 5, bytesKept: 0, status: 412 }),
      { ...none, operation: "Me", method: "GET", path: "/me", status: 401 },
      { ...none, operation: "Unsupported", method: "GET", path: "/nowhere/at/all", status: 404 },
    ]);
    await expect.poll(() => standIn.requests.entries("a b.jpg")[2]?.bytesReceived).toBe(1_000);
    expect(standIn.requests.entries()).toHaveLength(5);
    expect(standIn.requests.entries("a b.jpg")).toHaveLength(3);
    expect([
      standIn.requests.count(),
      standIn.requests.count("PostBytes"),
      standIn.requests.count("Token"),
    ]).toEqual([5, 2, 0]);
    expect(standIn.requests.countAnswers("PostBytes", 412)).toBe(1);
  });

  it("keeps the last entries and goes on counting", () => {
    const log = createRequestLog(() => {});
    const entry = (offset: number) => ({
      operation: "PostBytes" as const,
      method: "POST",
      path: "/",
      key: "k",
      offset,
      bytesReceived: 0,
      bytesKept: 0,
      status: undefined,
    });

    for (let i = 0; i < MAX_ENTRIES + 3; i++) log.begin(entry(i));

    expect(log.count("PostBytes")).toBe(MAX_ENTRIES + 3);
    expect(log.entries()).toHaveLength(MAX_ENTRIES);
    expect(log.entries()[0]?.offset).toBe(3);
  });
});

describe("the server", () => {
  it("can be stopped in the middle of everything, twice, and its port is free again", async () => {
    const standIn = await startForTest({ faults: { slowMs: 60_000 } });
    const slow = call(standIn, "/me").catch((error: Error) => error);
    const { answered } = await beginPost(standIn, { sizeBytes: 100, body: Buffer.alloc(50) });
    await expect.poll(() => standIn.requests.count()).toBe(2);

    await standIn.stop();
    await standIn.stop();
    const again = await startForTest({ port: Number(new URL(standIn.url).port) });

    expect(await slow).toBeInstanceOf(Error);
    expect(await answered).not.toContain("200");
    expect(again.url).toBe(standIn.url);
    await expect(startV4StandIn({ port: Number(new URL(again.url).port) })).rejects.toThrow("EADDRINUSE");
  });

  it("is reached on this machine only, and says where", async () => {
    const { url, uploadUrl, connectUrl } = await startForTest();

    expect(new URL(url).hostname).toBe("127.0.0.1");
    expect([uploadUrl, connectUrl]).toEqual([`${url}/mapillary_public_uploads`, `${url}/connect`]);
  });

  it("says what it failed of, in each service's form", async () => {
    const standIn = await startForTest({
      now: () => {
        throw new Error("the clock stands still");
      },
    }).catch((error: Error) => error);

    expect(standIn).toMatchObject({ message: "the clock stands still" });
  });

  it("lets another client's request alone while one is slow", async () => {
    const standIn = await startForTest();
    standIn.faults.script({ on: "PostBytes", fault: { kind: "slow", delayMs: 60_000 } });
    void post(standIn, Buffer.from("1")).catch(() => {});
    await expect.poll(() => standIn.requests.count("PostBytes")).toBe(1);

    expect(await offsetOf(standIn)).toBe(1);
  });
});
