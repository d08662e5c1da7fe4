import { describe, expect, it } from "vitest";
import type { V4Dials } from "../../../sandbox/v4/dials.ts";
import type { V4StandIn } from "../../../sandbox/v4/stand-in.ts";
import {
  call,
  clockForTest,
  debugInfo,
  fieldOf,
  finish,
  graphError,
  imageOf,
  KEY,
  offsetOf,
  pathOf,
  patternedBytes,
  post,
  startForTest,
  upload,
  uploadManifest,
} from "./fixture.ts";

const FILE = patternedBytes(300_000);
const HANG_UP = /socket hang up|ECONNRESET|EPIPE/;

async function manifestOfOne(standIn: V4StandIn): Promise<string> {
  return uploadManifest(standIn, [await upload(standIn, KEY, FILE)]);
}

describe("shares of requests", () => {
  const statusesOf = async (standIn: V4StandIn, count: number, path = pathOf(KEY)) => {
    const statuses: number[] = [];
    for (let i = 0; i < count; i++) statuses.push((await call(standIn, path)).status);
    return statuses;
  };

  it("fail about as often as they are told to, and the same ones for the same seed", async () => {
    const faults = { failShare: 0.3 };

    const first = await statusesOf(await startForTest({ faults, seed: 7 }), 150);
    const same = await statusesOf(await startForTest({ faults, seed: 7 }), 150);
    const other = await statusesOf(await startForTest({ faults, seed: 8 }), 150);

    const failures = first.filter((status) => status === 500).length;
    expect(failures).toBeGreaterThan(25);
    expect(failures).toBeLessThan(65);
    expect(first.filter((status) => status === 200)).toHaveLength(150 - failures);
    expect(same).toEqual(first);
    expect(other).not.toEqual(first);
  });

  it.each<[V4Dials["sharesOn"], boolean, boolean]>([
    ["upload", true, false],
    ["graph", false, true],
    ["all", true, true],
  ])("strike on %s: uploads %o, graph %o", async (sharesOn, upload, graph) => {
    const standIn = await startForTest({ faults: { failShare: 1, sharesOn } });

    const statuses = [
      await call(standIn, pathOf(KEY)),
      await post(standIn, FILE),
      await call(standIn, "/me"),
      await call(standIn, "/1"),
      await call(standIn, "/token", { method: "POST" }),
      await finish(standIn, "x"),
    ].map(({ status }) => status === 500);

    expect(statuses).toEqual([upload, upload, graph, graph, graph, graph]);
  });

  it("never strike what the stand-in tells of itself, or a consent", async () => {
    const standIn = await startForTest({ faults: { failShare: 1, sharesOn: "all", finish: "lost-before" } });

    const answers = [await call(standIn, "/__sandbox/clusters"), await call(standIn, "/connect")];

    expect(answers.map(({ status }) => status)).toEqual([200, 400]);
  });

  it.each<[string, Partial<V4Dials>, object]>([
    ["500", { failShare: 1 }, { status: 500, json: debugInfo("InternalError", true) }],
    [
      "503 with seconds",
      { unavailableShare: 1, retryAfterSeconds: 7 },
      { status: 503, headers: { "retry-after": "7" } },
    ],
    [
      "503 with a date",
      { unavailableShare: 1, retryAfter: "date", retryAfterSeconds: 90 },
      { status: 503, headers: { "retry-after": "Mon, 01 Jun 2026 00:01:30 GMT" } },
    ],
    [
      "503 with nonsense",
      { unavailableShare: 1, retryAfter: "nonsense" },
      { status: 503, headers: { "retry-after": expect.stringMatching(/^\D+$/) } },
    ],
    [
      "503 with a time that is over",
      { unavailableShare: 1, retryAfterSeconds: -5 },
      { status: 503, headers: { "retry-after": "-5" } },
    ],
    [
      "a rate limit with another status",
      { rateLimitShare: 1, rateLimitStatus: 400 },
      { status: 400, json: { backoff: 10_000, ...debugInfo("RequestRateLimitedError", false) } },
    ],
    [
      "429 with a backoff, said not to be retriable",
      { rateLimitShare: 1, rateLimitBackoffMs: 1_234 },
      {
        status: 429,
        json: {
          backoff: 1_234,
          ...debugInfo("RequestRateLimitedError", false, "Request rate limit has been exceeded"),
        },
      },
    ],
    [
      "400 that is not JSON",
      { notJsonShare: 1 },
      {
        status: 400,
        json: undefined,
        headers: { "content-type": "text/html" },
        text: expect.stringMatching(/^</),
      },
    ],
  ])("can be answered %s, and have no effect", async (_, faults, expected) => {
    const standIn = await startForTest({ faults, now: clockForTest().now });

    const posted = await post(standIn, FILE);
    standIn.faults.clear();

    expect(posted).toMatchObject(expected);
    expect(await offsetOf(standIn)).toBe(0);
  });
});

