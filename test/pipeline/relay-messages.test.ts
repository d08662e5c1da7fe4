import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { FleetInput } from "../../lib/config/fleet.ts";
import type { PhotoRow } from "../../lib/ledger/ledger.ts";
import type { PhotoRef } from "../../lib/photo/photo.ts";
import { relayMessages } from "../../lib/pipeline/relay-messages.ts";
import { makePhoto } from "../../sandbox/photo-maker.ts";
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

describe("a batch of good photos", () => {
  it("arrives byte for byte under one sequence, in three writes a photo at most", async () => {
    const world = newWorld();
    const refs = ["van/a.jpg", "van/b.jpg", "van/c.jpg"].map((key) => world.put(key));
    const calls: string[] = [];
    const deps = world.deps((name, call) => {
      calls.push(name);
      return call();
    });

    const results = await relayMessages(
      deps,
      refs.map((ref) => world.message(ref)),
      LONG_SHIFT,
    );

    const rows = await Promise.all(refs.map((ref) => rowOf(world, ref)));
    expect(results).toEqual([{ kind: "settled" }, { kind: "settled" }, { kind: "settled" }]);
    expect(rows.map((row) => row?.status)).toEqual(["relayed", "relayed", "relayed"]);
    expect(new Set(rows.map((row) => row?.binding?.sequenceId)).size).toBe(1);
    for (const { destinationKey, bytes } of world.sent) {
      const row = rows.find((other) => other?.binding?.destinationKey === destinationKey);
      expect(destinationKey).toBe(`driver/${row?.binding?.sequenceId}/${row?.ref.key.slice(4)}`);
      expect(Buffer.from(bytes).equals(goodPhoto(refs.findIndex(({ key }) => key === row?.ref.key)))).toBe(
        true,
      );
    }
    const writes = calls.filter((name) => /Put|Update|Delete/.test(name));
    // One to name the track's first sequence, one claim for all three, two rows' worth each.
    expect(writes).toHaveLength(1 + 1 + 3 * 2);
    expect(calls.filter((name) => name === "BatchGetCommand")).toHaveLength(1);
    expect(calls.filter((name) => name === "open")).toHaveLength(3);
  });

  it("is told with what its EXIF says", async () => {
    const world = newWorld();
    const ref = world.put("a.jpg", makePhoto({ latitudeDeg: -33.5, longitudeDeg: 18.25, headingDeg: 90 }));

    await relay(world, ref);

    expect((await rowOf(world, ref))?.facts).toMatchObject({
      latitudeDeg: expect.closeTo(-33.5, 6),
      longitudeDeg: expect.closeTo(18.25, 6),
      headingDeg: 90,
      capturedAt: "2024-05-01T10:00:00.000Z",
    });
  });

  it("is not sent again when its events come again", async () => {
    const world = newWorld();
    const ref = world.put("a.jpg");

    await relay(world, ref, ref);
    const calls: string[] = [];
    const deps = world.deps((name, call) => {
      calls.push(name);
      return call();
    });
    await relayMessages(deps, [world.message(ref)], LONG_SHIFT);

    expect(world.sent).toHaveLength(1);
    expect(calls).toEqual(["BatchGetCommand"]);
    expect(world.eventsNamed("photo.relayed")).toHaveLength(1);
  });

  it("is several photos when one message names several", async () => {
    const world = newWorld();
    const refs = [world.put("a.jpg"), world.put("b.jpg")];

    const results = await relayMessages(world.deps(), [world.message(...refs)], LONG_SHIFT);

    expect(results).toEqual([{ kind: "settled" }]);
    expect(world.sent).toHaveLength(2);
  });
});

