import { afterEach, describe, expect, it } from "vitest";
import {
  destinationAt,
  finishOf,
  NEVER,
  payloadOf,
  SEQUENCE_ID,
  shipmentOf,
} from "./bucket-account-fixture.ts";
import { countingSource, pause } from "./counting-source.ts";
import {
  answerText,
  s3ErrorText,
  startUploadServer,
  type UploadScript,
  type UploadServer,
} from "./upload-server.ts";

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

describe("an answer that comes before the photo is sent", () => {
  it("is the verdict, also when the connection is reset behind it, and no more is read", async () => {
    const { url } = await serving({
      onHead(socket) {
        socket.pause();
        socket.write(answerText(403, s3ErrorText("AccessDenied", "Policy expired")));
        setTimeout(() => socket.resetAndDestroy(), 20);
      },
    });
    const { asked, shipment, payload } = countingSource(300);

    const outcome = await destinationAt(url).send(shipment, payload, NEVER);

    expect(outcome).toMatchObject({ kind: "never", scope: "account", message: "Policy expired" });
    const askedAtOnce = asked.blocks;
    expect(askedAtOnce).toBeLessThan(300);
    await pause(50);
    expect(asked).toEqual({ blocks: askedAtOnce, closed: false });
  });

  it("does not wait for a source that has nothing to give", async () => {
    const { url } = await serving({ onHead: (socket) => socket.write(answerText(403)) });
    const { shipment, payload } = countingSource(2, (index) =>
      index === 1 ? new Promise(() => {}) : undefined,
    );

    const outcome = await destinationAt(url).send(shipment, payload, NEVER);

    expect(outcome).toMatchObject({ kind: "never", scope: "account" });
  });

  it("outlives a source that fails afterwards", async () => {
    const { url } = await serving({ onHead: (socket) => socket.write(answerText(403)) });
    const { shipment, payload } = countingSource(2, async (index) => {
      if (index === 0) return;
      await pause(100);
      throw new Error("too late to matter");
    });

    const outcome = await destinationAt(url).send(shipment, payload, NEVER);
    await pause(150);

    expect(outcome).toMatchObject({ kind: "never", scope: "account" });
  });

  it("is no success, however good it sounds", async () => {
    const { url, posts } = await serving({ onHead: (socket) => socket.pause().write(answerText(204)) });
    const { shipment, payload } = countingSource(300);

    const outcome = await destinationAt(url).send(shipment, payload, NEVER);

    expect(outcome).toMatchObject({ kind: "later", code: "answered-early" });
    expect(posts).toHaveLength(0);
  });

  it("is no success while the last block is on this side of the connection", async () => {
    const { url } = await serving({ onHead: (socket) => socket.pause().write(answerText(204)) });
    const photo = Buffer.alloc(19 * MIB);

    const outcome = await destinationAt(url).send(shipmentOf(photo.byteLength), payloadOf(photo), NEVER);

    expect(outcome).toMatchObject({ kind: "later", code: "answered-early" });
  });

  it("stands when its body is cut off, except where the body would tell", async () => {
    const { url } = await serving({
      onPost(socket, { body }) {
        const status = body.includes("forbidden.jpg") ? 403 : 400;
        socket.end(answerText(status, "<Error><Co", { "Content-Length": "500" }));
      },
    });
    const send = (filename: string) =>
      destinationAt(url).send(shipmentOf(1, filename), payloadOf(Buffer.from("x")), NEVER);

    expect(await send("forbidden.jpg")).toMatchObject({ kind: "never", scope: "account", code: "http-403" });
    expect(await send("bad.jpg")).toMatchObject({ kind: "later", code: "http-400" });
  });
});

describe("a connection that breaks", () => {
  const small = () => [shipmentOf(1), payloadOf(Buffer.from("x")), NEVER] as const;

  it("is called stale when it had served before", async () => {
    let requests = 0;
    const { url } = await serving({
      onPost(socket) {
        requests += 1;
        if (requests === 1) socket.write(answerText(204));
        else socket.resetAndDestroy();
      },
    });
    const destination = destinationAt(url);

    expect(await destination.send(...small())).toMatchObject({ kind: "done" });
    expect(await destination.send(...small())).toMatchObject({ kind: "later", code: "stale-connection" });
    expect(await destination.send(...small())).toMatchObject({ kind: "later", code: "ECONNRESET" });
  });

  it("sends the photo back to the queue under Node's code", async () => {
    const { url, stop } = await serving({});
    await stop();
    server = undefined;

    const outcome = await destinationAt(url).send(...small());

    expect(outcome).toMatchObject({ kind: "later", code: "ECONNREFUSED" });
  });

  it("in the middle of a photo leaves nothing behind", async () => {
    const { url, posts } = await serving({
      onHead: (socket) => setTimeout(() => socket.resetAndDestroy(), 30),
    });
    const { shipment, payload } = countingSource(300, () => pause(5));

    const outcome = await destinationAt(url).send(shipment, payload, NEVER);

    expect(outcome).toMatchObject({ kind: "later", code: expect.stringMatching(/^(ECONNRESET|EPIPE)$/) });
    expect(posts).toHaveLength(0);
  });

  it("or that speaks no HTTP is tried again later", async () => {
    const { url } = await serving({ onPost: (socket) => socket.end("220 smtp ready\r\n") });

    const outcome = await destinationAt(url).send(...small());

    expect(outcome).toMatchObject({ kind: "later", code: expect.stringMatching(/^HPE_/) });
  });

  it("leaves a finish unknown, unless it never stood", async () => {
    const lost = await serving({ onPost: (socket) => socket.destroy() });
    const { url } = lost;

    expect(await destinationAt(url).finish(finishOf(SEQUENCE_ID), NEVER)).toMatchObject({ kind: "unknown" });
    await lost.stop();
    server = undefined;
    expect(await destinationAt(url).finish(finishOf(SEQUENCE_ID), NEVER)).toMatchObject({ kind: "later" });
  });
});
