import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { FleetInput } from "../../lib/config/fleet.ts";
import type { PhotoRow } from "../../lib/ledger/ledger.ts";
import type { PhotoRef } from "../../lib/photo/photo.ts";
import { relayMessages } from "../../lib/pipeline/relay-messages.ts";
import { startTableSandbox, type TableSandbox } from "../../sandbox/table.ts";
import { createWorld, goodPhoto, LONG_SHIFT, type World } from "../support/world.ts";

let cloud: TableSandbox;
beforeAll(async () => {
  cloud = await startTableSandbox();
});
afterAll(() => cloud.stop());

const newWorld = (fleet: Partial<FleetInput> = {}) => createWorld(cloud.table, fleet);
const relay = (world: World, ...refs: PhotoRef[]) =>
  relayMessages(
    world.deps(),
    refs.map((ref) => world.message(ref)),
    LONG_SHIFT,
  );
async function rowOf(world: World, ref: PhotoRef): Promise<PhotoRow | undefined> {
  return (await world.deps().ledger.look([ref]))[0]?.row;
}

describe("a refusal", () => {
  const later = (over = {}) => ({ kind: "later", code: "SlowDown", message: "slow down", ...over }) as const;

  it("for now sends the photo again later, to the same place, more patiently each time", async () => {
    const world = newWorld();
    const ref = world.put("a.jpg");
    world.answers.push(later, later);

    const delays = [];
    for (let attempt = 0; attempt < 3; attempt += 1) delays.push(...(await relay(world, ref)));

    expect(delays).toMatchObject([{ delayMs: 500 }, { delayMs: 1000 }, { kind: "settled" }]);
    expect(await rowOf(world, ref)).toMatchObject({ status: "relayed", attempts: 3, binding: { slot: 0 } });
    expect((await rowOf(world, ref))?.error).toBeUndefined();
  });

  it("keeps to the time the server asks for, for all photos of the account", async () => {
    const world = newWorld();
    world.answers.push(() => later({ afterMs: 7000, gate: "rate-limit" }));
    await relay(world, world.put("a.jpg"));
    const other = world.put("b.jpg");

    const [held] = await relay(world, other);
    world.clock.advance(7000);
    const [free] = await relay(world, other);

    expect(held).toMatchObject({ kind: "waiting", delayMs: 7500, trouble: { code: "paused" } });
    expect(free).toEqual({ kind: "settled" });
  });

  it("for good marks the photo failed, and nothing else", async () => {
    const world = newWorld();
    const ref = world.put("a.jpg");
    world.answers.push(() => ({
      kind: "never",
      scope: "photo",
      code: "EntityTooSmall",
      message: "too small",
    }));

    const results = await relay(world, ref);

    expect(results).toEqual([{ kind: "settled" }]);
    expect(await rowOf(world, ref)).toMatchObject({ status: "failed", error: { code: "EntityTooSmall" } });
  });

  it("that never ends is given up after the attempts the policy allows", async () => {
    const world = newWorld();
    const ref = world.put("a.jpg");
    world.answers.push(...Array.from({ length: 5 }, () => later));
    for (let attempt = 0; attempt < 5; attempt += 1) await relay(world, ref);

    expect(await rowOf(world, ref)).toMatchObject({
      status: "failed",
      attempts: 5,
      error: { code: "SlowDown" },
    });
    expect(world.sent).toEqual([]);
  });
});

describe("wrong credentials", () => {
  const refused = () =>
    ({ kind: "never", scope: "account", code: "AccessDenied", message: "Policy expired" }) as const;

  it("stop the account with one alarm; its photos wait, and go on when it is opened", async () => {
    const world = newWorld();
    const refs = Array.from({ length: 6 }, (_, at) => world.put(`${at}.jpg`));
    world.answers.push(...refs.map(() => refused));
    await relay(world, ...refs);
    const sentWhileStopped = world.sent.length;

    const held = await relay(world, ...refs, world.put("late.jpg"));
    const account = world.deps().accounts.get("default");
    if (account) await world.deps().gates.open(account.key);
    world.clock.advance(60_000);
    await relay(world, ...refs);

    expect(world.eventsNamed("account.stopped")).toMatchObject([{ trouble: { code: "AccessDenied" } }]);
    expect(sentWhileStopped).toBe(0);
    expect(held.every((result) => result.kind === "waiting" && result.trouble.code === "AccessDenied")).toBe(
      true,
    );
    expect(world.sent).toHaveLength(6);
    expect(world.eventsNamed("photo.failed")).toEqual([]);
  });

  it("that are known beforehand cost no byte", async () => {
    const world = newWorld();
    const ref = world.put("a.jpg");
    world.accountObjection = { kind: "never", scope: "account", code: "policy-expired", message: "expired" };
    const calls: string[] = [];
    const deps = world.deps((name, call) => {
      calls.push(name);
      return call();
    });

    const [result] = await relayMessages(deps, [world.message(ref)], LONG_SHIFT);

    expect(result).toMatchObject({ kind: "waiting", trouble: { code: "policy-expired" } });
    expect(calls).not.toContain("open");
    expect(calls).not.toContain("send");
    expect(world.eventsNamed("account.stopped")).toHaveLength(1);
  });

  it("are given up a day before the queue would throw the message away", async () => {
    const world = newWorld();
    const ref = world.put("a.jpg");
    const message = world.message(ref);
    world.accountObjection = { kind: "never", scope: "account", code: "policy-expired", message: "expired" };
    world.clock.advance(13 * 24 * 3_600_000 + 1);

    const [result] = await relayMessages(world.deps(), [message], LONG_SHIFT);

    expect(result).toEqual({ kind: "settled" });
    expect(await rowOf(world, ref)).toMatchObject({ status: "failed", error: { code: "policy-expired" } });
  });
});

