import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createDynamoGates, PROBE_EVERY_MS } from "../../lib/ledger/gate.dynamo.ts";
import { createDynamoSequences } from "../../lib/sequence/sequence.dynamo.ts";
import type { SequenceRow, SequenceStore, Slot } from "../../lib/sequence/sequence.ts";
import { startTableSandbox, type TableSandbox } from "../../sandbox/table.ts";
import { createTestClock, newId, SENDER } from "../support/refs.ts";

let cloud: TableSandbox;
let clock = createTestClock();
let store: SequenceStore;
let bucket = 0;

beforeAll(async () => {
  cloud = await startTableSandbox();
});
afterAll(() => cloud.stop());
beforeEach(() => {
  clock = createTestClock();
  bucket += 1;
  store = createDynamoSequences({ table: cloud.table, now: clock.now, newId });
});

const aTrack = (path = "van-1/monday") => ({ bucket: `bucket-${bucket}`, path });
const asks = (count: number, prefix = "p") =>
  Array.from({ length: count }, (_, at) => ({
    photoTag: `${prefix}-${at}`,
    filename: `${prefix}-${at}.jpg`,
  }));
async function mine(status: Parameters<SequenceStore["withStatus"]>[0]): Promise<SequenceRow[]> {
  return (await store.withStatus(status)).filter((row) => row.track.bucket === aTrack().bucket);
}
async function only(status: Parameters<SequenceStore["withStatus"]>[0]): Promise<SequenceRow> {
  const [row, ...others] = await mine(status);
  if (row === undefined || others.length > 0) throw new Error(`not one sequence is ${status}`);
  return row;
}

describe("claiming slots", () => {
  it("numbers a batch in order, and the next batch after it", async () => {
    const first = await store.claimSlots(aTrack(), SENDER, asks(3, "a"));
    const second = await store.claimSlots(aTrack(), SENDER, asks(2, "b"));

    expect(first.map(({ index }) => index)).toEqual([0, 1, 2]);
    expect(second.map(({ index }) => index)).toEqual([3, 4]);
    expect(new Set([...first, ...second].map(({ sequenceId }) => sequenceId)).size).toBe(1);
    expect(first[0]?.sequenceId).toMatch(
      /^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
    );
  });

  it("fills a sequence to 1,000 and goes on in the next part", async () => {
    const slots = await store.claimSlots(aTrack(), SENDER, asks(995));

    const over = await store.claimSlots(aTrack(), SENDER, asks(10, "q"));

    const first = slots[0]?.sequenceId;
    expect(over.map(({ sequenceId }) => sequenceId === first)).toEqual([
      ...Array(5).fill(true),
      ...Array(5).fill(false),
    ]);
    expect(over.map(({ index }) => index)).toEqual([995, 996, 997, 998, 999, 0, 1, 2, 3, 4]);
    expect((await store.ofTrack(aTrack())).map(({ part, slotsTaken }) => [part, slotsTaken])).toEqual([
      [0, 1000],
      [1, 5],
    ]);
  });

  it("takes a claim larger than a sequence", async () => {
    const slots = await store.claimSlots(aTrack(), SENDER, asks(1030));

    expect((await store.ofTrack(aTrack())).map(({ slotsTaken }) => slotsTaken)).toEqual([1000, 30]);
    expect(new Set(slots.map(({ sequenceId, index }) => `${sequenceId}/${index}`)).size).toBe(1030);
  });

  it("gives no slot twice and never over 1,000 to workers that race", async () => {
    const workers = Array.from({ length: 8 }, (_, worker) =>
      createDynamoSequences({ table: cloud.table, now: () => clock.now() + worker, newId }),
    );
    const slots: Slot[] = [];
    await Promise.all(
      workers.map(async (worker, at) => {
        for (let batch = 0; batch < 25; batch += 1) {
          slots.push(...(await worker.claimSlots(aTrack(), SENDER, asks(13, `${at}-${batch}`))));
        }
      }),
    );

    const taken = (await store.ofTrack(aTrack())).map(({ slotsTaken }) => slotsTaken);
    expect(new Set(slots.map(({ sequenceId, index }) => `${sequenceId}/${index}`)).size).toBe(2600);
    expect(taken).toEqual([1000, 1000, 600]);
  });

  it("keeps tracks apart whose names could be confused", async () => {
    const [a] = await store.claimSlots({ bucket: `b${bucket}`, path: "x/y" }, SENDER, asks(1));
    const [b] = await store.claimSlots({ bucket: `b${bucket}.x`, path: "y" }, SENDER, asks(1));

    expect(a?.sequenceId).not.toBe(b?.sequenceId);
    expect([a?.index, b?.index]).toEqual([0, 0]);
  });
});