describe("a photo that is not fit", () => {
  it("is a row with every reason, and costs no slot and no upload", async () => {
    const world = newWorld();
    const bad = world.put("a.jpg", makePhoto({ latitudeDeg: null, longitudeDeg: null, takenAt: null }));

    const results = await relay(world, bad);

    const row = await rowOf(world, bad);
    expect(results).toEqual([{ kind: "settled" }]);
    expect(row?.status).toBe("rejected");
    expect(row?.reasons.map(({ code }) => code).sort()).toEqual(
      [
        "date-missing",
        "latitude-missing",
        "latitude-ref-missing",
        "longitude-missing",
        "longitude-ref-missing",
      ].sort(),
    );
    expect(world.sent).toEqual([]);
    expect(await world.deps().sequences.ofTrack({ bucket: world.bucket, path: "" })).toEqual([]);
  });

  it("is not even opened when it is empty or a rule skips it", async () => {
    const world = newWorld({ rules: [{ prefix: "yard/", skip: true }] });
    const empty = { ...world.put("a.jpg"), sizeBytes: 0 };
    const skipped = world.put("yard/b.jpg");
    world.remove("a.jpg");
    world.remove("yard/b.jpg");

    await relay(world, empty, skipped);

    expect((await rowOf(world, empty))?.reasons[0]?.code).toBe("empty");
    expect((await rowOf(world, skipped))?.reasons[0]?.code).toBe("skipped-by-rule");
  });

  it("stays in the bucket when it shows a private place", async () => {
    const world = newWorld({
      rules: [{ prefix: "", privacyZones: [{ center: [59.3, 18.1], radiusMeters: 200 }] }],
    });
    const home = world.put("home.jpg", makePhoto({ latitudeDeg: 59.3005, longitudeDeg: 18.1005 }));
    const street = world.put("street.jpg", makePhoto({ latitudeDeg: 59.31, longitudeDeg: 18.1 }));

    await relay(world, home, street);

    expect((await rowOf(world, home))?.reasons.map(({ code }) => code)).toEqual(["privacy-zone"]);
    expect(world.sent.map(({ filename }) => filename)).toEqual(["street.jpg"]);
  });

  it("is too large by the account's policy, known without opening it", async () => {
    const world = newWorld();
    const ref = world.put("a.jpg");
    world.remove("a.jpg");
    world.accountObjection = {
      kind: "never",
      scope: "photo",
      code: "too-large",
      message: "at most 10 bytes",
    } as never;

    await relay(world, ref);

    expect(await rowOf(world, ref)).toMatchObject({ status: "rejected", reasons: [{ code: "too-large" }] });
  });
});

describe("the same bytes under another key", () => {
  it("are a duplicate of the first, in the same batch and later", async () => {
    const world = newWorld();
    const first = world.put("a.jpg", goodPhoto(1));
    const second = world.put("b.jpg", goodPhoto(1));
    const third = world.put("c.jpg", goodPhoto(1));

    await relay(world, first, second);
    await relay(world, third);

    expect(world.sent.map(({ filename }) => filename)).toEqual(["a.jpg"]);
    for (const ref of [second, third]) {
      expect(await rowOf(world, ref)).toMatchObject({ status: "duplicate", duplicateOf: first });
    }
  });

  it("wait while the first is on its way, and are relayed when it fails", async () => {
    const world = newWorld();
    const first = world.put("a.jpg", goodPhoto(1));
    const second = world.put("b.jpg", goodPhoto(1));
    world.answers.push(() => ({ kind: "later", code: "SlowDown", message: "" }));
    await relay(world, first);

    const [waits] = await relay(world, second);
    world.remove("a.jpg");
    await relay(world, first);
    await relay(world, second);

    expect(waits).toMatchObject({ kind: "waiting", trouble: { code: "twin-in-flight" } });
    expect(await rowOf(world, first)).toMatchObject({ status: "failed", error: { code: "source-gone" } });
    expect(await rowOf(world, second)).toMatchObject({ status: "relayed" });
  });

  it("are sent when the fleet says so", async () => {
    const world = newWorld({ duplicates: "send" });

    await relay(world, world.put("a.jpg", goodPhoto(1)), world.put("b.jpg", goodPhoto(1)));

    expect(world.sent).toHaveLength(2);
  });
});

describe("photos of one name in one sequence", () => {
  it("keep apart, and the first keeps the plain name", async () => {
    const world = newWorld({ track: "{vehicle}/" });
    const refs = [world.put("van/left/1.jpg"), world.put("van/right/1.jpg"), world.put("van/left/2.jpg")];

    await relay(world, ...refs);

    const names = world.sent.map(({ filename }) => filename).sort();
    expect(names).toEqual(["1.jpg", expect.stringMatching(/^1~[0-9a-f]{16}\.jpg$/), "2.jpg"]);
    expect(new Set(world.sent.map(({ destinationKey }) => destinationKey.split("/")[1])).size).toBe(1);
  });

  it("are the old and the new content of an overwritten key", async () => {
    const world = newWorld();
    await relay(world, world.put("van/1.jpg", goodPhoto(1)));
    await relay(world, world.put("van/1.jpg", goodPhoto(2)));

    expect(world.sent.map(({ filename }) => filename)).toEqual(["1.jpg", expect.stringMatching(/^1~/)]);
  });

  it("never take a name that another's longer name could have", async () => {
    const world = newWorld();

    await relay(world, world.put("van/1~0123456789abcdef.jpg"));

    expect(world.sent[0]?.filename).toMatch(/^1~0123456789abcdef~[0-9a-f]{16}\.jpg$/);
  });
});
