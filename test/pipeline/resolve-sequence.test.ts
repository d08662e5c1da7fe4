import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { closeSequences } from "../../lib/pipeline/close-sequences.ts";
import type { Deps } from "../../lib/pipeline/deps.ts";
import { relayMessages } from "../../lib/pipeline/relay-messages.ts";
import {
  type Decision,
  type Finding,
  readUnknownPart,
  releaseSequence,
  resolveSequence,
} from "../../lib/pipeline/resolve-sequence.ts";
import type { SequencePart, SequenceRow, SequenceStatus } from "../../lib/sequence/sequence.ts";
import { startTableSandbox, type TableSandbox } from "../../sandbox/table.ts";
import { createWorld, LONG_SHIFT, type World } from "../support/world.ts";

/** One to a test: a round of closing takes whatever is in the table. */
let cloud: TableSandbox;
beforeEach(async () => {
  cloud = await startTableSandbox();
});
afterEach(() => cloud.stop());

const MINUTE = 60_000;
const AGAIN: Finding = { kind: "again" };
const happened = (clusterId: string): Finding => ({ kind: "happened", clusterId });

async function closeAfterAMinute(world: World): Promise<void> {
  world.clock.advance(MINUTE);
  await closeSequences(world.deps(), LONG_SHIFT.signal);
}

async function sequenceOf({ bucket, deps }: World): Promise<SequenceRow> {
  const [sequence] = await deps().sequences.ofTrack({ bucket, path: "van" });
  if (sequence === undefined) throw new Error("the track has no sequence");
  return sequence;
}

/** A sequence of photos that arrived, closed and not yet finished. */
async function closeTrack(photos: number, fleet: Parameters<typeof createWorld>[1] = {}): Promise<World> {
  const world = createWorld(cloud.table, { quietPeriod: "1m", ...fleet });
  const refs = Array.from({ length: photos }, (_, nth) => world.put(`van/${nth}.jpg`));
  await relayMessages(world.deps(), [world.message(...refs)], LONG_SHIFT);
  await closeAfterAMinute(world);
  return world;
}

/** The same, after a finish whose answer was lost. */
async function leaveUnknown(photos = 2): Promise<World> {
  const world = await closeTrack(photos);
  world.repeatedFinish = "forbidden";
  world.finishAnswers.push(() => ({ kind: "unknown", code: "ECONNRESET", message: "lost" }));
  await closeAfterAMinute(world);
  return world;
}

/** A sequence of one photo to a part, whose parts stand as told. */
async function leaveParts(...statuses: readonly SequencePart["status"][]): Promise<World> {
  const world = await closeTrack(statuses.length);
  const { sequences } = world.deps();
  const parts = statuses.map(
    (status, nth): SequencePart => ({
      status,
      slots: [nth],
      ...(status === "done" && { clusterId: `done-${nth}` }),
    }),
  );
  const finishing = await sequences.move(await sequenceOf(world), "finishing", { parts });
  if (finishing !== undefined) await sequences.move(finishing, "unknown", { note: "lost" });
  return world;
}

async function photosOf(world: World) {
  const rows = await world.deps().ledger.ofSequence((await sequenceOf(world)).id);
  return rows.map(({ status, clusterId }) =>
    clusterId === undefined ? status : `${status} in ${clusterId}`,
  );
}

async function resolve(world: World, finding: Finding, deps: Deps = world.deps()): Promise<Decision["kind"]> {
  return (await resolveSequence(deps, (await sequenceOf(world)).id, finding)).kind;
}

