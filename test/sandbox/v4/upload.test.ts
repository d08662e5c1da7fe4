import { describe, expect, it } from "vitest";
import {
  call,
  debugInfo,
  fieldOf,
  imageOf,
  KEY,
  offsetOf,
  pathOf,
  patternedBytes,
  post,
  startForTest,
} from "./fixture.ts";

const FILE = patternedBytes(200_000);
const SIZE = { "x-entity-length": String(FILE.byteLength) };

describe("where a session stands", () => {
  it("is 0 when nobody has heard of it", async () => {
    const standIn = await startForTest();

    const answer = await call(standIn, pathOf(KEY));

    expect(answer).toMatchObject({ status: 200, json: { dc: "sandbox", offset: 0 } });
    expect(answer.headers["content-type"]).toBe("application/json");
  });

  it("is the number of bytes that came", async () => {
    const standIn = await startForTest();
    await post(standIn, FILE.subarray(0, 70_000), { headers: SIZE });

    expect(await offsetOf(standIn)).toBe(70_000);
    expect(await offsetOf(standIn, `${KEY}.other`)).toBe(0);
  });

  it("is each user's own", async () => {
    const standIn = await startForTest({ usernames: ["ann", "bob"] });
    const [ann, bob] = standIn.users.map(({ accessToken }) => accessToken);
    await post(standIn, FILE, { token: ann ?? "" });

    expect(await offsetOf(standIn, KEY, ann)).toBe(FILE.byteLength);
    expect(await offsetOf(standIn, KEY, bob)).toBe(0);
  });
});

describe("posting bytes", () => {
  it("gives a handle for a file sent at once", async () => {
    const standIn = await startForTest();

    const answer = await post(standIn, FILE, { headers: { ...SIZE, "x-entity-name": KEY } });

    expect(answer).toMatchObject({ status: 200, json: { h: expect.any(String) } });
    expect(await imageOf(standIn, fieldOf(answer.json, "h"))).toEqual(FILE);
  });

  it("takes the end of the body for the end of the file when it is not told how long that is", async () => {
    const standIn = await startForTest();

    const answer = await post(standIn, FILE.subarray(0, 1_000));

    expect(answer.status).toBe(200);
    expect(await imageOf(standIn, fieldOf(answer.json, "h"))).toEqual(FILE.subarray(0, 1_000));
  });

  it("answers 206 until all that X-Entity-Length says is there", async () => {
    const standIn = await startForTest();
    const parts = [0, 80_000, 160_000].map((offset) => ({
      offset,
      body: FILE.subarray(offset, offset + 80_000),
    }));

    const answers = [];
    for (const { offset, body } of parts) answers.push(await post(standIn, body, { offset, headers: SIZE }));

    const partial = debugInfo("PartialRequestError", true, "Partial request (did not match length of file)");
    expect(answers.map(({ status }) => status)).toEqual([206, 206, 200]);
    expect(answers.slice(0, 2).map(({ json }) => json)).toEqual([partial, partial]);
    expect(await imageOf(standIn, fieldOf(answers[2]?.json, "h"))).toEqual(FILE);
  });

  it("gives the same handle again for an empty body at the end", async () => {
    const standIn = await startForTest();
    const first = await post(standIn, FILE);

    const again = await post(standIn, Buffer.alloc(0), { offset: FILE.byteLength, headers: SIZE });

    expect(again).toMatchObject({ status: 200, json: first.json });
    expect(await imageOf(standIn, fieldOf(again.json, "h"))).toEqual(FILE);
  });

  it("gives different keys, and different users, different handles", async () => {
    const standIn = await startForTest({ usernames: ["ann", "bob"] });
    const tokens = standIn.users.map(({ accessToken }) => accessToken);

    const answers = [
      await post(standIn, FILE, { token: tokens[0] ?? "" }),
      await post(standIn, FILE, { token: tokens[1] ?? "" }),
      await post(standIn, FILE, { key: "other.jpg", token: tokens[0] ?? "" }),
    ];

    expect(new Set(answers.map(({ json }) => fieldOf(json, "h"))).size).toBe(3);
  });

  it("takes a body of unknown length, as the official client sends it", async () => {
    const standIn = await startForTest();

    const answer = await post(standIn, FILE, { headers: { "transfer-encoding": "chunked" } });

    expect(answer.status).toBe(200);
    expect(await imageOf(standIn, fieldOf(answer.json, "h"))).toEqual(FILE);
  });

  it.each([1, FILE.byteLength - 1, FILE.byteLength + 1, 2 ** 40])(
    "answers 412 at offset %d of a session that stands elsewhere, and keeps nothing",
    async (offset) => {
      const standIn = await startForTest();
      await post(standIn, FILE);

      const answer = await post(standIn, FILE.subarray(0, 10), { offset });

      const json = debugInfo("OffsetInvalidError", true, "Request starting offset is invalid");
      expect(answer).toMatchObject({ status: 412, json });
      expect(await offsetOf(standIn)).toBe(FILE.byteLength);
    },
  );

  it("answers 412 when all is sent again from the start", async () => {
    const standIn = await startForTest();
    await post(standIn, FILE);

    expect((await post(standIn, FILE)).status).toBe(412);
  });
});

