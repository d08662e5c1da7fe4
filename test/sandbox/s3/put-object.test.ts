import { createHash } from "node:crypto";
import { crc32 } from "node:zlib";
import { describe, expect, it } from "vitest";
import { MAX_KEY_BYTES } from "../../../sandbox/s3/new-object.ts";
import { MAX_PUT_BYTES } from "../../../sandbox/s3/put-object.ts";
import { listKeys, patternedBytes, type Response, send, startForTest } from "./fixture.ts";

const CONTENT = Buffer.from("hello, chunked world");
const CRC32 = Buffer.alloc(4);
CRC32.writeUInt32BE(crc32(CONTENT));
const CHECKSUM = CRC32.toString("base64");

const FRAMED = {
  "content-encoding": "aws-chunked",
  "x-amz-decoded-content-length": CONTENT.byteLength,
  "x-amz-trailer": "x-amz-checksum-crc32",
};

const put = (url: string, headers: Record<string, string | number>, body: string | Uint8Array, query = "") =>
  send(`${url}/photos/x${query}`, { method: "PUT", headers }, body);

async function get(url: string): Promise<Response> {
  return await send(`${url}/photos/x`, { method: "GET" });
}

describe("a plain PUT", () => {
  it("keeps type, metadata and tags, and gives them back", async () => {
    const sandbox = await startForTest();
    const headers = {
      "content-type": "image/jpeg",
      "cache-control": "no-store",
      "x-amz-meta-vehicle": "7",
      "x-amz-tagging": "state=new&note=a%26b",
    };

    const response = await put(sandbox.url, headers, CONTENT);

    const etag = `"${createHash("md5").update(CONTENT).digest("hex")}"`;
    expect(response).toMatchObject({ status: 200, headers: { etag } });
    const { "x-amz-tagging": _, ...kept } = headers;
    expect((await get(sandbox.url)).headers).toMatchObject({ ...kept, etag, "x-amz-tagging-count": "2" });
    expect((await sandbox.store.head("x"))?.tags).toEqual([
      { key: "state", value: "new" },
      { key: "note", value: "a&b" },
    ]);
  });

  it("takes the coding that the framing is not, and leaves the framing out", async () => {
    const sandbox = await startForTest();
    const body = `14\r\n${CONTENT}\r\n0\r\n\r\n`;
    const { "x-amz-trailer": _, ...framed } = FRAMED;

    await put(sandbox.url, { ...framed, "content-encoding": "gzip, aws-chunked" }, body);

    expect((await get(sandbox.url)).headers["content-encoding"]).toBe("gzip");
  });

  const sha256 = createHash("sha256").update(CONTENT).digest("base64");
  const md5 = createHash("md5").update(CONTENT).digest("base64");
  it.each([
    ["content-md5", md5],
    ["x-amz-checksum-sha256", sha256],
    ["x-amz-checksum-crc32", CHECKSUM],
  ])("is checked against its %s", async (name, value) => {
    const sandbox = await startForTest();

    const wrong = await put(sandbox.url, { [name]: value }, `${CONTENT}!`);
    const stored = await listKeys(sandbox.store);
    const right = await put(sandbox.url, { [name]: value }, CONTENT);

    expect(wrong).toMatchObject({ status: 400, code: "BadDigest" });
    expect(stored).toEqual([]);
    expect(right.status).toBe(200);
  });

  it.each([
    ["a length that is not told", { "transfer-encoding": "chunked" }, "", 411, "MissingContentLength"],
    ["a condition on the write", { "if-none-match": "*" }, "", 501, "NotImplemented"],
    ["a copy", { "x-amz-copy-source": "/photos/y" }, "", 501, "NotImplemented"],
    ["a part of an upload", {}, "?partNumber=1&uploadId=x", 501, "NotImplemented"],
    ["two tags of one key", { "x-amz-tagging": "a=1&a=2" }, "", 400, "InvalidTag"],
  ])("is refused for %s", async (_, headers, query, status, code) => {
    const sandbox = await startForTest();

    const response = await put(sandbox.url, headers, CONTENT, query);

    expect(response).toMatchObject({ status, code });
    expect(await listKeys(sandbox.store)).toEqual([]);
  });

  it("is refused for a key of more than 1,024 bytes", async () => {
    const sandbox = await startForTest();
    expect(MAX_KEY_BYTES).toBe(1_024);

    const longest = await send(`${sandbox.url}/photos/${"x".repeat(1_024)}`, { method: "PUT" }, CONTENT);
    const tooLong = await send(`${sandbox.url}/photos/${"x".repeat(1_025)}`, { method: "PUT" }, CONTENT);

    expect(longest.status).toBe(200);
    expect(tooLong).toMatchObject({ status: 400, code: "KeyTooLongError" });
  });

  it("is refused at once when it announces more than 5 GiB", async () => {
    const sandbox = await startForTest();
    expect(MAX_PUT_BYTES).toBe(5 * 2 ** 30);
    const headers = { ...FRAMED, "x-amz-decoded-content-length": MAX_PUT_BYTES + 1 };

    const response = await put(sandbox.url, headers, "");

    expect(response).toMatchObject({ status: 400, code: "EntityTooLarge" });
  });

  it("is answered 500 when nobody could be told of the object, so that it is sent again", async () => {
    const sandbox = await startForTest({
      onCreated: () => {
        throw new Error("the queue is down");
      },
    });

    const response = await put(sandbox.url, {}, CONTENT);

    expect(response).toMatchObject({ status: 500, code: "InternalError" });
    expect(response.body.toString()).toContain("the queue is down");
  });
});

