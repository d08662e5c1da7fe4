import { getEventListeners } from "node:events";
import { afterEach, describe, expect, it } from "vitest";
import { destinationAt, NEVER, payloadOf, shipmentOf } from "./bucket-account-fixture.ts";
import { countingSource, pause } from "./counting-source.ts";
import {
  answerText,
  s3ErrorText,
  startUploadServer,
  type UploadScript,
  type UploadServer,
} from "./upload-server.ts";

let server: UploadServer | undefined;
afterEach(async () => {
  await server?.stop();
  server = undefined;
});

async function serving(script: UploadScript): Promise<UploadServer> {
  server = await startUploadServer(script);
  return server;
}

describe("a time limit", () => {
  it("ends an attempt whose connection never stands", async () => {
    // TCP connects; the TLS handshake is never answered.
    const { url } = await serving({ onHead: () => {} });
    const destination = destinationAt(url.replace("http:", "https:"), { timeouts: { connectMs: 80 } });

    const outcome = await destination.send(shipmentOf(1), payloadOf(Buffer.from("x")), NEVER);

    expect(outcome).toEqual({
      kind: "later",
      code: "connect-timeout",
      message: "no connection within 80 ms",
    });
  });

  it.each([
    ["does not answer", {}, 1],
    ["does not read", { onHead: (socket) => socket.pause() } satisfies UploadScript, 300],
  ])("ends an attempt when the server %s", async (_what, script: UploadScript, blocks) => {
    const { url } = await serving(script);
    const { shipment, payload } = countingSource(blocks);

    const outcome = await destinationAt(url, { timeouts: { idleMs: 100 } }).send(shipment, payload, NEVER);

    expect(outcome).toMatchObject({ kind: "later", code: "idle-timeout" });
  });

  it("does not blame the server for a slow source", async () => {
    const { url } = await serving({ onPost: (socket) => socket.write(answerText(204)) });
    const { shipment, payload } = countingSource(1, () => pause(1_200));

    const outcome = await destinationAt(url, { timeouts: { idleMs: 500 } }).send(shipment, payload, NEVER);

    expect(outcome.kind).toBe("done");
  });

  it("ends an attempt that takes too long over all", async () => {
    const { url } = await serving({ onPost: (socket) => socket.write(answerText(204)) });
    const { shipment, payload } = countingSource(300, () => pause(10));

    const outcome = await destinationAt(url, { timeouts: { overallMs: 150 } }).send(shipment, payload, NEVER);

    expect(outcome).toEqual({ kind: "later", code: "overall-timeout", message: "not done within 150 ms" });
  });

  it("does not take an answer back whose body never ends", async () => {
    const { url } = await serving({
      onPost: (socket) =>
        socket.write(answerText(403, s3ErrorText("AccessDenied", "no"), { "Content-Length": "9999" })),
    });

    const outcome = await destinationAt(url, { timeouts: { idleMs: 100 } }).send(
      shipmentOf(1),
      payloadOf(Buffer.from("x")),
      NEVER,
    );

    expect(outcome).toMatchObject({ kind: "never", scope: "account", code: "AccessDenied" });
  });
});

describe("the signal", () => {
  const reason = new Error("the function is about to end");

  it("keeps an attempt from beginning", async () => {
    const { url, connections } = await serving({});

    const sending = destinationAt(url).send(shipmentOf(1), payloadOf(), AbortSignal.abort(reason));

    await expect(sending).rejects.toBe(reason);
    expect(connections()).toBe(0);
  });

  it.each([
    ["a body under way", 300, () => {}],
    [
      "a source that says nothing",
      2,
      (index: number) => (index === 1 ? new Promise<void>(() => {}) : undefined),
    ],
    ["an answer waited for", 1, () => {}],
  ])("ends %s", async (_what, blocks, beforeBlock) => {
    const { url } = await serving({ onHead: (socket) => blocks === 300 && socket.pause() });
    const { shipment, payload } = countingSource(blocks, beforeBlock);
    const stop = new AbortController();

    const sending = destinationAt(url).send(shipment, payload, stop.signal);
    setTimeout(() => stop.abort(reason), 60);

    await expect(sending).rejects.toBe(reason);
  });

  it("is the error that comes out, not what the source makes of it", async () => {
    const { url } = await serving({});
    const stop = new AbortController();
    // Hears of it before the attempt does.
    const failing = new Promise<void>((_, fail) => {
      stop.signal.addEventListener("abort", () => fail(new Error("premature close")));
    });
    const { shipment, payload } = countingSource(2, (index) => (index === 1 ? failing : undefined));

    const sending = destinationAt(url).send(shipment, payload, stop.signal);
    setTimeout(() => stop.abort(reason), 60);

    await expect(sending).rejects.toBe(reason);
  });

  it("is not listened to when the attempt is over", async () => {
    const { url } = await serving({ onPost: (socket) => socket.write(answerText(204)) });
    const { signal } = new AbortController();

    await destinationAt(url).send(shipmentOf(1), payloadOf(Buffer.from("x")), signal);

    expect(getEventListeners(signal, "abort")).toHaveLength(0);
  });

  it("does not take back an answer that has come", async () => {
    const stop = new AbortController();
    const { url } = await serving({
      onPost(socket) {
        socket.write(answerText(200, "", { "Content-Length": "9" }));
        setTimeout(() => stop.abort(reason), 60);
      },
    });

    const outcome = await destinationAt(url).send(shipmentOf(1), payloadOf(Buffer.from("x")), stop.signal);

    expect(outcome.kind).toBe("done");
  });
});
