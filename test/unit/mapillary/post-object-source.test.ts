import { createHash } from "node:crypto";
import { afterEach, describe, expect, it } from "vitest";
import { contentOf, destinationAt, NEVER, opening, payloadOf, shipmentOf } from "./bucket-account-fixture.ts";
import { BLOCK, countingSource, pause } from "./counting-source.ts";
import { answerText, startUploadServer, type UploadScript, type UploadServer } from "./upload-server.ts";

const MIB = 2 ** 20;

let server: UploadServer | undefined;
afterEach(async () => {
  await server?.stop();
  server = undefined;
});

async function serving(script: UploadScript): Promise<UploadServer> {
  server = await startUploadServer(script);
  return server;
}

describe("a source", () => {
  const silent: UploadScript = { onPost: (socket) => socket.write(answerText(204)) };

  it("that fails ends the attempt with its own error, and the server never has a whole body", async () => {
    const { url, posts, openConnections } = await serving(silent);
    const failure = new Error("the object vanished");
    const { shipment, payload } = countingSource(20, (index) => {
      if (index === 10) throw failure;
    });

    await expect(destinationAt(url).send(shipment, payload, NEVER)).rejects.toBe(failure);

    await expect.poll(openConnections).toBe(0);
    expect(posts).toHaveLength(0);
  });

  it.each([
    ["ends early", [BLOCK], BLOCK.byteLength + 1, "ended after 65536 of 65537 bytes"],
    ["has a byte too many", [BLOCK, Buffer.from("x")], BLOCK.byteLength, "longer than the 65536 bytes"],
    ["has one huge block too many", [BLOCK, BLOCK, BLOCK], 1, "longer than the 1 bytes"],
  ])(
    "that %s ends the attempt, and the server never has a whole body",
    async (_what, blocks, size, message) => {
      const { url, posts, openConnections } = await serving(silent);

      await expect(destinationAt(url).send(shipmentOf(size), payloadOf(...blocks), NEVER)).rejects.toThrow(
        message,
      );

      await expect.poll(openConnections).toBe(0);
      expect(posts).toHaveLength(0);
    },
  );

  it("whose head alone is too long ends the attempt", async () => {
    const { url, posts, openConnections } = await serving(silent);
    const content = { ...contentOf(), head: [BLOCK] };

    await expect(destinationAt(url).send(shipmentOf(10), opening(content), NEVER)).rejects.toThrow(
      "longer than the 10 bytes",
    );

    await expect.poll(openConnections).toBe(0);
    expect(posts).toHaveLength(0);
  });

  it("is not asked for more than the server takes", async () => {
    const { url } = await serving({ onHead: (socket) => socket.pause() });
    const { asked, shipment, payload } = countingSource(300);
    const stop = new AbortController();

    const sending = destinationAt(url).send(shipment, payload, stop.signal);
    await pause(300);
    const askedFirst = asked.blocks;
    await pause(100);

    expect(askedFirst).toBeLessThan(200);
    expect(asked.blocks).toBe(askedFirst);
    stop.abort();
    await expect(sending).rejects.toThrow();
  });

  it.each([0, 1])(
    "may use a block again once the next but one is asked for, with %d read before",
    async (read) => {
      const { url, posts } = await serving({
        onHead: (socket) => {
          socket.pause();
          setTimeout(() => socket.resume(), 100);
        },
        onPost: (socket) => socket.write(answerText(204)),
      });
      const pool = [Buffer.alloc(MIB), Buffer.alloc(MIB)];
      async function* pooled() {
        for (let block = 0; block < 15; block += 1) yield pool[block % 2]?.fill(block + 1) ?? BLOCK;
      }
      const rest = pooled();
      const head: Uint8Array[] = [];
      while (head.length < read) head.push((await rest.next()).value ?? BLOCK);

      const outcome = await destinationAt(url).send(shipmentOf(15 * MIB), opening({ head, rest }), NEVER);

      expect(outcome.kind).toBe("done");
      const body = posts[0]?.body ?? Buffer.alloc(0);
      const photo = body.subarray(body.indexOf(Buffer.from([1, 1, 1])), body.lastIndexOf("\r\n--"));
      const expected = Buffer.concat(Array.from({ length: 15 }, (_, block) => Buffer.alloc(MIB, block + 1)));
      expect(createHash("sha256").update(photo).digest("hex")).toBe(
        createHash("sha256").update(expected).digest("hex"),
      );
    },
  );
});