describe("an unknown sequence", () => {
  it("that happened is published as what Mapillary calls it, and not told again", async () => {
    const world = await leaveUnknown();

    const decision = await resolve(world, happened("4711"));
    const [sequence, photos] = [await sequenceOf(world), await photosOf(world)];
    await closeAfterAMinute(world);

    expect(decision).toBe("goes-on");
    expect(sequence).toMatchObject({ status: "closing", parts: [{ status: "done", clusterId: "4711" }] });
    expect(photos).toEqual(["published in 4711", "published in 4711"]);
    expect(await sequenceOf(world)).toMatchObject({ status: "published", photos: 2 });
    expect(world.finished).toEqual([]);
  });

  it("of which nothing was made is told again", async () => {
    const world = await leaveUnknown();

    const decision = await resolve(world, AGAIN);
    const photos = await photosOf(world);
    await closeAfterAMinute(world);

    expect(decision).toBe("goes-on");
    expect(photos).toEqual(["relayed", "relayed"]);
    expect(world.finished).toEqual([(await sequenceOf(world)).id]);
    expect(await sequenceOf(world)).toMatchObject({ status: "published" });
  });

  it("is resolved part by part, and stays unknown until the last", async () => {
    const world = await leaveParts("done", "unknown", "unknown", "due");

    const first = await resolve(world, happened("second"));
    const between = await sequenceOf(world);
    const second = await resolve(world, AGAIN);

    expect(first).toBe("part-settled");
    expect(between).toMatchObject({ status: "unknown", note: "lost" });
    expect(second).toBe("goes-on");
    expect((await sequenceOf(world)).status).toBe("closing");
    expect((await sequenceOf(world)).parts).toEqual([
      { slots: [0], status: "done", clusterId: "done-0" },
      { slots: [1], status: "done", clusterId: "second" },
      { slots: [2], status: "due" },
      { slots: [3], status: "due" },
    ]);
    expect(await photosOf(world)).toEqual(["relayed", "published in second", "relayed", "relayed"]);
  });

  it("names the photos of the part that is next, in the order of capture", async () => {
    const world = await leaveParts("done", "unknown", "unknown");

    const part = await readUnknownPart(world.deps(), (await sequenceOf(world)).id);

    expect(part).toMatchObject({ unknownParts: 2, photos: [{ ref: { key: "van/1.jpg" } }] });
  });

  it("takes no cluster that another of its parts has", async () => {
    const world = await leaveParts("done", "unknown");
    const before = await sequenceOf(world);

    const decision = await resolve(world, happened("done-0"));

    expect(decision).toBe("cluster-taken");
    expect(await sequenceOf(world)).toEqual(before);
  });

  it("cannot have happened when nothing of it was told", async () => {
    const world = await leaveParts("due");

    const decisions = [await resolve(world, happened("1")), await resolve(world, AGAIN)];

    expect(decisions).toEqual(["nothing-told", "goes-on"]);
    expect((await sequenceOf(world)).status).toBe("closing");
  });

  it("whose handles were refused has them made fresh before it is told again", async () => {
    const world = await leaveParts("begun");
    const { sequences } = world.deps();
    const seen = await sequenceOf(world);
    const closing = await sequences.move(seen, "closing", { handlesRefusedAt: "2026-01-01T00:00:00.000Z" });
    const finishing = closing && (await sequences.move(closing, "finishing", { parts: [] }));
    world.clock.advance(MINUTE);
    const parts: SequencePart[] = [{ slots: [0], status: "unknown" }];
    const unknown = finishing && (await sequences.move(finishing, "unknown", { parts }));

    await resolve(world, AGAIN);

    expect((await sequenceOf(world)).handlesRefusedAt).toBe(unknown?.changedAt);
  });

  it("is left as it is by the slower of two people", async () => {
    const world = await leaveUnknown();
    const deps = world.deps();
    const late: Deps = {
      ...deps,
      sequences: {
        ...deps.sequences,
        async move(row, to, change) {
          await resolve(world, AGAIN);
          return await deps.sequences.move(row, to, change);
        },
      },
    };

    const decision = await resolve(world, happened("4711"), late);

    expect(decision).toBe("changed");
    expect(await sequenceOf(world)).toMatchObject({ status: "closing", parts: [{ status: "due" }] });
    expect(await photosOf(world)).toEqual(["relayed", "relayed"]);
  });
});

describe("a held sequence", () => {
  it("goes on when it is released, and is not held again", async () => {
    const world = await closeTrack(1, { approve: "by-hand" });
    await closeAfterAMinute(world);
    const held = await sequenceOf(world);

    const decision = await releaseSequence(world.deps(), held.id);
    await closeAfterAMinute(world);

    expect(held.status).toBe("held");
    expect(decision).toMatchObject({
      kind: "goes-on",
      sequence: { status: "closing", releasedAt: expect.any(String) },
    });
    expect(await sequenceOf(world)).toMatchObject({ status: "published" });
  });
});

describe("a decision", () => {
  it.each<[SequenceStatus, (world: World) => Promise<void>]>([
    ["closing", async () => {}],
    ["published", closeAfterAMinute],
  ])("about a sequence that is %s changes nothing", async (status, prepare) => {
    const world = await closeTrack(1);
    await prepare(world);
    const before = await sequenceOf(world);
    const expected = status === "published" ? { kind: "not-found" } : { kind: "other-status", status };

    const decisions = [
      await resolveSequence(world.deps(), before.id, AGAIN),
      await resolveSequence(world.deps(), before.id, happened("1")),
      await readUnknownPart(world.deps(), before.id),
      await releaseSequence(world.deps(), before.id),
    ];

    expect(before.status).toBe(status);
    expect(decisions).toEqual(Array(4).fill(expected));
    expect(await sequenceOf(world)).toEqual(before);
  });
});
