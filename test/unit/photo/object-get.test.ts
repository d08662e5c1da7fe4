import type { Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, it } from "vitest";
import { createObjectReader, type ReadTimeouts } from "../../../lib/photo/object-get.http.ts";
import type { OpenPhoto } from "../../../lib/photo/photo.ts";
import { headOf, type RawServer, startRawServer } from "./raw-server.ts";

const NEVER = new AbortController().signal;
const BODY = "0123456789";
const servers: RawServer[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.stop()));
});

/** A server that answers so, and a reader of a photo of ten bytes from it. */
async function stage(answer: (socket: Socket) => void, timeouts: Partial<ReadTimeouts> = {}) {
  const server = await startRawServer("http", answer);
  servers.push(server);
  const reader = createObjectReader(timeouts);
  const open = (signal = NEVER, etag = "e1", url = `${server.url}/photo?sign=1`) =>
    reader.open({ url, etag, sizeBytes: BODY.length, name: '"s3://b/k"' }, signal);
  return { server, open };
}

async function readOf(photo: OpenPhoto | undefined): Promise<string> {
  let text = "";
  for (let next = await photo?.body.next(); next && !next.done; next = await photo?.body.next()) {
    text += Buffer.from(next.value).toString();
  }
  return text;
}

async function readAndClose(opening: Promise<OpenPhoto | undefined>): Promise<string> {
  const photo = await opening;
  const text = await readOf(photo);
  photo?.close();
  return text;
}

const sendWhole = (socket: Socket) => void socket.write(headOf(BODY.length) + BODY);

describe("connections", () => {
  it("are used again, one for each photo that is open", async () => {
    const { server, open } = await stage(sendWhole);

    const one = [await readAndClose(open()), await readAndClose(open())];
    const afterOne = server.connections.length;
    const two = await Promise.all([readAndClose(open()), readAndClose(open())]);

    expect([...one, ...two]).toEqual([BODY, BODY, BODY, BODY]);
    expect([afterOne, server.connections.length]).toEqual([1, 2]);
    expect(server.requests[0]).toMatch(
      /^GET \/photo\?sign=1 HTTP\/1\.1\r\nHost: 127\.0\.0\.1:\d+\r\nIf-Match: "e1"\r\n/,
    );
  });

  it("are closed when nobody needed them for a while", async () => {
    const { server, open } = await stage(sendWhole, { keepMs: 30 });

    await readAndClose(open());

    expect(server.open()).toBe(1);
    await expect.poll(() => server.open()).toBe(0);
  });

  it("are made anew when the server closed the kept one", async () => {
    const { server, open } = await stage(sendWhole);
    await readAndClose(open());
    server.connections[0]?.end();
    await expect.poll(() => server.open()).toBe(0);

    expect(await readAndClose(open())).toBe(BODY);
    expect(server.connections).toHaveLength(2);
  });

  it("are left to the other way when the kept one closes on the request", async () => {
    const used = new Set<Socket>();
    const { open } = await stage((socket) => {
      if (used.has(socket)) socket.destroy();
      else sendWhole(socket);
      used.add(socket);
    });
    await readAndClose(open());

    expect(await open()).toBeUndefined();
    expect(await readAndClose(open())).toBe(BODY);
  });

  it("are not kept when the server says so", async () => {
    const { server, open } = await stage(
      (socket) => void socket.write(headOf(BODY.length, "Connection: Close") + BODY),
    );

    expect(await readAndClose(open())).toBe(BODY);
    await expect.poll(() => server.open()).toBe(0);
  });

  it.each([
    ["with the photo", 0],
    ["behind it", 20],
  ])(
    "are dropped when surplus bytes come %s, and the photo is what was announced",
    async (_what, delayMs) => {
      const { server, open } = await stage((socket) => {
        if (delayMs === 0) socket.write(`${headOf(BODY.length) + BODY}surplus`);
        else {
          sendWhole(socket);
          setTimeout(() => socket.write("surplus"), delayMs);
        }
      });

      expect(await readAndClose(open())).toBe(BODY);
      await expect.poll(() => server.open()).toBe(0);
    },
  );
});

