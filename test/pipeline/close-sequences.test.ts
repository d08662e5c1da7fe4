import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { FleetInput } from "../../lib/config/fleet.ts";
import type { PhotoRef } from "../../lib/photo/photo.ts";
import { closeSequences } from "../../lib/pipeline/close-sequences.ts";
import { relayMessages } from "../../lib/pipeline/relay-messages.ts";
import type { SequenceRow } from "../../lib/sequence/sequence.ts";
import { startTableSandbox, type TableSandbox } from "../../sandbox/table.ts";
import { SENDER } from "../support/refs.ts";
import { createWorld, LONG_SHIFT, type Step, type World } from "../support/world.ts";

let cloud: TableSandbox;
beforeAll(async () => {
  cloud = await startTableSandbox();
});
afterAll(() => cloud.stop());

const MINUTE = 60_000;
const newWorld = (fleet: Partial<FleetInput> = {}) =>
  createWorld(cloud.table, { quietPeriod: "10m", ...fleet });
const relay = (world: World, ...refs: Partial<PhotoRef>[]) =>
  relayMessages(
    world.deps(),
    refs.map((ref) => world.message(ref)),
    LONG_SHIFT,
  );
const close = (world: World, step?: Step) => closeSequences(world.deps(step), LONG_SHIFT.signal);
const sequences = (world: World, path = "van"): Promise<SequenceRow[]> =>
  world.deps().sequences.ofTrack({ bucket: world.bucket, path });
const statuses = async (world: World) => (await sequences(world)).map(({ status }) => status);

/** A track with photos that fell quiet and was closed; the next round may finish it. */
async function closedTrack(world: World, ...keys: string[]): Promise<PhotoRef[]> {
  const refs = keys.map((key) => world.put(key));
  await relay(world, ...refs);
  world.clock.advance(10 * MINUTE);
  await close(world);
  world.clock.advance(MINUTE);
  return refs;
}

describe("a sequence", () => {
  it("is finished once it was quiet, after every relay of its must be over, and its photos are published", async () => {
    const world = newWorld();
    const refs = [world.put("van/a.jpg"), world.put("van/b.jpg")];
    await relay(world, ...refs);
    const seen = [];
    for (const ms of [9 * MINUTE, MINUTE, MINUTE - 1, 1]) {
      world.clock.advance(ms);
      await close(world);
      seen.push((await statuses(world))[0]);
    }

    const rows = (await world.deps().ledger.look(refs)).map(({ row }) => row?.status);
    expect(seen).toEqual(["open", "closing", "closing", "published"]);
    expect(rows).toEqual(["published", "published"]);
    expect(world.finished).toEqual([(await sequences(world))[0]?.id]);
    expect((await sequences(world))[0]).toMatchObject({ photos: 2 });
    expect(world.eventsNamed("sequence.closing")).toMatchObject([{ why: "quiet" }]);
  });

  it("is closed at once when it is full", async () => {
    const world = newWorld();
    const asks = Array.from({ length: 1000 }, (_, at) => ({ photoTag: `${at}`, filename: `${at}` }));
    await world.deps().sequences.claimSlots({ bucket: world.bucket, path: "van" }, SENDER, asks);

    await close(world);

    expect(world.eventsNamed("sequence.closing")).toMatchObject([{ why: "full" }]);
  });

  it("is closed a minute after its track was declared complete, though the mark overtook the photos", async () => {
    const world = newWorld();
    await relay(world, { key: "van/_DONE", etag: "x", sizeBytes: 0 });
    world.clock.advance(5_000);
    await relay(world, world.put("van/a.jpg"));
    await close(world);
    const early = await statuses(world);
    world.clock.advance(MINUTE);

    await close(world);

    expect(early).toEqual(["open"]);
    expect(world.eventsNamed("sequence.closing")).toMatchObject([{ why: "done" }]);
  });

  it("waits for a photo that is still on its way", async () => {
    const world = newWorld();
    const ref = world.put("van/a.jpg");
    world.answers.push(() => ({ kind: "later", code: "SlowDown", message: "" }));
    await relay(world, ref, world.put("van/b.jpg"));
    world.clock.advance(10 * MINUTE);
    await close(world);
    world.clock.advance(MINUTE);
    await close(world);
    const before = await statuses(world);

    await relay(world, ref);
    await close(world);

    expect(before).toEqual(["closing"]);
    expect(await statuses(world)).toEqual(["published"]);
    expect(world.sentTooLate).toEqual([]);
  });

  it("is forgotten when none of its slots became a photo", async () => {
    const world = newWorld();
    await world
      .deps()
      .sequences.claimSlots({ bucket: world.bucket, path: "van" }, SENDER, [
        { photoTag: "x", filename: "x" },
      ]);
    world.clock.advance(10 * MINUTE);
    await close(world);
    world.clock.advance(MINUTE);

    await close(world);

    expect(await sequences(world)).toEqual([]);
    expect(world.finished).toEqual([]);
  });

  it("waits for the index to catch up before it believes that a slot has no photo", async () => {
    const world = newWorld();
    await relay(world, world.put("van/a.jpg"));
    await world
      .deps()
      .sequences.claimSlots({ bucket: world.bucket, path: "van" }, SENDER, [
        { photoTag: "x", filename: "x" },
      ]);
    const patient = { ...world.deps(), indexLagMs: 5 * MINUTE };
    const seen = [];
    for (const ms of [10 * MINUTE, MINUTE, 4 * MINUTE, MINUTE]) {
      world.clock.advance(ms);
      await closeSequences(patient, LONG_SHIFT.signal);
      seen.push((await statuses(world))[0]);
    }

    expect(seen).toEqual(["closing", "closing", "closing", "published"]);
  });
});

