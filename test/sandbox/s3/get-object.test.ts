import { mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { createFolderStore } from "../../../sandbox/s3/folder-store.ts";
import { directoryForTest, patternedBytes, pieces, send, startForTest } from "./fixture.ts";

const CONTENT = patternedBytes(1_000);

async function startWithObject() {
  const sandbox = await startForTest();
  const headers = { "content-type": "image/jpeg", "x-amz-meta-driver": "Jürgen\r\nset-cookie: no" };
  const info = await sandbox.store.put({
    key: "x",
    modifiedMs: 0,
    headers,
    tags: [],
    body: pieces([CONTENT]),
  });
  const get = (sent: Record<string, string> = {}, method = "GET") =>
    send(`${sandbox.url}/photos/x`, { method, headers: sent });
  return { sandbox, get, etag: info.etag };
}

describe("reading an object", () => {
  it("gives bytes, length, ETag, time and type", async () => {
    const { get, etag } = await startWithObject();

    const response = await get();

    expect(response).toMatchObject({ status: 200, body: CONTENT });
    expect(response.headers).toMatchObject({
      "content-length": "1000",
      "content-type": "image/jpeg",
      "accept-ranges": "bytes",
      "last-modified": "Thu, 01 Jan 1970 00:00:00 GMT",
      etag: `"${etag}"`,
    });
  });

  it("writes what is not ASCII as RFC 2047 does, line ends included", async () => {
    const { get } = await startWithObject();

    const { headers } = await get();

    const encoded = Buffer.from("Jürgen\r\nset-cookie: no").toString("base64");
    expect(headers["x-amz-meta-driver"]).toBe(`=?UTF-8?B?${encoded}?=`);
    expect(headers).not.toHaveProperty("set-cookie");
  });

  it.each([
    ["bytes=0-0", 0, 1],
    ["bytes=100-199", 100, 200],
    ["bytes=900-", 900, 1_000],
    ["bytes=900-5000", 900, 1_000],
    ["bytes=-1", 999, 1_000],
    ["bytes=-5000", 0, 1_000],
  ])("gives the range %s as bytes %d to %d", async (range, start, end) => {
    const { get } = await startWithObject();

    const response = await get({ range });

    expect(response).toMatchObject({ status: 206, body: CONTENT.subarray(start, end) });
    expect(response.headers).toMatchObject({
      "content-range": `bytes ${start}-${end - 1}/1000`,
      "content-length": String(end - start),
    });
  });

  it.each(["bytes=1000-", "bytes=5000-6000", "bytes=-0"])(
    "answers 416 to %s, which is not there",
    async (range) => {
      const { get } = await startWithObject();

      const response = await get({ range });

      expect(response).toMatchObject({ status: 416, code: "InvalidRange" });
      expect(response.body.toString()).toContain("<ActualObjectSize>1000</ActualObjectSize>");
    },
  );

  it.each(["bytes=5-1", "bytes=-", "bytes=a-b", "lines=1-2", "bytes=0-1,5-6"])(
    "gives all of it for %s, which is no range to S3",
    async (range) => {
      const { get } = await startWithObject();

      const response = await get({ range });

      expect(response).toMatchObject({ status: 200, body: CONTENT });
    },
  );

  it("holds If-Match and If-None-Match against the ETag", async () => {
    const { get, etag } = await startWithObject();

    const statuses = [
      (await get({ "if-match": `"${etag}"` })).status,
      (await get({ "if-match": etag, range: "bytes=0-1" })).status,
      (await get({ "if-match": "*" })).status,
      (await get({ "if-match": '"other", "another"' })).status,
      (await get({ "if-match": '"other"', range: "bytes=5000-" })).status,
      (await get({ "if-none-match": `"other", W/"${etag}"` })).status,
      (await get({ "if-none-match": '"other"' })).status,
    ];

    expect(statuses).toEqual([200, 206, 200, 412, 412, 304, 200]);
  });

  it("gives the same headers without the bytes to HEAD, ranges and conditions included", async () => {
    const { get } = await startWithObject();

    for (const sent of [{}, { range: "bytes=10-19" }]) {
      const { status, headers, body } = await get(sent, "HEAD");
      const full = await get(sent);
      const { date: _d, "x-amz-request-id": _i, ...about } = full.headers;
      expect({ status, body: body.byteLength }).toEqual({ status: full.status, body: 0 });
      expect(headers).toMatchObject(about);
    }
    expect(await get({ "if-match": '"other"' }, "HEAD")).toMatchObject({
      status: 412,
      body: Buffer.alloc(0),
    });
  });

  it("answers for an object of no bytes", async () => {
    const { sandbox } = await startWithObject();
    await sandbox.store.put({ key: "empty", modifiedMs: 0, headers: {}, tags: [], body: pieces([]) });

    const whole = await send(`${sandbox.url}/photos/empty`, {});
    const range = await send(`${sandbox.url}/photos/empty`, { headers: { range: "bytes=0-" } });

    expect(whole).toMatchObject({ status: 200, headers: { "content-length": "0" } });
    expect(range).toMatchObject({ status: 416 });
  });

  it.each([
    ["/photos/nope", 404, "NoSuchKey"],
    ["/nowhere/x", 404, "NoSuchBucket"],
    ["/photos/%zz", 400, "InvalidURI"],
    ["/photos/%ff", 400, "InvalidURI"],
    ["/photos/x?versionId=1", 501, "NotImplemented"],
    ["/photos/x?acl", 501, "NotImplemented"],
    ["/photos", 501, "NotImplemented"],
  ])("answers %s with %d %s", async (path, status, code) => {
    const { sandbox } = await startWithObject();

    const response = await send(`${sandbox.url}${path}`, {});

    expect(response).toMatchObject({ status, code, headers: { "content-type": "application/xml" } });
  });

  it("takes a presigned URL, a plus for a space, and dots as they stand", async () => {
    const { sandbox } = await startWithObject();
    for (const key of ["a b+c", "../x"]) {
      await sandbox.store.put({ key, modifiedMs: 0, headers: {}, tags: [], body: pieces([key]) });
    }

    const contents = [
      await send(`${sandbox.url}/photos/a+b%2Bc?X-Amz-Signature=00&x-id=GetObject`, {}),
      await send(sandbox.url, { path: "/photos/../x" }),
    ].map(({ body }) => body.toString());

    expect(contents).toEqual(["a b+c", "../x"]);
  });
});

describe("a bucket that is a folder", () => {
  it("says why a file cannot be read, and refuses to be written to", async () => {
    const folder = join(await directoryForTest(), "folder");
    await mkdir(folder);
    await writeFile(join(folder, "1.jpg"), "photo");
    await symlink("nowhere", join(folder, "dangling.jpg"));
    const sandbox = await startForTest({ buckets: { photos: await createFolderStore(folder) } });

    const read = await send(`${sandbox.url}/photos/1.jpg`, {});
    const dangling = await send(`${sandbox.url}/photos/dangling.jpg`, {});
    const written = await send(`${sandbox.url}/photos/2.jpg`, { method: "PUT" }, "x");

    expect(read).toMatchObject({ status: 200, body: Buffer.from("photo") });
    expect(dangling).toMatchObject({ status: 403, code: "AccessDenied" });
    expect(dangling.body.toString()).toContain("it is a link that leads nowhere");
    expect(written).toMatchObject({ status: 403, code: "AccessDenied" });
  });
});