describe("an aws-chunked PUT", () => {
  it("is stored without its framing, signed or not", async () => {
    const sandbox = await startForTest();
    const body = `5;chunk-signature=${"0".repeat(64)}\r\nhello\r\nF\r\n${CONTENT.subarray(5)}\r\n0\r\nx-amz-checksum-crc32:${CHECKSUM}\r\n\r\n`;

    const response = await put(sandbox.url, FRAMED, body);

    expect(response).toMatchObject({ status: 200, code: undefined });
    expect((await get(sandbox.url)).body).toEqual(CONTENT);
    expect((await get(sandbox.url)).headers).not.toHaveProperty("content-encoding");
  });

  it("survives content that looks like framing, in chunks of any size", async () => {
    const sandbox = await startForTest();
    const bytes = Buffer.concat([Buffer.from("\r\n0\r\n\r\n5\r\nhello\r\n"), patternedBytes(300_000)]);
    const chunks: Buffer[] = [];
    for (let start = 0, size = 1; start < bytes.byteLength; start += size, size *= 3) {
      const chunk = bytes.subarray(start, start + size);
      chunks.push(Buffer.from(`${chunk.byteLength.toString(16)}\r\n`), chunk, Buffer.from("\r\n"));
    }
    const body = Buffer.concat([...chunks, Buffer.from("0\r\n\r\n")]);

    await put(
      sandbox.url,
      { "content-encoding": "aws-chunked", "x-amz-decoded-content-length": bytes.byteLength },
      body,
    );

    expect((await get(sandbox.url)).body.equals(bytes)).toBe(true);
  });

  const trailer = `x-amz-checksum-crc32:${CHECKSUM}`;
  it.each([
    [
      "a wrong checksum behind it",
      `14\r\n${CONTENT}\r\n0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n`,
      "BadDigest",
    ],
    ["no checksum where one was announced", `14\r\n${CONTENT}\r\n0\r\n\r\n`, "MalformedTrailerError"],
    ["a trailer that is none", `14\r\n${CONTENT}\r\n0\r\nchecksum\r\n\r\n`, "MalformedTrailerError"],
    [
      "trailers without an end",
      `14\r\n${CONTENT}\r\n0\r\n${`${trailer}\r\n`.repeat(20)}`,
      "MalformedTrailerError",
    ],
    ["no last chunk", `14\r\n${CONTENT}\r\n`, "IncompleteBody"],
    ["less than the last chunk says", "14\r\nhello", "IncompleteBody"],
    ["more than a chunk says", `13\r\n${CONTENT}\r\n0\r\n${trailer}\r\n\r\n`, "InvalidRequest"],
    ["a size that is no number", `xyz\r\n${CONTENT}\r\n0\r\n\r\n`, "InvalidRequest"],
    ["a header without an end", "0".repeat(5_000), "InvalidRequest"],
    ["fewer bytes than announced", `5\r\nhello\r\n0\r\n${trailer}\r\n\r\n`, "IncompleteBody"],
    ["more bytes than announced", `15\r\n${CONTENT}!\r\n0\r\n${trailer}\r\n\r\n`, "IncompleteBody"],
  ])("is refused for %s, and nothing is stored", async (_, body, code) => {
    const sandbox = await startForTest();

    const response = await put(sandbox.url, FRAMED, body);

    expect(response).toMatchObject({ status: 400, code });
    expect(await listKeys(sandbox.store)).toEqual([]);
  });
});
