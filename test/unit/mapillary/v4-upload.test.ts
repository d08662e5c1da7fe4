import { describe, expect, it } from "vitest";
import type { Destination } from "../../../lib/mapillary/destination.ts";
import type { V4StandIn } from "../../../sandbox/v4/stand-in.ts";
import {
  destinationTo,
  imageOf,
  KEY,
  NEVER,
  payloadOf,
  photoOf,
  shipmentOf,
  startForTest,
} from "./v4-fixture.ts";

const PHOTO = photoOf(300_000);

const send = (destination: Destination, photo: Uint8Array = PHOTO, payload = payloadOf(photo)) =>
  destination.send(shipmentOf(photo), payload, NEVER);

/** Requests about the session, in a word each. */
const talkOf = (standIn: V4StandIn) =>
  standIn.requests
    .entries(KEY)
    .map(
      ({ operation, offset, status }) => `${operation}${offset === undefined ? "" : ` ${offset}`} ${status}`,
    );

describe("a photo", () => {
  it("is asked about, sent, and named by its handle", async () => {
    const standIn = await startForTest();

    const outcome = await send(destinationTo(standIn));

    expect(outcome).toEqual({ kind: "done", destination: expect.stringMatching(/^3:/) });
    expect(talkOf(standIn)).toEqual(["GetOffset 200", "PostBytes 0 200"]);
    expect((await imageOf(standIn, "destination" in outcome ? outcome.destination : "")).equals(PHOTO)).toBe(
      true,
    );
  });

  it("that is there already is not read, and has the same handle", async () => {
    const standIn = await startForTest();
    const destination = destinationTo(standIn);
    const first = await send(destination);
    const payload = payloadOf(PHOTO);

    const second = await send(destination, PHOTO, payload);

    expect(second).toEqual(first);
    expect(payload.opens).toEqual([]);
    expect(talkOf(standIn).slice(2)).toEqual(["GetOffset 200", "PostBytes 300000 200"]);
  });

  it("goes on where another worker's connection broke", async () => {
    const standIn = await startForTest({ faults: { dropAfterBytes: 123_456, dropOn: "first" } });
    const payload = payloadOf(PHOTO);

    const broken = await send(destinationTo(standIn));
    const outcome = await send(destinationTo(standIn), PHOTO, payload);

    expect(broken).toMatchObject({ kind: "later", code: expect.stringMatching(/^(ECONNRESET|EPIPE)$/) });
    expect(outcome.kind).toBe("done");
    expect(payload.opens).toEqual([123_456]);
  });

  it.each([1, 2, 65_536, 65_537, 1_000_000])("of %i bytes arrives as it is", async (size) => {
    const standIn = await startForTest();
    const photo = photoOf(size);

    const outcome = await send(destinationTo(standIn), photo);

    expect((await imageOf(standIn, "destination" in outcome ? outcome.destination : "")).equals(photo)).toBe(
      true,
    );
  });
});

it("is as it was lent, also when its last block is taken back before its end is known", async () => {
  const standIn = await startForTest();
  const block = Buffer.from(PHOTO);
  async function* rest(): AsyncGenerator<Uint8Array> {
    yield block;
    yield Buffer.alloc(0);
    block.fill(0);
  }
  const open = async () => ({ head: [], rest: rest() });

  const outcome = await destinationTo(standIn).send(shipmentOf(PHOTO), { open }, NEVER);

  expect((await imageOf(standIn, "destination" in outcome ? outcome.destination : "")).equals(PHOTO)).toBe(
    true,
  );
});

describe("a session that stands elsewhere", () => {
  it("is asked anew at once", async () => {
    const standIn = await startForTest({ faults: { offsetInvalidOnce: true } });

    const outcome = await send(destinationTo(standIn));

    expect(outcome.kind).toBe("done");
    expect(talkOf(standIn)).toEqual(["GetOffset 200", "PostBytes 0 412", "GetOffset 200", "PostBytes 0 200"]);
  });

  it("is left alone for a while when it says so every time", async () => {
    const standIn = await startForTest();
    const fault = { kind: "answer", when: "before", status: 412, code: "OffsetInvalidError" } as const;
    standIn.faults.script(...Array.from({ length: 9 }, () => ({ on: "PostBytes", fault }) as const));

    const outcome = await send(destinationTo(standIn));

    expect(outcome).toMatchObject({ kind: "later", code: "offset-invalid" });
    expect(standIn.requests.count("PostBytes")).toBe(3);
  });

  it("is gone on with after a part was taken for a part", async () => {
    const standIn = await startForTest();
    const body = JSON.stringify({ debug_info: { retriable: true, type: "PartialRequestError" } });
    standIn.faults.script({
      on: "PostBytes",
      fault: { kind: "answer", when: "before", status: 206, code: "PartialRequestError", body },
    });

    expect((await send(destinationTo(standIn))).kind).toBe("done");
  });

  it("begins from nothing when it was forgotten between two attempts", async () => {
    const standIn = await startForTest({
      faults: { dropAfterBytes: 100_000, dropOn: "first", forgetSessionOnce: true },
    });
    const destination = destinationTo(standIn);
    const payload = payloadOf(PHOTO);

    await send(destination);
    const outcome = await send(destination, PHOTO, payload);

    expect(payload.opens).toEqual([0]);
    expect((await imageOf(standIn, "destination" in outcome ? outcome.destination : "")).equals(PHOTO)).toBe(
      true,
    );
  });

  it("that holds more than the photo waits to be forgotten", async () => {
    const standIn = await startForTest();
    const destination = destinationTo(standIn);
    await send(destination);

    const outcome = await send(destination, PHOTO.subarray(0, 10));

    expect(outcome).toEqual({
      kind: "later",
      code: "session-spoilt",
      message: "the session holds 300000 bytes, the file has 10",
    });
    expect(standIn.requests.count("PostBytes")).toBe(1);
  });
});

