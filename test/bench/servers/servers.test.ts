import { createHash } from "node:crypto";
import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { request } from "node:https";
import { buffer } from "node:stream/consumers";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { postForm } from "../../../lib/mapillary/post-form.ts";
import { LOCALHOST_CERTIFICATE } from "../../unit/mapillary/localhost-certificate.ts";
import { makeBody } from "../photo-body.ts";
import { etagOf, photoKeys } from "../photo-key.ts";
import { type ServerProcess, startServer } from "../server-process.ts";

const SIZE_BYTES = 100_000;
const FIELDS = { accessKeyId: "x", key: "driver/s/1.jpg", signatureHash: "x", permissionHash: "x" };

async function call(url: string, options: { method?: string; headers?: object; body?: Uint8Array } = {}) {
  const { method = "GET", headers = {}, body } = options;
  const sent = request(url, { method, headers: { ...headers }, ca: LOCALHOST_CERTIFICATE, agent: false });
  sent.end(body);
  const [answer] = (await once(sent, "response")) as [IncomingMessage];
  return { status: answer.statusCode, headers: answer.headers, body: await buffer(answer) };
}

describe("the source", () => {
  let source: ServerProcess;
  beforeAll(async () => {
    source = await startServer("source", 0);
  });
  afterAll(() => source[Symbol.asyncDispose]());
  const [key = ""] = photoKeys("run", SIZE_BYTES, 7, 1);

  it("has every photo, with its length and its ETag", async () => {
    const answer = await call(`${source.url}/photos/${key}?X-Amz-Signature=1`);

    expect(answer.status).toBe(200);
    expect(answer.body.equals(makeBody(SIZE_BYTES))).toBe(true);
    expect(answer.headers).toMatchObject({
      etag: `"${etagOf(key)}"`,
      "content-length": String(SIZE_BYTES),
    });
  });

  it("gives a photo only to who asks for the one it has", async () => {
    const ask = (etag: string) =>
      call(`${source.url}/photos/${key}`, { headers: { "If-Match": `"${etag}"` } });

    expect((await ask(etagOf(key))).status).toBe(200);
    expect((await ask("another")).status).toBe(412);
  });

  it("counts what it is asked, and when", async () => {
    await source.report();
    await call(`${source.url}/photos/${key}`);

    const { requests, journal } = await source.report();

    expect(requests).toEqual({ GET: 1 });
    expect(journal).toEqual([["IMG_000007.jpg", expect.any(Number)]]);
    expect((await source.report()).requests).toEqual({});
  });
});

describe("the destination", () => {
  let destination: ServerProcess;
  beforeAll(async () => {
    destination = await startServer("destination", 0);
  });
  afterAll(() => destination[Symbol.asyncDispose]());
  beforeEach(() => destination.report());

  function post(bucket: string, file: Uint8Array) {
    const form = postForm("--------------------------------", FIELDS, "1.jpg", file.length);
    return call(`${destination.url}/${bucket}`, {
      method: "POST",
      headers: { "Content-Type": form.contentType, "Content-Length": form.contentLengthBytes },
      body: Buffer.concat([form.preamble, file, form.closing]),
    });
  }

  it("verifies a photo that came whole", async () => {
    expect((await post("verified", makeBody(SIZE_BYTES))).status).toBe(204);
    expect(await destination.report()).toMatchObject({ verified: 1, complaints: [] });
  });

  it.each([
    ["with one byte changed", Buffer.from(makeBody(SIZE_BYTES)).fill(1, 50_000, 50_001)],
    ["that is cut off", makeBody(SIZE_BYTES).subarray(0, SIZE_BYTES - 1)],
    ["without a byte", Buffer.alloc(0)],
  ])("complains about a photo %s", async (_name, file) => {
    await post("verified", file).catch(() => undefined);

    const { verified, complaints } = await destination.report();

    expect(verified).toBe(0);
    expect(complaints).toHaveLength(1);
  });

  it("counts the bytes of what it drops, and notes when it answered", async () => {
    const startedMs = performance.timeOrigin + performance.now();
    const { status } = await post("measured", makeBody(SIZE_BYTES));

    const { requests, receivedBytes, journal } = await destination.report();

    expect(status).toBe(204);
    expect(requests).toEqual({ POST: 1 });
    expect(receivedBytes).toBeGreaterThan(SIZE_BYTES);
    expect(journal[0]?.[0]).toBe("1.jpg");
    expect(journal[0]?.[1]).toBeGreaterThan(startedMs);
  });
});

it("answers as late as it is told", async () => {
  await using source = await startServer("source", 100);
  const [key = ""] = photoKeys("run", SIZE_BYTES, 0, 1);
  const startedMs = performance.now();

  const { body } = await call(`${source.url}/photos/${key}`);

  // Node's timers may be early by less than a millisecond.
  expect(performance.now() - startedMs).toBeGreaterThanOrEqual(99);
  expect(createHash("md5").update(body).digest()).toEqual(
    createHash("md5").update(makeBody(SIZE_BYTES)).digest(),
  );
});

it("passes on what the table answers, and counts it by operation", async () => {
  await using table = await startServer("table", 0);

  const { status, body } = await call(table.url, {
    method: "POST",
    headers: {
      "X-Amz-Target": "DynamoDB_20120810.ListTables",
      "Content-Type": "application/x-amz-json-1.0",
      Authorization:
        "AWS4-HMAC-SHA256 Credential=x/20260101/eu-west-1/dynamodb/aws4_request, SignedHeaders=host, Signature=x",
      "X-Amz-Date": "20260101T000000Z",
    },
    body: Buffer.from("{}"),
  });

  expect([status, JSON.parse(body.toString())]).toEqual([200, { TableNames: ["mapillary-relay"] }]);
  expect((await table.report()).requests).toEqual({ ListTables: 1 });
});
