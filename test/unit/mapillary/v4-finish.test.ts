import { describe, expect, it } from "vitest";
import type { Destination, FinishRequest } from "../../../lib/mapillary/destination.ts";
import type { Fault } from "../../../sandbox/faults.ts";
import type { V4Dials } from "../../../sandbox/v4/dials.ts";
import type { V4StandIn } from "../../../sandbox/v4/stand-in.ts";
import { destinationTo, imageOf, NEVER, payloadOf, photoOf, shipmentOf, startForTest } from "./v4-fixture.ts";

const ORGANIZATION = { id: "123456", slug: "acme", name: "Acme", description: "" };

/** Sends photos and gives what finishes them. */
async function sequenceOf(destination: Destination, photos = 2): Promise<FinishRequest> {
  const handles: string[] = [];
  for (let nth = 0; nth < photos; nth += 1) {
    const photo = photoOf(100 + nth);
    const destinationKey = `mly_tools_uuid_${String(nth).padStart(32, "0")}.jpg`;
    const outcome = await destination.send(shipmentOf(photo, { destinationKey }), payloadOf(photo), NEVER);
    handles.push("destination" in outcome ? outcome.destination : "");
  }
  return { id: "s", handles };
}

const finishes = (standIn: V4StandIn) => standIn.requests.count("FinishUpload");

describe("a finish", () => {
  it("makes one sequence of the photos in their order", async () => {
    const standIn = await startForTest();
    const destination = destinationTo(standIn);
    const request = await sequenceOf(destination, 3);

    const outcome = await destination.finish({ ...request, handles: request.handles.toReversed() }, NEVER);

    const [cluster, ...others] = await standIn.clusters();
    expect(outcome).toEqual({ kind: "done", destination: cluster?.id });
    expect(others).toEqual([]);
    expect(cluster?.images.map(({ handle }) => handle)).toEqual(request.handles.toReversed());
    expect((await imageOf(standIn, request.handles[2] ?? "")).equals(photoOf(102))).toBe(true);
  });

  it("gives it to the organization", async () => {
    const standIn = await startForTest({ organizations: [ORGANIZATION] });
    const destination = destinationTo(standIn);
    const request = await sequenceOf(destination);

    await destination.finish({ ...request, organizationId: ORGANIZATION.id }, NEVER);

    expect(await standIn.clusters()).toMatchObject([{ organization: ORGANIZATION.id }]);
  });

  it("takes a thousand photos, and no more", async () => {
    const standIn = await startForTest();
    const destination = destinationTo(standIn);
    const { handles } = await sequenceOf(destination, 1);
    const of = (count: number) => ({
      id: "s",
      handles: Array.from({ length: count }, () => handles[0] ?? ""),
    });

    expect((await destination.finish(of(1_000), NEVER)).kind).toBe("done");
    await expect(destination.finish(of(1_001), NEVER)).rejects.toThrow(RangeError);
    await expect(destination.finish(of(0), NEVER)).rejects.toThrow(RangeError);
    expect(finishes(standIn)).toBe(1);
  });
});

describe("a finish whose end nobody knows", () => {
  it.each<[V4Dials["finish"], string, number]>([
    ["500-after", "graph-1", 1],
    ["500-before", "graph-1", 0],
    ["null-after", "cluster-id-missing", 1],
    ["null-before", "cluster-id-missing", 0],
    ["lost-after", "ECONNRESET", 1],
    ["lost-before", "ECONNRESET", 0],
  ])("is unknown, and called once: %s", async (finish, code, sequences) => {
    const standIn = await startForTest({ faults: { finish } });
    const destination = destinationTo(standIn);

    const outcome = await destination.finish(await sequenceOf(destination), NEVER);

    expect(outcome).toMatchObject({ kind: "unknown", code });
    expect(await standIn.clusters()).toHaveLength(sequences);
    expect(finishes(standIn)).toBe(1);
  });

  it("comes to its end once it is begun, whoever would have it broken off", async () => {
    const standIn = await startForTest();
    const destination = destinationTo(standIn);
    const request = await sequenceOf(destination);
    const stop = new AbortController();
    standIn.faults.script({ on: "FinishUpload", fault: { kind: "slow", delayMs: 500 } });

    const finishing = destination.finish(request, stop.signal);
    await expect.poll(() => finishes(standIn)).toBe(1);
    stop.abort(new Error("no time left"));

    expect(await finishing).toMatchObject({ kind: "done" });
  });
});