describe("an answer that is not simply the photo", () => {
  it.each([
    ["an error", "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"],
    ["a redirect", "HTTP/1.1 307 Temporary Redirect\r\nLocation: /\r\nContent-Length: 0\r\n\r\n"],
    ["an interim answer", `HTTP/1.1 100 Continue\r\n\r\n${headOf(10)}${BODY}`],
    ["a part", `HTTP/1.1 206 Partial Content\r\nETag: "e1"\r\nContent-Length: 10\r\n\r\n${BODY}`],
    ["another length", `${headOf(9)}012345678`],
    ["another ETag", headOf(10).replace("e1", "e2") + BODY],
    ["a weak ETag", headOf(10).replace('"e1"', 'W/"e1"') + BODY],
    ["two lengths", headOf(10, "content-length: 10") + BODY],
    ["chunks", `${headOf(10, "Transfer-Encoding: chunked")}a\r\n${BODY}\r\n0\r\n\r\n`],
    ["a coding", headOf(10, "Content-Encoding: gzip") + BODY],
    ["a folded header", headOf(10, "X-A: 1\r\n 2") + BODY],
    ["an old protocol", headOf(10).replace("1.1", "1.0") + BODY],
    ["another protocol", "SSH-2.0-OpenSSH_9.6\r\n\r\n"],
    ["a head without end", `${headOf(10).slice(0, -2)}X-Long: ${"x".repeat(20_000)}`],
  ])("is left to the other way: %s", async (_what, answer) => {
    const { server, open } = await stage((socket) => void socket.write(answer));

    expect(await open()).toBeUndefined();
    await expect.poll(() => server.open()).toBe(0);
  });

  it.each([
    ["nothing", ""],
    ["half a head", headOf(10).slice(0, 20)],
    ["a head alone", headOf(10)],
  ])("is left to the other way when %s came before the connection closed", async (_what, answer) => {
    const { open } = await stage((socket) => void socket.end(answer));

    expect(await open()).toBeUndefined();
  });

  it("is understood however it is cut", async () => {
    const { open } = await stage(async (socket) => {
      for (const byte of headOf(BODY.length) + BODY) {
        socket.write(byte);
        await sleep(1);
      }
    });

    expect(await readAndClose(open())).toBe(BODY);
  });
});

describe("reading", () => {
  const sendHalf = (socket: Socket) => void socket.write(headOf(BODY.length) + BODY.slice(0, 5));

  it("throws when the server closes in the middle", async () => {
    const { open } = await stage((socket) => void socket.end(headOf(BODY.length) + BODY.slice(0, 5)));

    const reading = readAndClose(open());

    await expect(reading).rejects.toThrow('"s3://b/k" ended after 5 of 10 bytes');
  });

  it("throws when the server falls silent, and drops the connection", async () => {
    const { server, open } = await stage(sendHalf, { idleMs: 40 });

    await expect(readAndClose(open())).rejects.toThrow('"s3://b/k": no byte came for 40 ms');
    await expect.poll(() => server.open()).toBe(0);
  });

  it("is left to the other way when the server is silent from the start, or nobody is there", async () => {
    const { server, open } = await stage(() => {}, { idleMs: 40 });
    const silent = await open();
    await server.stop();
    servers.splice(0);

    expect([silent, await open()]).toEqual([undefined, undefined]);
  });

  it("is left to the other way when the connection does not come to stand", async () => {
    const { server, open } = await stage(() => {}, { connectMs: 40 });

    expect(await open(NEVER, "e1", `${server.url.replace("http:", "https:")}/photo`)).toBeUndefined();
    await expect.poll(() => server.open()).toBe(0);
  });

  it("throws the signal's reason before the answer and in the middle, and drops the connection", async () => {
    const reason = new Error("the function is about to end");
    const silent = await stage(() => {});
    const half = await stage(sendHalf);
    const stop = new AbortController();
    const opening = silent.open(stop.signal);
    const reading = half.open(stop.signal).then(readOf);
    setTimeout(() => stop.abort(reason), 30);

    await expect(opening).rejects.toBe(reason);
    await expect(reading).rejects.toBe(reason);
    await expect(half.open(stop.signal)).rejects.toBe(reason);
    await expect.poll(() => silent.server.open() + half.server.open()).toBe(0);
  });

  it("ends when the photo is closed early, and drops the connection", async () => {
    const { server, open } = await stage(sendHalf);
    const photo = await open();
    await photo?.body.next();
    const waiting = photo?.body.next();

    photo?.close();
    photo?.close();

    await expect(waiting).rejects.toThrow("was closed");
    await expect(photo?.body.next()).rejects.toThrow("was closed");
    await expect.poll(() => server.open()).toBe(0);
  });

  it("refuses to be asked for two blocks at once", async () => {
    const { open } = await stage(sendHalf);
    const photo = await open();
    await photo?.body.next();
    const waiting = photo?.body.next();

    await expect(photo?.body.next()).rejects.toThrow("asked for");

    photo?.close();
    await expect(waiting).rejects.toThrow();
  });
});

it.each(["e\r\nX-Evil: 1", 'e"', "e e", "ä"])("sends no request with the ETag %j", async (etag) => {
  const { server, open } = await stage(sendWhole);

  expect(await open(NEVER, etag)).toBeUndefined();
  expect(server.connections).toHaveLength(0);
});
