/** What closing a sequence of the v4 lane comes to when handles are old and photos are lost. */
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Destination } from "../../lib/mapillary/destination.ts";
import type { PhotoRef } from "../../lib/photo/photo.ts";
import { closeSequences } from "../../lib/pipeline/close-sequences.ts";
import { accountNamed, type Deps } from "../../lib/pipeline/deps.ts";
import { relayMessages } from "../../lib/pipeline/relay-messages.ts";
import { makePhoto } from "../../sandbox/photo-maker.ts";
import { startTableSandbox, type TableSandbox } from "../../sandbox/table.ts";
import { createWorld, LONG_SHIFT, type World } from "../support/world.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
let cloud: TableSandbox;
beforeAll(async () => {
  cloud = await startTableSandbox();
});
afterAll(() => cloud.stop());

function v4World(): World {
  const world = createWorld(cloud.table, { destination: "v4", quietPeriod: "10m" });
  world.repeatedFinish = "forbidden";
  return world;
}

/** The world on the v4 lane, with what its destination does otherwise. */
function v4DepsOf(world: World, change: Partial<Destination> = {}): Deps {
  const deps = world.deps();
  const account = accountNamed(deps, "default");
  const destination = { ...account.destination, repeatedFinish: "forbidden" as const, ...change };
  return { ...deps, accounts: new Map([["default", { ...account, lane: "v4", destination }]]) };
}

const photoAt = (second: number, seed: number) =>
  makePhoto({
    latitudeDeg: 55.7 + second / 10_000,
    longitudeDeg: 13.2,
    takenAt: new Date(Date.UTC(2026, 4, 1, 10, 0, second)),
    seed,
  });

/** Relays photos, closes their track, and lets two days pass. */
async function closedTwoDaysAgo(world: World, ...refs: PhotoRef[]): Promise<void> {
  await relayMessages(
    v4DepsOf(world),
    refs.map((ref) => world.message(ref)),
    LONG_SHIFT,
  );
  world.clock.advance(10 * MINUTE);
  await closeSequences(v4DepsOf(world), LONG_SHIFT.signal);
  world.clock.advance(50 * HOUR);
}

async function closeRounds(world: World, rounds: number, deps = v4DepsOf(world)): Promise<void> {
  for (let round = 0; round < rounds; round += 1) {
    await closeSequences(deps, LONG_SHIFT.signal);
    world.clock.advance(2 * MINUTE);
  }
}

async function statusesOf(world: World, ...refs: PhotoRef[]) {
  return (await world.deps().ledger.look(refs)).map(({ row }) => row?.status);
}

async function sequenceOf(world: World) {
  return (await world.deps().sequences.ofTrack({ bucket: world.bucket, path: "van" }))[0];
}

it("gives up a photo that is refused when it is made fresh, and publishes the others", async () => {
  const world = v4World();
  const refs = [1, 2, 3].map((second) => world.put(`van/${second}.jpg`, photoAt(second, second)));
  await closedTwoDaysAgo(world, ...refs);
  const [, second] = await world.deps().ledger.look(refs);
  const refused = second?.row?.binding?.destinationKey;
  const { destination } = accountNamed(v4DepsOf(world), "default");

  const deps = v4DepsOf(world, {
    send: async (shipment, payload, signal) =>
      shipment.destinationKey === refused
        ? { kind: "never", scope: "photo", code: "PolicyError", message: "no" }
        : await destination.send(shipment, payload, signal),
  });
  await closeRounds(world, 3, deps);

  expect(await statusesOf(world, ...refs)).toEqual(["published", "failed", "published"]);
  expect(await sequenceOf(world)).toMatchObject({ status: "published", photos: 2 });
  expect(world.eventsNamed("photo.failed")).toHaveLength(1);
});

it("keeps a photo that was to be left out for a neighbour which is lost", async () => {
  const world = v4World();
  const lost = world.put("van/a.jpg", photoAt(0, 1));
  const kept = world.put("van/b.jpg", photoAt(0, 2));
  await closedTwoDaysAgo(world, lost, kept);
  world.remove("van/a.jpg");

  await closeRounds(world, 4);

  expect(await statusesOf(world, lost, kept)).toEqual(["failed", "published"]);
});

