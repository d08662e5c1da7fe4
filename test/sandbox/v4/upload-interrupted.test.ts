import { once } from "node:events";
import { Agent, request } from "node:http";
import { text } from "node:stream/consumers";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { openFolderStorage } from "../../../sandbox/v4/folder-storage.ts";
import type { V4StandIn } from "../../../sandbox/v4/stand-in.ts";
import {
  beginPost,
  directoryForTest,
  fieldOf,
  imageOf,
  KEY,
  offsetOf,
  pathOf,
  patternedBytes,
  post,
  sha256,
  startForTest,
} from "./fixture.ts";

const FILE = patternedBytes(600_000);

const PLACES: [string, () => Promise<V4StandIn>][] = [
  ["in memory", () => startForTest()],
  ["in a folder", async () => startForTest({ storage: await openFolderStorage(await directoryForTest()) })],
];

describe.each(PLACES)("a client that goes away, bytes kept %s", (_, start) => {
  it.each([1, 65_536, 599_999])("leaves the %d bytes that arrived, and can go on", async (sentBytes) => {
    const standIn = await start();
    const body = FILE.subarray(0, sentBytes);
    const { socket } = await beginPost(standIn, { sizeBytes: FILE.byteLength, body });
    await expect.poll(() => offsetOf(standIn)).toBe(sentBytes);

    socket.destroy();
    await expect
      .poll(async () => (await post(standIn, FILE.subarray(sentBytes), { offset: sentBytes })).status)
      .toBe(200);

    expect(await offsetOf(standIn)).toBe(FILE.byteLength);
    const again = await post(standIn, Buffer.alloc(0), { offset: FILE.byteLength });
    const content = await imageOf(standIn, fieldOf(again.json, "h"));
    expect(content.equals(FILE)).toBe(true);
  });

  it("leaves all that it sent when it closes in order", async () => {
    const standIn = await start();
    const body = FILE.subarray(0, 123_456);
    const { socket } = await beginPost(standIn, { sizeBytes: FILE.byteLength, body });

    socket.end();
    await once(socket, "close");

    await expect.poll(() => offsetOf(standIn)).toBe(123_456);
    expect(standIn.requests.entries(KEY)[0]).toMatchObject({ bytesReceived: 123_456, status: undefined });
  });

  it("gets no handle for a body shorter than announced, even when it waits for an answer", async () => {
    const standIn = await start();
    const { socket, answered } = await beginPost(standIn, { sizeBytes: 10, body: FILE.subarray(0, 9) });

    socket.end();

    expect(await answered).not.toMatch(/"h"/);
    expect(standIn.requests.countAnswers("PostBytes", 200)).toBe(0);
  });
});

describe("two requests for one session", () => {
  it("answers the second 412 while the first is under way, and lets the first end well", async () => {
    const standIn = await startForTest();
    const half = { sizeBytes: FILE.byteLength, body: FILE.subarray(0, 300_000) };
    const first = await beginPost(standIn, half);
    await expect.poll(() => offsetOf(standIn)).toBe(300_000);

    const second = await post(standIn, FILE.subarray(300_000), { offset: 300_000 });
    first.socket.write(FILE.subarray(300_000));
    await expect.poll(() => standIn.requests.countAnswers("PostBytes", 200)).toBe(1);
    first.socket.end();

    expect(second.status).toBe(412);
    expect(await first.answered).toMatch(/^HTTP\/1.1 200 /);
    expect(await offsetOf(standIn)).toBe(FILE.byteLength);
  });

  it("keeps one of many that race, whole", async () => {
    const standIn = await startForTest();

    const answers = await Promise.all(Array.from({ length: 20 }, () => post(standIn, FILE)));

    const statuses = answers.map(({ status }) => status).toSorted();
    expect(statuses).toEqual([200, ...Array.from({ length: 19 }, () => 412)]);
    expect(await offsetOf(standIn)).toBe(FILE.byteLength);
  });

  it("lets one that is refused read why while it is still sending, and go on over the same connection", async () => {
    const standIn = await startForTest();
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const headers = { authorization: `OAuth ${standIn.users[0]?.accessToken}`, offset: "7" };
    const send = async (body: Uint8Array) => {
      const sent = request(`${standIn.url}${pathOf(KEY)}`, { method: "POST", agent, headers });
      sent.end(body);
      const [response] = await once(sent, "response");
      return { status: response.statusCode, body: await text(response), port: sent.socket?.localPort };
    };

    const first = await send(Buffer.alloc(20 * 2 ** 20));
    const second = await send(Buffer.alloc(10));

    agent.destroy();
    expect(first).toMatchObject({ status: 412, body: expect.stringContaining("OffsetInvalidError") });
    expect(second).toMatchObject({ status: 412, port: first.port });
  });
});