describe("headers that make no sense", () => {
  it.each<[string, Record<string, string>, RegExp]>([
    ["no Offset", {}, /Offset is required/],
    ["an empty Offset", { offset: "" }, /offset is not a number/],
    ["a negative Offset", { offset: "-1" }, /offset is not a number/],
    ["a fraction", { offset: "1.5" }, /offset is not a number/],
    ["a hexadecimal Offset", { offset: "0x10" }, /offset is not a number/],
    ["a list of Offsets", { offset: "0, 0" }, /offset is not a number/],
    ["an Offset beyond counting", { offset: "9007199254740993" }, /offset is not a number/],
    ["an Offset without end", { offset: "1".repeat(1_000) }, /offset is not a number/],
    ["another key's name", { offset: "0", "x-entity-name": "other" }, /X-Entity-Name does not match/],
    ["an empty name", { offset: "0", "x-entity-name": "" }, /X-Entity-Name does not match/],
    ["a length that is no number", { offset: "0", "x-entity-length": "1e3" }, /x-entity-length is not/],
    ["a length below the body's", { offset: "0", "x-entity-length": "9" }, /more bytes than/],
    ["a length below the offset", { offset: "99", "x-entity-length": "98" }, /more bytes than/],
  ])("%s is answered 400, and nothing is kept", async (_, headers, message) => {
    const standIn = await startForTest();

    const answer = await call(standIn, pathOf(KEY), { method: "POST", headers, body: "0123456789" });

    const json = debugInfo("InvalidHeaderError", false, expect.stringMatching(message));
    expect(answer).toMatchObject({ status: 400, json });
    expect(await offsetOf(standIn)).toBe(0);
  });

  it("a chunked body beyond X-Entity-Length is answered 400, and kept up to there", async () => {
    const standIn = await startForTest();
    const headers = { "x-entity-length": "150000", "transfer-encoding": "chunked" };

    const answer = await post(standIn, FILE, { headers });

    expect(answer).toMatchObject({ status: 400, json: debugInfo("InvalidHeaderError", false) });
    expect(await offsetOf(standIn)).toBe(150_000);
  });
});

describe("who may upload", () => {
  it.each<[string, Record<string, string>]>([
    ["no token", {}],
    ["a token nobody has", { authorization: "OAuth MLY|1|2" }],
    ["no scheme", { authorization: "MLY|1|2" }],
    ["another scheme", { authorization: "Bearer TOKEN" }],
    ["an empty token", { authorization: "OAuth " }],
  ])("%s is answered 401 to both requests", async (_, headers) => {
    const standIn = await startForTest();
    const sent = Object.fromEntries(
      Object.entries(headers).map(([name, value]) => [
        name,
        value.replace("TOKEN", standIn.users[0]?.accessToken ?? ""),
      ]),
    );

    const answers = [
      await call(standIn, pathOf(KEY), { token: null, headers: sent }),
      await call(standIn, pathOf(KEY), {
        method: "POST",
        token: null,
        headers: { offset: "0", ...sent },
        body: FILE,
      }),
    ];

    const refusal = { status: 401, json: debugInfo("NotAuthorizedError", false) };
    expect(answers).toMatchObject([refusal, refusal]);
    expect(await offsetOf(standIn)).toBe(0);
  });

  it("takes the scheme in any case", async () => {
    const standIn = await startForTest();
    const headers = { authorization: `oauth ${standIn.users[0]?.accessToken}` };

    expect((await call(standIn, pathOf(KEY), { token: null, headers })).status).toBe(200);
  });
});