it("opens the next epoch for another sender, under another id", async () => {
  const other = { account: "north", username: "nils" };
  const [first] = await store.claimSlots(aTrack(), SENDER, asks(1, "a"));
  const [second] = await store.claimSlots(aTrack(), other, asks(1, "b"));

  expect(second).toMatchObject({ index: 0 });
  expect(second?.sequenceId).not.toBe(first?.sequenceId);
  expect((await store.ofTrack(aTrack())).map(({ sender }) => sender)).toEqual([SENDER, other]);
});

describe("a file name", () => {
  const ask = (photoTag: string) => [{ photoTag, filename: "IMG_1.jpg" }];
  const isFree = async (photoTag: string) =>
    (await store.claimSlots(aTrack(), SENDER, ask(photoTag)))[0]?.filenameIsFree;

  it("is the first photo's that asks for it in a sequence", async () => {
    expect([await isFree("a"), await isFree("b"), await isFree("c")]).toEqual([true, false, false]);
  });

  it("is the first photo's within one claim", async () => {
    const slots = await store.claimSlots(aTrack(), SENDER, [...ask("a"), ...ask("b")]);

    expect(slots.map(({ filenameIsFree }) => filenameIsFree)).toEqual([true, false]);
  });

  it("stays with a photo that asks again, and is nobody's when another asked in between", async () => {
    expect([await isFree("a"), await isFree("a"), await isFree("b"), await isFree("a")]).toEqual([
      true,
      true,
      false,
      false,
    ]);
  });

  it("is free again in the next sequence of the track", async () => {
    await isFree("a");
    await store.move(await only("open"), "closing");

    expect(await isFree("b")).toBe(true);
  });
});

describe("closing", () => {
  it("sends later photos to the next epoch, under another id", async () => {
    const [early] = await store.claimSlots(aTrack(), SENDER, asks(1, "a"));
    const closing = await store.move(await only("open"), "closing");
    const [late] = await store.claimSlots(aTrack(), SENDER, asks(1, "b"));

    expect(closing).toMatchObject({
      status: "closing",
      closingAt: "2026-11-22T12:00:00.000Z",
      slotsTaken: 1,
    });
    expect(late?.sequenceId).not.toBe(early?.sequenceId);
    expect(late?.index).toBe(0);
    expect((await store.ofTrack(aTrack())).map(({ status }) => status)).toEqual(["closing", "open"]);
  });

  it("does not happen when a slot was claimed since it was looked at", async () => {
    await store.claimSlots(aTrack(), SENDER, asks(1, "a"));
    const seen = await only("open");
    await store.claimSlots(aTrack(), SENDER, asks(1, "b"));

    expect(await store.move(seen, "closing")).toBeUndefined();
    expect(await only("open")).toMatchObject({ slotsTaken: 2 });
  });

  it("goes through finishing to published, found by status and by day", async () => {
    await store.claimSlots(aTrack(), SENDER, asks(1));
    const closing = await store.move(await only("open"), "closing");
    const finishing = closing && (await store.move(closing, "finishing"));
    const noted = finishing && (await store.noteParts(finishing, [{ slots: [0], status: "begun" }]));
    const published = noted && (await store.move(noted, "published", { photos: 1 }));

    expect(noted).toMatchObject({ status: "finishing", parts: [{ slots: [0], status: "begun" }] });
    expect(published).toMatchObject({ status: "published", photos: 1 });
    expect(await mine("finishing")).toEqual([]);
    const today = await store.publishedOn("2026-11-22");
    expect(today.map(({ id }) => id)).toContain(published?.id);
  });

  it("lets one of two workers finish", async () => {
    await store.claimSlots(aTrack(), SENDER, asks(1));
    const closing = await store.move(await only("open"), "closing");
    if (closing === undefined) throw new Error("not closed");

    const both = await Promise.all([store.move(closing, "finishing"), store.move(closing, "finishing")]);

    expect(both.filter((row) => row !== undefined)).toHaveLength(1);
  });

  it("lets one of two workers note how far it is, and neither go on from what the other changed", async () => {
    await store.claimSlots(aTrack(), SENDER, asks(1));
    const closing = await store.move(await only("open"), "closing");
    const finishing = closing && (await store.move(closing, "finishing"));
    if (finishing === undefined) throw new Error("not finishing");

    const begun = [{ slots: [0], status: "begun" }] as const;
    const both = await Promise.all([store.noteParts(finishing, begun), store.noteParts(finishing, begun)]);

    expect(both.filter((row) => row !== undefined)).toHaveLength(1);
    expect(await store.move(finishing, "closing")).toBeUndefined();
    expect(await only("finishing")).toMatchObject({ parts: begun });
  });

  it("begins another epoch where the organization changes, and keeps it with the sequence", async () => {
    const ours = { ...SENDER, organizationId: "123" };
    const [first] = await store.claimSlots(aTrack(), SENDER, asks(1, "a"));
    const [second] = await store.claimSlots(aTrack(), ours, asks(1, "b"));
    const [third] = await store.claimSlots(aTrack(), ours, asks(1, "c"));

    expect(second?.sequenceId).not.toBe(first?.sequenceId);
    expect([third?.sequenceId, third?.index]).toEqual([second?.sequenceId, 1]);
    expect((await store.ofTrack(aTrack())).map(({ sender }) => sender)).toEqual([SENDER, ours]);
  });

  it("refuses a step that a sequence's life does not have", async () => {
    await store.claimSlots(aTrack(), SENDER, asks(1));

    await expect(store.move(await only("open"), "published")).rejects.toThrow(
      "cannot go from open to published",
    );
  });

  it("forgets a sequence that came to nothing, but not one that is open", async () => {
    await store.claimSlots(aTrack(), SENDER, asks(1));
    const open = await only("open");
    await store.dropEmpty(open);
    expect(await mine("open")).toHaveLength(1);

    const closing = await store.move(open, "closing");
    if (closing) await store.dropEmpty(closing);

    expect(await store.ofTrack(aTrack())).toEqual([]);
    const [again] = await store.claimSlots(aTrack(), SENDER, asks(1));
    expect(again?.sequenceId).not.toBe(open.id);
  });

  it("is told when the track was declared complete", async () => {
    expect(await store.doneSince(aTrack())).toBeUndefined();
    await store.markDone(aTrack());

    expect(await store.doneSince(aTrack())).toBe("2026-11-22T12:00:00.000Z");
    const [slot] = await store.claimSlots(aTrack(), SENDER, asks(1));
    expect(slot?.index).toBe(0);
  });
});