describe("dropped connections", () => {
  it("come after so many bytes of every upload, which are kept, until the rest is no more than that", async () => {
    const standIn = await startForTest({ faults: { dropAfterBytes: 100_001 } });
    const offsets: unknown[] = [];

    for (let offset = 0; offset < 200_000; offset += 100_001) {
      await expect(post(standIn, FILE.subarray(offset), { offset })).rejects.toThrow(HANG_UP);
      await expect.poll(() => offsetOf(standIn)).toBe(offset + 100_001);
      offsets.push(offset);
    }
    const last = await post(standIn, FILE.subarray(200_002), { offset: 200_002 });

    expect(offsets).toEqual([0, 100_001]);
    expect(last.status).toBe(200);
    const content = await imageOf(standIn, fieldOf(last.json, "h"));
    expect(content.equals(FILE)).toBe(true);
    const kept = standIn.requests.entries(KEY).filter(({ operation }) => operation === "PostBytes");
    expect(kept.map(({ offset, bytesKept, status }) => [offset, bytesKept, status])).toEqual([
      [0, 100_001, undefined],
      [100_001, 100_001, undefined],
      [200_002, 99_998, 200],
    ]);
  });

  it("come to the first upload of each session only", async () => {
    const standIn = await startForTest({ faults: { dropAfterBytes: 1_000, dropOn: "first" } });

    for (const key of ["a.jpg", "b.jpg"]) {
      await expect(post(standIn, FILE, { key })).rejects.toThrow(HANG_UP);
      await expect.poll(() => offsetOf(standIn, key)).toBe(1_000);
      expect((await post(standIn, FILE.subarray(1_000), { key, offset: 1_000 })).status).toBe(200);
    }
  });

  it("lose nothing when they come before the first byte", async () => {
    const standIn = await startForTest({ faults: { dropAfterBytes: 0, dropOn: "first" } });

    await expect(post(standIn, FILE)).rejects.toThrow(HANG_UP);

    expect(await offsetOf(standIn)).toBe(0);
    expect((await post(standIn, FILE)).status).toBe(200);
  });
});

describe("what happens once per session", () => {
  it("is a 412 to its first upload", async () => {
    const standIn = await startForTest({ faults: { offsetInvalidOnce: true } });

    const answers = [];
    for (const key of ["a.jpg", "a.jpg", "b.jpg", "b.jpg"]) answers.push(await post(standIn, FILE, { key }));

    expect(answers.map(({ status }) => status)).toEqual([412, 200, 412, 200]);
    expect(answers[0]?.json).toEqual(
      debugInfo("OffsetInvalidError", true, "Request starting offset is invalid"),
    );
  });

  it("is that its bytes are forgotten, when it has some", async () => {
    const standIn = await startForTest({ faults: { forgetSessionOnce: true } });

    const offsets = [await offsetOf(standIn)];
    await post(standIn, FILE);
    offsets.push(await offsetOf(standIn), await offsetOf(standIn));
    await post(standIn, FILE);
    offsets.push(await offsetOf(standIn));

    expect(offsets).toEqual([0, 0, 0, FILE.byteLength]);
  });

  it("is that its image's handle expires before the finish", async () => {
    const standIn = await startForTest({ faults: { expireOnce: "images" } });
    const manifest = await manifestOfOne(standIn);

    const first = await finish(standIn, manifest);
    const { json } = await post(standIn, Buffer.alloc(0), { offset: FILE.byteLength });
    const second = await finish(standIn, await uploadManifest(standIn, [String(fieldOf(json, "h"))]));

    const message = "(#100) The manifest's image_handles[0] is a file handle that has expired";
    expect(first).toMatchObject({ status: 400, json: graphError(100, message) });
    expect(second.status).toBe(200);
  });

  it("is that its manifest's handle expires before the finish", async () => {
    const standIn = await startForTest({ faults: { expireOnce: "manifest" } });
    const manifest = await manifestOfOne(standIn);
    const [{ key = "" } = {}] = standIn.requests.entries().slice(-1);

    const first = await finish(standIn, manifest);
    const offset = Number(await offsetOf(standIn, key));
    const { json } = await post(standIn, Buffer.alloc(0), { key, offset });
    const second = await finish(standIn, fieldOf(json, "h"));

    const message = "(#100) file_handle is a file handle that has expired";
    expect(first).toMatchObject({ status: 400, json: graphError(100, message) });
    expect(second.status).toBe(200);
  });
});