describe("a payload that breaks its promise", () => {
  /** Waits until the stand-in has noticed that the connection is broken. */
  const afterwards = async (standIn: V4StandIn) => {
    await standIn.stop();
    const [post] = standIn.requests.entries(KEY).filter(({ operation }) => operation === "PostBytes");
    return { bytesKept: post?.bytesKept ?? 0, status: post?.status };
  };

  it.each([
    ["a byte short", PHOTO.subarray(1), 64 * 1024, "the photo ended after 299999 of 300000 bytes"],
    ["a byte long", Buffer.concat([PHOTO, Buffer.from("x")]), 300_000, "longer than the 300000 bytes"],
    ["a block long", Buffer.concat([PHOTO, PHOTO]), 300_000, "longer than the 300000 bytes"],
  ])(
    "by being %s never becomes a photo, and the connection is broken",
    async (_what, bytes, blockBytes, message) => {
      const standIn = await startForTest();
      const payload = payloadOf(bytes, { blockBytes });

      const sending = destinationTo(standIn).send(shipmentOf(PHOTO), payload, NEVER);

      await expect(sending).rejects.toThrow(message);
      const { bytesKept, status } = await afterwards(standIn);
      expect(bytesKept).toBeLessThan(PHOTO.byteLength);
      expect(status).toBeUndefined();
    },
  );

  it.each([
    ["failing", () => Promise.reject(new Error("the length was wrong after all")), "wrong after all"],
    ["going on", async () => Buffer.from("x"), "longer than the 300000 bytes"],
  ])("by %s when all its bytes have arrived never becomes a photo", async (_what, more, message) => {
    const standIn = await startForTest();
    async function* rest(): AsyncGenerator<Uint8Array> {
      yield PHOTO.subarray(1_000);
      await expect.poll(() => standIn.requests.entries(KEY).at(-1)?.bytesKept).toBe(PHOTO.byteLength - 1);
      yield await more();
    }
    const open = async () => ({ head: [PHOTO.subarray(0, 1_000)], rest: rest() });

    await expect(destinationTo(standIn).send(shipmentOf(PHOTO), { open }, NEVER)).rejects.toThrow(message);

    expect(await afterwards(standIn)).toEqual({ bytesKept: PHOTO.byteLength - 1, status: undefined });
  });

  it("by not opening is the payload's error", async () => {
    const standIn = await startForTest();
    const failure = new Error("the object is gone");

    const sending = destinationTo(standIn).send(
      shipmentOf(PHOTO),
      { open: () => Promise.reject(failure) },
      NEVER,
    );

    await expect(sending).rejects.toBe(failure);
    expect(standIn.requests.count("PostBytes")).toBe(0);
  });
});

describe("the signal", () => {
  it("ends an attempt with its reason, and leaves what arrived for the next", async () => {
    const standIn = await startForTest();
    const stop = new AbortController();
    const reason = new Error("the function is about to end");
    const payload = payloadOf(PHOTO, {
      before: async (block) => {
        if (block !== 3) return;
        await expect.poll(() => standIn.requests.entries(KEY).at(-1)?.bytesKept ?? 0).toBe(3 * 2 ** 16);
        stop.abort(reason);
        await new Promise(() => {});
      },
    });
    const destination = destinationTo(standIn);

    await expect(destination.send(shipmentOf(PHOTO), payload, stop.signal)).rejects.toBe(reason);
    const next = payloadOf(PHOTO);
    const outcome = await send(destination, PHOTO, next);

    expect(outcome.kind).toBe("done");
    expect(next.opens).toEqual([3 * 2 ** 16]);
  });

  it("keeps an attempt from beginning", async () => {
    const standIn = await startForTest();
    const reason = new Error("too late");

    const sending = destinationTo(standIn).send(
      shipmentOf(PHOTO),
      payloadOf(PHOTO),
      AbortSignal.abort(reason),
    );

    await expect(sending).rejects.toBe(reason);
    expect(standIn.requests.count("PostBytes")).toBe(0);
  });
});