describe("the gate of an account", () => {
  const account = (credentialsMark = "m1") => ({ name: `account-${bucket}`, credentialsMark });
  const why = { code: "InvalidAccessKeyId", message: "no such key" };

  it("is stopped by one of many, for all", async () => {
    const gates = createDynamoGates({ table: cloud.table, now: clock.now });
    const stops = await Promise.all(Array.from({ length: 5 }, () => gates.stop(account(), why)));

    expect(stops.filter(Boolean)).toHaveLength(1);
    expect(await gates.read(account(), clock.now())).toMatchObject({ kind: "stopped", why });
  });

  it("opens by itself for new credentials, and by hand", async () => {
    const gates = createDynamoGates({ table: cloud.table, now: clock.now });
    await gates.stop(account(), why);

    expect(await gates.read(account("m2"), clock.now())).toEqual({ kind: "open" });
    expect((await gates.read(account(), clock.now())).kind).toBe("stopped");
    await gates.open(account());
    expect(await gates.read(account(), clock.now())).toEqual({ kind: "open" });
  });

  it("may be tried once an hour, by one of many", async () => {
    const gates = createDynamoGates({ table: cloud.table, now: clock.now });
    await gates.stop(account(), why);
    const ask = () => Promise.all([1, 2, 3].map(() => gates.mayProbe(account(), clock.now())));

    const atOnce = await ask();
    clock.advance(PROBE_EVERY_MS);
    const later = await ask();

    expect(atOnce).toEqual([false, false, false]);
    expect(later.filter(Boolean)).toHaveLength(1);
    expect((await gates.read(account(), clock.now())).kind).toBe("stopped");
  });

  it("pauses until the latest time asked for", async () => {
    const gates = createDynamoGates({ table: cloud.table, now: clock.now });
    await gates.pause(account(), clock.now() + 5000);
    await gates.pause(account(), clock.now() + 2000);

    expect(await gates.read(account(), clock.now() + 3000)).toEqual({
      kind: "paused",
      untilMs: clock.now() + 5000,
    });
    expect(await gates.read(account(), clock.now() + 5000)).toEqual({ kind: "open" });
  });
});
