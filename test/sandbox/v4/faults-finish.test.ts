import { describe, expect, it } from "vitest";
import type { Fault } from "../../../sandbox/faults.ts";
import type { V4Dials } from "../../../sandbox/v4/dials.ts";
import type { V4StandIn } from "../../../sandbox/v4/stand-in.ts";
import {
  call,
  debugInfo,
  finish,
  graphError,
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

describe("a token that is revoked in mid-run", () => {
  it("opens so many requests and then nothing, and another opens everything", async () => {
    const standIn = await startForTest({ faults: { revokeAfterRequests: 3 } });
    const statuses: number[] = [];

    for (let i = 0; i < 5; i++) statuses.push((await call(standIn, pathOf(KEY))).status);
    const graph = await call(standIn, "/me");
    standIn.faults.set({ revokeAfterRequests: null });
    const { accessToken: token } = standIn.issueToken();
    const other = await call(standIn, pathOf(KEY), { token });

    expect(statuses).toEqual([200, 200, 200, 401, 401]);
    expect([graph.status, other.status]).toEqual([401, 200]);
  });
});

describe("a finish that goes wrong", () => {
  const INTERNAL = { status: 500, json: graphError(1, "An unknown error occurred") };
  const NULL = { status: 200, json: { cluster_id: null } };

  it.each<[V4Dials["finish"], object, number]>([
    ["500-after", INTERNAL, 1],
    ["500-before", INTERNAL, 0],
    ["null-after", NULL, 1],
    ["null-before", NULL, 0],
  ])("%s: what is answered, and whether there is a sequence", async (how, expected, sequences) => {
    const standIn = await startForTest({ faults: { finish: how } });

    const answer = await finish(standIn, await manifestOfOne(standIn));

    expect(answer).toMatchObject(expected);
    expect(await standIn.clusters()).toHaveLength(sequences);
  });

  it.each<[V4Dials["finish"], number]>([
    ["lost-after", 1],
    ["lost-before", 0],
  ])("%s: no answer, and whether there is a sequence", async (how, sequences) => {
    const standIn = await startForTest({ faults: { finish: how } });
    const manifest = await manifestOfOne(standIn);

    await expect(finish(standIn, manifest)).rejects.toThrow(HANG_UP);

    expect(await standIn.clusters()).toHaveLength(sequences);
  });

  it.each<V4Dials["finish"]>(["500-after", "null-after", "lost-after"])(
    "%s: a finish that would be refused anyway is refused in its own words",
    async (how) => {
      const standIn = await startForTest({ faults: { finish: how } });

      expect((await finish(standIn, "x")).status).toBe(400);
    },
  );
});

describe("slow answers", () => {
  it("come so much later, and what was asked for is done before", async () => {
    const standIn = await startForTest({ faults: { slowMs: 1_000 } });
    const start = performance.now();

    const posting = post(standIn, FILE);
    await expect
      .poll(() => standIn.requests.entries(KEY)[0]?.bytesKept, { timeout: 900 })
      .toBe(FILE.byteLength);
    const answer = await posting;

    expect(answer.status).toBe(200);
    expect(performance.now() - start).toBeGreaterThanOrEqual(999);
  });
});

describe("the script", () => {
  it("goes before the dials, each entry to the operation it is meant for", async () => {
    const standIn = await startForTest({ faults: { failShare: 1 } });
    const teapot: Fault = { kind: "answer", when: "before", status: 418, code: "Teapot" };
    standIn.faults.script({ on: "GetOffset", fault: teapot }, { on: "GetOffset", fault: "none" });

    const statuses = [await call(standIn, pathOf(KEY)), await call(standIn, pathOf(KEY))].map(
      ({ status }) => status,
    );

    expect(statuses).toEqual([418, 500]);
    expect(standIn.faults.pending).toBe(0);
  });

  it.each<[string, Fault, number]>([
    [
      "does it and answers something else",
      { kind: "answer", when: "after", status: 500, code: "X" },
      300_000,
    ],
    ["answers without doing it", { kind: "answer", when: "before", status: 500, code: "X" }, 0],
  ])("%s", async (_, fault, kept) => {
    const standIn = await startForTest();
    standIn.faults.script({ on: "PostBytes", fault });

    const answer = await post(standIn, FILE);

    expect(answer).toMatchObject({ status: 500, json: debugInfo("X", true) });
    expect(await offsetOf(standIn)).toBe(kept);
  });

  it.each<[string, Fault, number]>([
    ["a request after so many bytes", { kind: "drop-request", afterBytes: 1_000 }, 1_000],
    ["a request at its end", { kind: "drop-request", afterBytes: 1e9 }, 300_000],
    ["an answer", { kind: "drop-response", afterBytes: 0 }, 300_000],
    ["an answer in the middle", { kind: "drop-response", afterBytes: 5 }, 300_000],
  ])("drops %s", async (_, fault, kept) => {
    const standIn = await startForTest();
    standIn.faults.script({ on: "PostBytes", fault });

    await expect(post(standIn, FILE)).rejects.toThrow(/socket hang up|ECONNRESET|EPIPE|aborted/);

    await expect.poll(() => offsetOf(standIn)).toBe(kept);
  });

  it("lets bytes through at a pace", async () => {
    const standIn = await startForTest();
    standIn.faults.script({ on: "PostBytes", fault: { kind: "slow", bytesPerSecond: 1_000_000 } });
    const start = performance.now();

    const answer = await post(standIn, FILE);

    expect(answer.status).toBe(200);
    expect(performance.now() - start).toBeGreaterThan(290);
  });
});

describe("turning the dials", () => {
  it("turns those that are named, and clear turns all back", async () => {
    const standIn = await startForTest({ faults: { failShare: 1 } });
    standIn.faults.script({ fault: { kind: "slow", delayMs: 60_000 } });

    standIn.faults.set({ slowMs: 1 });
    const turned = standIn.faults.dials;
    standIn.faults.clear();

    expect(turned).toMatchObject({ failShare: 1, slowMs: 1 });
    expect(standIn.faults.dials).toMatchObject({ failShare: 0, slowMs: 0 });
    expect(standIn.faults.pending).toBe(0);
    expect((await call(standIn, pathOf(KEY))).status).toBe(200);
  });

  it("makes what happens once happen once more", async () => {
    const standIn = await startForTest({ faults: { offsetInvalidOnce: true } });

    const first = await post(standIn, FILE);
    standIn.faults.set({ slowMs: 0 });
    const second = await post(standIn, FILE.subarray(0, 9));
    standIn.faults.set({ offsetInvalidOnce: true });
    const third = await post(standIn, FILE.subarray(9), { offset: 9 });

    expect([first.status, second.status, third.status]).toEqual([412, 200, 412]);
  });

  it("leaves them as they were when one cannot stand like this", async () => {
    const standIn = await startForTest();

    expect(() => standIn.faults.set({ slowMs: 5, failShare: 2 })).toThrow(
      new RangeError("fault dial: failShare is 2, expected 0 to 1 share"),
    );
    expect(standIn.faults.dials.slowMs).toBe(0);
    await expect(startForTest({ faults: { failShare: -1 } })).rejects.toThrow("failShare is -1");
  });
});