it("lets a photo that was lost, and the same bytes under another key, be relayed again", async () => {
  const world = v4World();
  const bytes = photoAt(0, 1);
  const lost = world.put("van/a.jpg", bytes);
  const other = world.put("van/b.jpg", photoAt(1, 2));
  await closedTwoDaysAgo(world, lost, other);
  world.remove("van/a.jpg");
  await closeRounds(world, 3);

  const copy = world.put("late/a.jpg", bytes);
  await relayMessages(v4DepsOf(world), [world.message(copy)], LONG_SHIFT);

  expect(await statusesOf(world, copy)).toEqual(["relayed"]);
});

it("makes handles fresh also when a worker died on its way to the finish", async () => {
  const world = v4World();
  const ref = world.put("van/a.jpg", photoAt(0, 1));
  await relayMessages(v4DepsOf(world), [world.message(ref)], LONG_SHIFT);
  await closeRounds(world, 1);
  world.clock.advance(10 * MINUTE);
  await closeRounds(world, 1);
  const dying = v4DepsOf(world);
  const noteParts = () => Promise.reject(new Error("dead"));
  await closeSequences({ ...dying, sequences: { ...dying.sequences, noteParts } }, LONG_SHIFT.signal);
  const left = (await sequenceOf(world))?.status;
  world.clock.advance(5 * 24 * HOUR);

  const before = (await world.deps().ledger.look([ref]))[0]?.row?.handledAt ?? "";
  await closeSequences(v4DepsOf(world), LONG_SHIFT.signal);
  const finishedTooEarly = world.finished.length;
  const after = (await world.deps().ledger.look([ref]))[0]?.row?.handledAt ?? "";
  await closeRounds(world, 2);

  expect(left).toBe("finishing");
  expect(finishedTooEarly).toBe(0);
  expect(after > before).toBe(true);
  expect(await statusesOf(world, ref)).toEqual(["published"]);
});

it("begins another session where a later version of us would send other bytes", async () => {
  const world = v4World();
  const ref = world.put("van/a.jpg", photoAt(0, 1));
  await closedTwoDaysAgo(world, ref);
  const deps = v4DepsOf(world);
  const renamed = { ...accountNamed(deps, "default"), name: "of another version" };

  await closeRounds(world, 3, { ...deps, accounts: new Map([["default", renamed]]) });

  const keys = world.sent.map(({ destinationKey }) => destinationKey);
  const row = (await world.deps().ledger.look([ref]))[0]?.row;
  expect(new Set(keys).size).toBe(2);
  expect(row).toMatchObject({
    status: "published",
    handle: keys.at(-1),
    binding: { destinationKey: keys.at(-1) },
  });
});

it("leaves a photo out of the plan that was never sent", async () => {
  const world = v4World();
  const never = world.put("van/a.jpg", photoAt(0, 1));
  const good = world.put("van/b.jpg", photoAt(0, 2));
  const refuse = async () => ({ kind: "never", scope: "photo", code: "x", message: "" }) as const;
  await relayMessages(v4DepsOf(world, { send: refuse }), [world.message(never)], LONG_SHIFT);
  await relayMessages(v4DepsOf(world), [world.message(good)], LONG_SHIFT);
  world.fleet = { destination: "v4", quietPeriod: "10m", rules: [{ prefix: "van/a", skip: true }] };
  world.clock.advance(1_000);
  await relayMessages(v4DepsOf(world), [world.message(never)], LONG_SHIFT);
  world.clock.advance(10 * MINUTE);
  await closeRounds(world, 3);

  expect(await statusesOf(world, never, good)).toEqual(["rejected", "published"]);
});

it("lets every worker wait when a rate limit is met while handles are made fresh", async () => {
  const world = v4World();
  await closedTwoDaysAgo(world, world.put("van/a.jpg", photoAt(0, 1)));
  const limited = async () =>
    ({
      kind: "later",
      code: "RequestRateLimitedError",
      message: "",
      afterMs: 600_000,
      gate: "rate-limit",
    }) as const;
  const deps = v4DepsOf(world, { send: limited });

  await closeSequences(deps, LONG_SHIFT.signal);

  const gate = await deps.gates.read(accountNamed(deps, "default").key, world.clock.now());
  expect(gate.kind).toBe("paused");
});