describe("a sequence that a person wants to see first", () => {
  it.each([
    [{ approve: "by-hand" } as const, "the fleet approves its sequences by hand"],
    [{ rules: [{ prefix: "van/", hold: true }] }, "a rule of the fleet holds it for review"],
  ])("is held: %j", async (fleet, why) => {
    const world = newWorld(fleet);
    const [ref] = await closedTrack(world, "van/a.jpg");
    await close(world);
    await close(world);

    expect(await sequences(world)).toMatchObject([{ status: "held", note: why }]);
    expect(world.finished).toEqual([]);
    expect(ref && (await world.deps().ledger.look([ref]))[0]?.row?.status).toBe("relayed");
  });
});

describe("a finish", () => {
  it("that is refused for now is tried again", async () => {
    const world = newWorld();
    world.finishAnswers.push(() => ({ kind: "later", code: "SlowDown", message: "slow down" }));
    await closedTrack(world, "van/a.jpg");
    await close(world);
    const refused = await sequences(world);
    world.clock.advance(MINUTE);
    await close(world);

    expect(refused).toMatchObject([{ status: "closing", note: "SlowDown: slow down" }]);
    expect(await statuses(world)).toEqual(["published"]);
  });

  it("that meets wrong credentials stops the account and waits", async () => {
    const world = newWorld();
    world.finishAnswers.push(() => ({
      kind: "never",
      scope: "account",
      code: "AccessDenied",
      message: "no",
    }));
    await closedTrack(world, "van/a.jpg");
    for (let round = 0; round < 3; round += 1) {
      await close(world);
      world.clock.advance(MINUTE);
    }

    expect(await statuses(world)).toEqual(["closing"]);
    expect(world.eventsNamed("account.stopped")).toHaveLength(1);
    expect(world.eventsNamed("sequence.postponed")).toHaveLength(1);
  });

  it("that is refused for good waits for a person", async () => {
    const world = newWorld();
    world.finishAnswers.push(() => ({
      kind: "never",
      scope: "sequence",
      code: "InvalidArgument",
      message: "no",
    }));
    await closedTrack(world, "van/a.jpg");
    await close(world);

    expect(await statuses(world)).toEqual(["unknown"]);
    expect(world.eventsNamed("sequence.unknown")).toMatchObject([{ trouble: { code: "InvalidArgument" } }]);
  });

  it.each([
    ["harmless", ["closing", "published"]],
    ["forbidden", ["unknown", "unknown"]],
  ] as const)("whose answer was lost, where repeating is %s, is %j", async (repeatedFinish, expected) => {
    const world = newWorld();
    world.repeatedFinish = repeatedFinish;
    world.finishAnswers.push(() => ({ kind: "unknown", code: "ECONNRESET", message: "the answer was lost" }));
    await closedTrack(world, "van/a.jpg");
    const seen = [];
    for (let round = 0; round < 2; round += 1) {
      await close(world);
      seen.push((await statuses(world))[0]);
      world.clock.advance(MINUTE);
    }

    expect(seen).toEqual(expected);
    expect(world.eventsNamed("sequence.unknown")).toHaveLength(repeatedFinish === "forbidden" ? 1 : 0);
  });

  it.each([
    ["harmless", "published", 2],
    ["forbidden", "unknown", 1],
  ] as const)(
    "whose worker died, where repeating is %s, ends %s",
    async (repeatedFinish, expected, finishes) => {
      const world = newWorld();
      world.repeatedFinish = repeatedFinish;
      await closedTrack(world, "van/a.jpg");
      // The worker dies with the answer in hand: nothing after the finish happens.
      let finished = false;
      await close(world, (name, call) => {
        if (finished) return Promise.reject(new Error("dead"));
        finished = name === "finish";
        return call();
      }).catch(() => undefined);
      const justAfter = await statuses(world);
      await close(world);
      const whileItMayLive = await statuses(world);
      for (let round = 0; round < 3; round += 1) {
        world.clock.advance(MINUTE);
        await close(world);
      }

      expect([justAfter, whileItMayLive]).toEqual([["finishing"], ["finishing"]]);
      expect(await statuses(world)).toEqual([expected]);
      expect(world.finished).toHaveLength(finishes);
    },
  );

  it("whose worker died after it was noted brings the photos up to date", async () => {
    const world = newWorld();
    world.repeatedFinish = "forbidden";
    const refs = await closedTrack(world, "van/a.jpg", "van/b.jpg");
    let noted = false;
    let afterNote = 0;
    await close(world, async (name, call) => {
      if (noted && ++afterNote > 1) throw new Error("dead");
      const result = await call();
      noted ||= world.finished.length > 0 && name === "UpdateCommand";
      return result;
    }).catch(() => undefined);
    world.clock.advance(MINUTE);
    await close(world);

    const rows = (await world.deps().ledger.look(refs)).map(({ row }) => row?.status);
    expect(rows).toEqual(["published", "published"]);
    expect(await statuses(world)).toEqual(["published"]);
    expect(world.finished).toHaveLength(1);
  });
});

it("goes on with the others when one sequence meets trouble", async () => {
  const world = newWorld();
  world.finishAnswers.push(() => {
    throw new Error("no way out");
  });
  await relay(world, world.put("bike/a.jpg"));
  await closedTrack(world, "van/a.jpg");

  await close(world);

  expect(world.finished).toHaveLength(1);
  expect(world.eventsNamed("sequence.postponed")).toMatchObject([{ trouble: { message: "no way out" } }]);
});
