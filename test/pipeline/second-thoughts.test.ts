/** What happens to a photo when the fleet, its object or its credentials change between two attempts. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { FleetInput } from "../../lib/config/fleet.ts";
import type { PhotoRow } from "../../lib/ledger/ledger.ts";
import type { PhotoRef } from "../../lib/photo/photo.ts";
import { buryEvent } from "../../lib/pipeline/dead-letter.ts";
import { accountNamed, type Deps } from "../../lib/pipeline/deps.ts";
import { relayMessages } from "../../lib/pipeline/relay-messages.ts";
import type { Message } from "../../lib/pipeline/take-in.ts";
import { makePhoto } from "../../sandbox/photo-maker.ts";
import { startTableSandbox, type TableSandbox } from "../../sandbox/table.ts";
import { createWorld, LONG_SHIFT, type World } from "../support/world.ts";

let cloud: TableSandbox;
beforeAll(async () => {
  cloud = await startTableSandbox();
});
afterAll(() => cloud.stop());

const newWorld = (fleet: Partial<FleetInput> = {}) => createWorld(cloud.table, fleet);
const relay = (world: World, message: Message, deps = world.deps()) =>
  relayMessages(deps, [message], LONG_SHIFT);
async function rowOf(world: World, ref: PhotoRef): Promise<PhotoRow | undefined> {
  return (await world.deps().ledger.look([ref]))[0]?.row;
}
const later = () => ({ kind: "later", code: "SlowDown", message: "" }) as const;
const never = () => ({ kind: "never", scope: "photo", code: "EntityTooSmall", message: "" }) as const;

/** A photo that is bound, and waits for its second attempt. */
async function boundPhoto(world: World): Promise<PhotoRef> {
  const ref = world.put("van/a.jpg", makePhoto({ latitudeDeg: 59.3, longitudeDeg: 18.1 }));
  world.answers.push(later);
  await relay(world, world.message(ref));
  return ref;
}

/** The same world, with its account on the other lane. */
function v4DepsOf(world: World): Deps {
  const deps = world.deps();
  const account = accountNamed(deps, "default");
  return { ...deps, accounts: new Map([["default", { ...account, lane: "v4" }]]) };
}

describe("a photo that is bound", () => {
  it("begins a session of its own when its lane becomes v4, in the place it has", async () => {
    const world = newWorld();
    const ref = await boundPhoto(world);
    const before = await rowOf(world, ref);

    await relay(world, world.message(ref), v4DepsOf(world));

    const row = await rowOf(world, ref);
    expect(row).toMatchObject({ status: "relayed", handle: world.sent[0]?.destinationKey });
    expect(row?.binding?.destinationKey).toMatch(/^mly_tools_uuid_/u);
    expect(row?.binding?.slot).toBe(before?.binding?.slot);
    expect(world.sent[0]?.bytes.length).toBe(ref.sizeBytes + (row?.binding?.rewrite?.addedBytes ?? 0));
  });

  it("is given up when its lane becomes the bucket's, and bound anew when it is fed again", async () => {
    const world = newWorld();
    const ref = world.put("van/b.jpg", makePhoto({ latitudeDeg: 59.3, longitudeDeg: 18.1, seed: 9 }));
    world.answers.push(later);
    await relay(world, world.message(ref), v4DepsOf(world));

    await relay(world, world.message(ref));
    const given = await rowOf(world, ref);
    world.clock.advance(1_000);
    await relay(world, world.message(ref));

    expect(given).toMatchObject({ status: "failed", error: { code: "lane-changed" } });
    expect(await rowOf(world, ref)).toMatchObject({ status: "relayed" });
    expect(world.sent[0]?.destinationKey).toMatch(/^driver\/.*\/b\.jpg$/u);
  });

  it.each([
    [{ skip: true }, "skipped-by-rule"],
    [{ privacyZones: [{ center: [59.3, 18.1] as [number, number], radiusMeters: 100 }] }, "privacy-zone"],
  ])("is given up when a new rule keeps it back: %j", async (rule, code) => {
    const world = newWorld();
    const ref = await boundPhoto(world);

    world.fleet = { rules: [{ prefix: "van/", ...rule }] };
    const results = await relay(world, world.message(ref));

    expect(results).toEqual([{ kind: "settled" }]);
    expect(await rowOf(world, ref)).toMatchObject({ status: "failed", error: { code } });
    expect(world.sent).toEqual([]);
  });

  it("counts the attempts that fail because its object cannot be read, and is given up", async () => {
    const world = newWorld();
    const ref = await boundPhoto(world);
    const broken = world.deps((name, call) =>
      name === "open" ? Promise.reject(new Error("KMS says no")) : call(),
    );

    const delays = [];
    for (let attempt = 2; attempt <= 5; attempt += 1)
      delays.push(...(await relay(world, world.message(ref), broken)));

    expect(delays).toMatchObject([
      { delayMs: 1000 },
      { delayMs: 2000 },
      { delayMs: 4000 },
      { kind: "settled" },
    ]);
    expect(await rowOf(world, ref)).toMatchObject({
      status: "failed",
      attempts: 5,
      error: { message: "KMS says no" },
    });
  });

  it("is not taken from the worker that sends it because its message is old", async () => {
    const world = newWorld();
    const ref = world.put("van/a.jpg");
    const [first, second] = [world.message(ref), world.message(ref)];
    world.clock.advance(13 * 24 * 3_600_000 + 1);
    let meanwhile: unknown;
    world.beforeSend = async () => {
      world.beforeSend = async () => {};
      meanwhile = await relay(world, second);
    };

    const results = await relay(world, first);

    expect(meanwhile).toMatchObject([{ kind: "waiting" }]);
    expect(results).toEqual([{ kind: "settled" }]);
    expect(await rowOf(world, ref)).toMatchObject({ status: "relayed" });
  });

  it("is given up when no worker's time is enough for it, however often", async () => {
    const world = newWorld();
    const ref = world.put("van/a.jpg");
    const timeIsUp = new DOMException("too slow", "TimeoutError");
    let ending = new AbortController();
    const slow = world.deps((name, call) => {
      if (name !== "send") return call();
      ending.abort(timeIsUp);
      return Promise.reject(timeIsUp);
    });

    const results = [];
    for (let attempt = 1; attempt <= 5; attempt += 1) {
      ending = new AbortController();
      const shift = { remainingMs: () => 900_000, signal: ending.signal };
      results.push(...(await relayMessages(slow, [world.message(ref)], shift)));
    }

    expect(results.at(-1)).toEqual({ kind: "settled" });
    expect(await rowOf(world, ref)).toMatchObject({ status: "failed", error: { code: "TimeoutError" } });
  });
});