describe("a broken world", () => {
  it("gives the photo back, counts the trouble in its row, and gives up in the end", async () => {
    const world = newWorld();
    const ref = world.put("a.jpg");
    const deps = world.deps((name, call) =>
      name === "open" ? Promise.reject(new Error("S3 is down")) : call(),
    );

    const delays = [];
    for (let attempt = 0; attempt < 5; attempt += 1)
      delays.push(...(await relayMessages(deps, [world.message(ref)], LONG_SHIFT)));

    expect(delays.slice(0, 3)).toMatchObject([{ delayMs: 500 }, { delayMs: 1000 }, { delayMs: 2000 }]);
    expect(delays[4]).toEqual({ kind: "settled" });
    expect(await rowOf(world, ref)).toMatchObject({ status: "failed", error: { message: "S3 is down" } });
  });

  it("returns only the messages it concerns", async () => {
    const world = newWorld();
    const [good, bad] = [world.put("good.jpg"), world.put("bad.jpg")];
    let opens = 0;
    const deps = world.deps((name, call) => {
      if (name === "open") opens += 1;
      return name === "open" && opens === 2 ? Promise.reject(new Error("S3 is down")) : call();
    });

    const results = await relayMessages(deps, [world.message(good), world.message(bad)], LONG_SHIFT);

    expect(results.map(({ kind }) => kind)).toEqual(["settled", "waiting"]);
  });

  it("returns every message when the ledger does not answer", async () => {
    const world = newWorld();
    const deps = world.deps((name, call) =>
      name === "BatchGetCommand" ? Promise.reject(new Error("no table")) : call(),
    );

    const results = await relayMessages(deps, [world.message(world.put("a.jpg"))], LONG_SHIFT);

    expect(results).toMatchObject([{ kind: "waiting", trouble: { message: "no table" } }]);
    expect(world.sent).toEqual([]);
  });

  it("ends a photo whose object is gone or was overwritten", async () => {
    const world = newWorld();
    const gone = world.put("gone.jpg");
    const old = world.put("old.jpg", goodPhoto(1));
    world.put("old.jpg", goodPhoto(2));
    world.remove("gone.jpg");

    await relay(world, gone, old);

    expect(await rowOf(world, gone)).toMatchObject({ status: "failed", error: { code: "source-gone" } });
    expect(await rowOf(world, old)).toMatchObject({ status: "failed", error: { code: "source-changed" } });
  });

  it("begins nothing when the worker has little time left", async () => {
    const world = newWorld();
    const shift = { remainingMs: () => 9_000, signal: new AbortController().signal };

    const results = await relayMessages(world.deps(), [world.message(world.put("a.jpg"))], shift);

    expect(results).toMatchObject([{ kind: "waiting", delayMs: 0, trouble: { code: "out-of-time" } }]);
    expect(world.sent).toEqual([]);
  });
});

describe("a message", () => {
  it("that nobody can read is kept and acknowledged", async () => {
    const world = newWorld();
    const junk = { ...world.message(), body: "{not json" };

    const results = await relayMessages(world.deps(), [junk], LONG_SHIFT);

    expect(results).toEqual([{ kind: "settled" }]);
    expect(world.eventsNamed("message.unreadable")).toMatchObject([{ messageId: junk.messageId }]);
  });

  it("about folders, removals and tests is acknowledged without a row", async () => {
    const world = newWorld();
    const test = { ...world.message(), body: JSON.stringify({ Event: "s3:TestEvent" }) };

    const results = await relayMessages(
      world.deps(),
      [world.message({ key: "van/", sizeBytes: 0, etag: "d" }), test],
      LONG_SHIFT,
    );

    expect(results).toEqual([{ kind: "settled" }, { kind: "settled" }]);
    expect(await world.deps().ledger.ofKey(world.bucket, "van/")).toEqual([]);
  });

  it("without an ETag is completed from the bucket, and told of when the object is gone", async () => {
    const world = newWorld();
    const ref = world.put("a.jpg");

    await relayMessages(
      world.deps(),
      [world.message({ key: "a.jpg", etag: "" }), world.message({ key: "b.jpg", etag: "" })],
      LONG_SHIFT,
    );

    expect(await rowOf(world, ref)).toMatchObject({ status: "relayed" });
    expect(await world.deps().ledger.ofKey(world.bucket, "b.jpg")).toMatchObject([
      { status: "failed", error: { code: "source-gone" } },
    ]);
  });

  it("of a later major version comes back", async () => {
    const world = newWorld();
    const message = world.message(world.put("a.jpg"));
    const body = message.body.replace('"eventVersion":"2.1"', '"eventVersion":"3.0"');

    const results = await relayMessages(world.deps(), [{ ...message, body }], LONG_SHIFT);

    expect(results).toMatchObject([{ kind: "waiting", trouble: { code: "UnsupportedEventError" } }]);
  });
});