describe("a session that is forgotten", () => {
  it("stands at 0, and its key keeps its handle and the handle its old bytes until there are new ones", async () => {
    const standIn = await startForTest();
    const first = await post(standIn, FILE);
    const handle = String(fieldOf(first.json, "h"));

    await standIn.forgetSession(KEY);
    const offset = await offsetOf(standIn);
    const early = await post(standIn, Buffer.alloc(0), { offset: FILE.byteLength });
    const whole = { "x-entity-length": "5000" };
    await post(standIn, FILE.subarray(0, 1_000), { headers: whole });
    const before = await imageOf(standIn, handle);
    const second = await post(standIn, FILE.subarray(1_000, 5_000), { offset: 1_000, headers: whole });
    const after = await imageOf(standIn, handle);

    expect([offset, early.status, second.status]).toEqual([0, 412, 200]);
    expect(second.json).toEqual(first.json);
    expect(before.equals(FILE)).toBe(true);
    expect(after.equals(FILE.subarray(0, 5_000))).toBe(true);
  });

  it("answers 412 to the request that was adding to it", async () => {
    const standIn = await startForTest();
    const half = { sizeBytes: FILE.byteLength, body: FILE.subarray(0, 300_000) };
    const { socket, answered } = await beginPost(standIn, half);
    await expect.poll(() => offsetOf(standIn)).toBe(300_000);

    await standIn.forgetSession(KEY);
    socket.write(FILE.subarray(300_000));
    await expect.poll(() => standIn.requests.countAnswers("PostBytes", 412)).toBe(1);
    socket.end();

    expect(await answered).toMatch(/^HTTP\/1.1 412 /);
    expect(await offsetOf(standIn)).toBe(0);
  });
});

describe("an upload in pieces", () => {
  const piece = fc.record({
    bytes: fc.nat({ max: 100_000 }),
    end: fc.constantFrom("go-on", "hang-up", "restart"),
  });

  it("is the file in the end, whatever it was cut by", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { maxLength: 6 }), async (pieces) => {
        const directory = await directoryForTest();
        let standIn = await startForTest({ storage: await openFolderStorage(directory) });
        const headers = { "x-entity-length": String(FILE.byteLength) };
        for (const { bytes, end } of pieces) {
          const offset = Number(await offsetOf(standIn));
          const body = FILE.subarray(offset, offset + bytes);
          if (end === "go-on") {
            expect((await post(standIn, body, { offset, headers })).status).toBe(206);
            continue;
          }
          const { socket } = await beginPost(standIn, { offset, sizeBytes: FILE.byteLength, body });
          await expect.poll(() => offsetOf(standIn), { interval: 1 }).toBe(offset + body.byteLength);
          if (end === "hang-up") socket.destroy();
          else {
            await standIn.stop();
            standIn = await startForTest({ storage: await openFolderStorage(directory) });
          }
          await expect.poll(async () => await isFree(standIn), { interval: 1 }).toBe(true);
        }
        const offset = Number(await offsetOf(standIn));
        const last = await post(standIn, FILE.subarray(offset), { offset, headers });
        const content = await imageOf(standIn, fieldOf(last.json, "h"));
        await standIn.stop();

        expect(sha256(content)).toBe(sha256(FILE));
      }),
      { numRuns: 15 },
    );
  });
});

/** Whether nobody is adding to the session any more: an empty piece at its end is taken. */
async function isFree(standIn: V4StandIn): Promise<boolean> {
  const offset = Number(await offsetOf(standIn));
  const headers = { "x-entity-length": String(FILE.byteLength) };
  return (await post(standIn, Buffer.alloc(0), { offset, headers })).status === 206;
}