describe("a photo that failed", () => {
  async function failedPhoto(world: World): Promise<{ ref: PhotoRef; message: Message }> {
    const ref = world.put("van/a.jpg");
    const message = world.message(ref);
    world.answers.push(never);
    world.clock.advance(1);
    await relay(world, message);
    world.clock.advance(1);
    return { ref, message };
  }

  it("stays so when the queue delivers its message once more", async () => {
    const world = newWorld();
    const { ref, message } = await failedPhoto(world);

    const results = await relay(world, message);

    expect(results).toEqual([{ kind: "settled" }]);
    expect(await rowOf(world, ref)).toMatchObject({ status: "failed" });
    expect(world.sent).toEqual([]);
  });

  it("is tried again when its event is fed again", async () => {
    const world = newWorld();
    const { ref } = await failedPhoto(world);

    await relay(world, world.message(ref));

    expect(await rowOf(world, ref)).toMatchObject({ status: "relayed", attempts: 2 });
  });

  it("fails again, without a fuss, when its object is gone by then", async () => {
    const world = newWorld();
    const { ref } = await failedPhoto(world);
    world.remove("van/a.jpg");

    const results = await relay(world, world.message(ref));

    expect(results).toEqual([{ kind: "settled" }]);
    expect(await rowOf(world, ref)).toMatchObject({ status: "failed" });
  });

  it("is told of by day though its worker died half-way, and is tidied by the dead letter", async () => {
    const world = newWorld();
    const ref = await boundPhoto(world);
    world.answers.push(never);
    let updates = 0;
    const dying = world.deps((name, call) => {
      if (name === "UpdateCommand") updates += 1;
      return updates > 2 ? Promise.reject(new Error("dead")) : call();
    });
    await relay(world, world.message(ref), dying);
    const told = await world.deps().ledger.dismissedOn("failed", "2026-11-22");

    const { messageId, body } = world.message(ref);
    const attributes = {
      ApproximateReceiveCount: "9",
      SentTimestamp: "0",
      SenderId: "",
      ApproximateFirstReceiveTimestamp: "",
    };
    const record = {
      messageId,
      body,
      attributes,
      receiptHandle: "",
      messageAttributes: {},
      md5OfBody: "",
      eventSource: "",
      eventSourceARN: "",
      awsRegion: "",
    };
    await buryEvent(world.deps(), { Records: [record] });

    expect(told.filter((row) => row.ref.bucket === world.bucket)).toHaveLength(1);
    expect(await rowOf(world, ref)).toMatchObject({ status: "failed", place: "resting" });
  });
});

it("keeps a relayed photo relayed when the fleet begins to send duplicates", async () => {
  const world = newWorld();
  const ref = world.put("van/a.jpg");
  await relay(world, world.message(ref));

  world.fleet = { duplicates: "send" };
  await relay(world, world.message(ref));
  const row = await rowOf(world, ref);
  if (row) await world.deps().ledger.publish(row);

  expect(world.sent).toHaveLength(1);
  expect(await rowOf(world, ref)).toMatchObject({ status: "published" });
});

it("keeps a message that cannot be worked on before the queue throws it away", async () => {
  const world = newWorld();
  const message = world.message(world.put("van/a.jpg"));
  const broken = world.deps((name, call) =>
    name === "BatchGetCommand" ? Promise.reject(new Error("no")) : call(),
  );
  world.clock.advance(13 * 24 * 3_600_000 + 1);

  const results = await relay(world, message, broken);

  expect(results).toEqual([{ kind: "settled" }]);
  expect(world.eventsNamed("message.unreadable")).toMatchObject([
    { messageId: message.messageId, why: "Error: no" },
  ]);
});

describe("a stopped account", () => {
  it("is tried once an hour, and opened by a success", async () => {
    const world = newWorld();
    const ref = world.put("van/a.jpg");
    const refused = () =>
      ({ kind: "never", scope: "account", code: "CERT_HAS_EXPIRED", message: "" }) as const;
    world.answers.push(refused, refused);
    await relay(world, world.message(ref));
    world.clock.advance(3_600_000);
    const [stillWrong] = await relay(world, world.message(ref));
    const [notYet] = await relay(world, world.message(ref));
    world.clock.advance(3_600_000);
    const [mended] = await relay(world, world.message(ref));

    expect([stillWrong, notYet]).toMatchObject([{ kind: "waiting" }, { kind: "waiting" }]);
    expect(mended).toEqual({ kind: "settled" });
    expect(world.eventsNamed("account.stopped")).toHaveLength(1);
    expect(world.eventsNamed("account.opened")).toHaveLength(1);
    expect(await relay(world, world.message(world.put("van/b.jpg")))).toEqual([{ kind: "settled" }]);
  });
});
