import { readdir } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { createFaults } from "../../../sandbox/faults.ts";
import { createDiskStore } from "../../../sandbox/s3/disk-store.ts";
import { startS3Sandbox } from "../../../sandbox/s3/server.ts";
import type { S3Operation } from "../../../sandbox/s3/service.ts";
import { directoryForTest, patternedBytes, pieces, send, sendAndHangUp, startForTest } from "./fixture.ts";
import { encodeForm, formType } from "./form.ts";

async function startOnDisk() {
  const directory = await directoryForTest();
  const created: string[] = [];
  const sandbox = await startForTest({
    buckets: { photos: await createDiskStore(directory) },
    onCreated: ({ key }) => void created.push(key),
  });
  return { sandbox, directory, created };
}

describe("a client that goes away in the middle of its body", () => {
  const form = encodeForm([
    { name: "key", value: "x" },
    { name: "file", value: patternedBytes(300_000) },
  ]);

  it.each([
    ["in the fields of a form", 60],
    ["in the file of a form", 200_000],
    ["in the closing boundary of a form", form.byteLength - 5],
    ["a byte before the end of a form", form.byteLength - 1],
  ])("leaves nothing behind when it goes %s", async (_, bytes) => {
    const { sandbox, directory, created } = await startOnDisk();
    const head = `POST /photos HTTP/1.1\nHost: x\nContent-Type: ${formType()}\nContent-Length: ${form.byteLength}`;

    const half = { head, body: form.subarray(0, bytes) };
    // The store has begun to write once the file has begun to come.
    const isMidway = async () =>
      bytes < 200 ? sandbox.requests.count() === 1 : (await readdir(directory)).length === 1;

    await sendAndHangUp(sandbox, half, isMidway);

    await expect.poll(() => readdir(directory)).toEqual([]);
    expect(created).toEqual([]);
  });

  it.each([
    ["a plain PUT", "Content-Length: 300000"],
    [
      "a framed PUT",
      "Content-Length: 300100\nContent-Encoding: aws-chunked\nX-Amz-Decoded-Content-Length: 300000",
    ],
  ])("leaves nothing behind of %s", async (_, headers) => {
    const { sandbox, directory, created } = await startOnDisk();
    const body = Buffer.concat([Buffer.from("493e0\r\n"), patternedBytes(200_000)]);

    const half = { head: `PUT /photos/x HTTP/1.1\nHost: x\n${headers}`, body };

    await sendAndHangUp(sandbox, half, async () => (await readdir(directory)).length === 1);

    await expect.poll(() => readdir(directory)).toEqual([]);
    expect(created).toEqual([]);
  });

  it("does not bring the server down", async () => {
    const { sandbox } = await startOnDisk();
    const half = { head: "PUT /photos/x HTTP/1.1\nHost: x\nContent-Length: 10", body: Buffer.from("half") };
    await sendAndHangUp(sandbox, half, () => sandbox.requests.count() === 1);

    const response = await send(`${sandbox.url}/photos/y`, { method: "PUT" }, "whole");

    expect(response.status).toBe(200);
  });
});

describe("stopping", () => {
  it("does not wait for slow requests, and can be done twice", async () => {
    const faults = createFaults<S3Operation>({
      shares: [{ share: 1, fault: { kind: "slow", delayMs: 60_000 } }],
    });
    const sandbox = await startForTest({ faults });
    await sandbox.store.put({ key: "x", modifiedMs: 0, headers: {}, tags: [], body: pieces(["x"]) });
    const outcome = send(`${sandbox.url}/photos/x`, {}).catch((error: Error) => error);
    await expect.poll(() => sandbox.requests.count("GetObject")).toBe(1);

    await sandbox.stop();
    await sandbox.stop();

    expect(await outcome).toBeInstanceOf(Error);
    await expect(fetch(sandbox.url)).rejects.toThrow();
  });

  it("frees the port, so that a sandbox can be started again where it was", async () => {
    const first = await startForTest();
    const port = Number(new URL(first.url).port);
    await expect(startS3Sandbox({ buckets: {}, port })).rejects.toThrow("EADDRINUSE");
    await first.stop();

    const second = await startForTest({ port });

    expect(second.url).toBe(first.url);
  });

  it("is reached on this machine only", async () => {
    const sandbox = await startForTest();

    expect(new URL(sandbox.url).hostname).toBe("127.0.0.1");
  });
});