describe("a finish that was not begun", () => {
  it.each<[string, Fault, object]>([
    ["500", { kind: "answer", when: "before", status: 500, code: "X" }, { kind: "later", code: "X" }],
    ["a lost manifest", { kind: "drop-request", afterBytes: 9 }, { kind: "later" }],
    ["a lost answer", { kind: "drop-response", afterBytes: 0 }, { kind: "later" }],
    [
      "a refused manifest",
      { kind: "answer", when: "before", status: 400, code: "BadManifestError" },
      { kind: "never", scope: "sequence", code: "BadManifestError" },
    ],
    [
      "a limit",
      { kind: "answer", when: "before", status: 429, code: "RequestRateLimitedError" },
      { kind: "later", gate: "rate-limit", afterMs: 10_000 },
    ],
  ])("is no unknown: %s", async (_what, fault, expected) => {
    const standIn = await startForTest();
    const destination = destinationTo(standIn);
    const request = await sequenceOf(destination);
    standIn.faults.script({ on: "PostBytes", fault });

    const outcome = await destination.finish(request, NEVER);

    expect(outcome).toMatchObject(expected);
    expect(finishes(standIn)).toBe(0);
    expect((await destination.finish(request, NEVER)).kind).toBe("done");
  });

  it("is for later when the time is up before", async () => {
    const standIn = await startForTest();
    const destination = destinationTo(standIn);
    const request = await sequenceOf(destination);
    const stop = new AbortController();
    standIn.faults.script({ on: "PostBytes", fault: { kind: "slow", delayMs: 60_000 } });
    const sent = standIn.requests.count("PostBytes");

    const finishing = destination.finish(request, stop.signal);
    await expect.poll(() => standIn.requests.count("PostBytes")).toBe(sent + 1);
    stop.abort(new Error("no time left"));

    expect(await finishing).toMatchObject({ kind: "later", code: "aborted" });
    expect(await destination.finish(request, AbortSignal.abort())).toMatchObject({ code: "aborted" });
    expect(finishes(standIn)).toBe(0);
  });

  it("is for later when the graph cannot be reached", async () => {
    const standIn = await startForTest();
    const destination = destinationTo(standIn);
    const request = await sequenceOf(destination);
    const elsewhere = await startForTest();
    await elsewhere.stop();
    // The checks are passed; then the graph is gone.
    const graph = new URL(elsewhere.url);
    const halfway = destinationTo(standIn, { graphEndpoint: graph.href });

    expect(await halfway.finish(request, NEVER)).toMatchObject({ kind: "later", code: "ECONNREFUSED" });
    expect(finishes(standIn)).toBe(0);
  });
});

describe("a finish that is refused", () => {
  it.each(["images", "manifest"] as const)("says that it is for a handle: %s", async (expireOnce) => {
    const standIn = await startForTest({ faults: { expireOnce } });
    const destination = destinationTo(standIn);
    const request = await sequenceOf(destination);

    const outcome = await destination.finish(request, NEVER);

    expect(outcome).toMatchObject({ kind: "never", scope: "sequence", code: "handle-refused" });
    expect(await standIn.clusters()).toEqual([]);
  });

  it("for its manifest's handle has another one the next time", async () => {
    const standIn = await startForTest({ faults: { expireOnce: "manifest" } });
    const destination = destinationTo(standIn);
    const request = await sequenceOf(destination);
    await destination.finish(request, NEVER);

    expect((await destination.finish(request, NEVER)).kind).toBe("done");
    expect(await standIn.clusters()).toHaveLength(1);
  });

  it("by a rate limit waits, and says so to all", async () => {
    const standIn = await startForTest();
    const destination = destinationTo(standIn);
    const request = await sequenceOf(destination);
    standIn.faults.set({ rateLimitShare: 1, sharesOn: "graph", rateLimitBackoffMs: 4_000 });

    expect(await destination.finish(request, NEVER)).toMatchObject({
      kind: "later",
      gate: "rate-limit",
      afterMs: 4_000,
    });
  });
});
