import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createDynamoLedger, MAX_UNREADABLE_BYTES } from "../../lib/ledger/ledger.dynamo.ts";
import type { Binding, Ledger, NewRelay, PhotoRow } from "../../lib/ledger/ledger.ts";
import type { PhotoRef } from "../../lib/photo/photo.ts";
import { startTableSandbox, type TableSandbox } from "../../sandbox/table.ts";
import { createTestClock, FACTS, photoRef } from "../support/refs.ts";

let cloud: TableSandbox;
let clock = createTestClock();
let ledger: Ledger;
let bucket = 0;

beforeAll(async () => {
  cloud = await startTableSandbox();
});
afterAll(() => cloud.stop());
beforeEach(() => {
  clock = createTestClock();
  bucket += 1;
  ledger = createDynamoLedger({ table: cloud.table, duplicates: "skip", now: clock.now });
});

/** A photo in a bucket of this test's own. */
const aPhoto = (over: Partial<PhotoRef> = {}) => photoRef({ bucket: `bucket-${bucket}`, ...over });
const binding = (over: Partial<Binding> = {}): Binding => ({
  account: "default",
  trackPath: "van-1/monday",
  sequenceId: `sequence-${bucket}`,
  slot: 0,
  destinationKey: "user/sequence/a.jpg",
  ...over,
});
const relayOf = (ref: PhotoRef, over: Partial<NewRelay> = {}): NewRelay => ({
  ref,
  facts: FACTS,
  warnings: [],
  binding: binding(),
  lease: { owner: "worker-1", untilMs: clock.now() + 1000 },
  attemptsSoFar: 0,
  ...over,
});
async function start(ref: PhotoRef, over: Partial<NewRelay> = {}): Promise<PhotoRow> {
  const started = await ledger.startRelay(relayOf(ref, over));
  if (started.kind !== "started") throw new Error("the photo is taken");
  return started.row;
}
async function rowOf(ref: PhotoRef): Promise<PhotoRow | undefined> {
  return (await ledger.look([ref]))[0]?.row;
}
const trouble = { code: "SlowDown", message: "reduce your request rate" };

describe("a photo that goes well", () => {
  it("is unknown, then relaying, relayed and published, with what its EXIF says", async () => {
    const ref = aPhoto();

    const before = await ledger.look([ref]);
    const started = await start(ref);
    const recorded = await ledger.recordRelayed(started, [{ code: "end-mark-missing", message: "no EOI" }]);
    const relayed = await rowOf(ref);
    if (relayed === undefined) throw new Error("no row");
    clock.advance(5000);
    await ledger.publish(relayed);
    await ledger.publish(relayed);

    expect(before).toEqual([{}]);
    expect(started).toMatchObject({ status: "relaying", attempts: 1, binding: binding(), facts: FACTS });
    expect(recorded).toBe(true);
    expect(relayed).toMatchObject({ status: "relayed", relayedAt: "2026-11-22T12:00:00.000Z" });
    expect(relayed.lease).toBeUndefined();
    expect(relayed.warnings).toEqual([{ code: "end-mark-missing", message: "no EOI" }]);
    expect(await rowOf(ref)).toMatchObject({ status: "published", publishedAt: "2026-11-22T12:00:05.000Z" });
  });

  it("keeps its first binding when it is started twice", async () => {
    const ref = aPhoto();
    await start(ref);

    const second = await ledger.startRelay(
      relayOf(ref, { binding: binding({ slot: 7 }), lease: { owner: "worker-2", untilMs: 1 } }),
    );

    expect(second).toMatchObject({ kind: "taken", by: { ref, binding: { slot: 0 } } });
  });

  it("is found by its key in all versions, and by its sequence in slot order", async () => {
    const first = aPhoto();
    const second = aPhoto({ etag: "e2" });
    await start(second, { binding: binding({ slot: 1 }) });
    clock.advance(1000);
    await start(first, { binding: binding({ slot: 0 }) });

    const byKey = await ledger.ofKey(first.bucket, first.key);
    const bySequence = await ledger.ofSequence(binding().sequenceId);

    expect(byKey.map((row) => row.ref.etag)).toEqual(["e2", "e1"]);
    expect(bySequence.map((row) => row.ref.etag)).toEqual(["e1", "e2"]);
  });
});

describe("a lease", () => {
  it("passes on once, to the first who asks after the last attempt", async () => {
    const seen = await start(aPhoto());

    const first = await ledger.resumeRelay(seen, { owner: "worker-2", untilMs: 9 });
    const second = await ledger.resumeRelay(seen, { owner: "worker-3", untilMs: 9 });

    expect(first).toMatchObject({ attempts: 2, lease: { owner: "worker-2", untilMs: 9 } });
    expect(second).toBeUndefined();
  });

  it("keeps a worker that lost it from recording, releasing or giving up", async () => {
    const ref = aPhoto();
    const seen = await start(ref);
    await ledger.resumeRelay(seen, { owner: "worker-2", untilMs: 9 });

    const recorded = await ledger.recordRelayed(seen, []);
    await ledger.releaseRelay(seen, trouble);
    const failed = await ledger.fail(ref, trouble, seen);

    expect([recorded, failed]).toEqual([false, false]);
    expect(await rowOf(ref)).toMatchObject({ status: "relaying", lease: { owner: "worker-2", untilMs: 9 } });
  });

  it("ends with an attempt that failed for now, which the row tells of", async () => {
    const ref = aPhoto();
    await ledger.releaseRelay(await start(ref), trouble);

    expect(await rowOf(ref)).toMatchObject({ status: "relaying", lease: { untilMs: 0 }, error: trouble });
  });
});

describe("the same bytes under another key", () => {
  it("cannot be started while the first is on its way or there", async () => {
    const first = aPhoto({ key: "a.jpg" });
    const copy = aPhoto({ key: "b.jpg" });
    const row = await start(first);

    const early = await ledger.startRelay(relayOf(copy));
    await ledger.recordRelayed(row, []);
    const [late] = await ledger.look([copy]);

    expect(early).toMatchObject({ kind: "taken", by: { ref: first } });
    expect(late?.twin).toMatchObject({ ref: first, status: "relayed" });
    expect(late?.row).toBeUndefined();
  });

  it("may be started once the first has failed, whose row stays", async () => {
    const first = aPhoto({ key: "a.jpg" });
    const copy = aPhoto({ key: "b.jpg" });
    await ledger.fail(first, trouble, await start(first));

    const [sighting] = await ledger.look([copy]);
    const started = await ledger.startRelay(relayOf(copy));

    expect(sighting).toEqual({});
    expect(started.kind).toBe("started");
    expect(await rowOf(first)).toMatchObject({ status: "failed", error: trouble, binding: binding() });
    expect(await rowOf(copy)).toMatchObject({ status: "relaying" });
  });

  it("are two photos when duplicates are to be sent", async () => {
    ledger = createDynamoLedger({ table: cloud.table, duplicates: "send", now: clock.now });
    await start(aPhoto({ key: "a.jpg" }));

    const second = await ledger.startRelay(relayOf(aPhoto({ key: "b.jpg" })));

    expect(second.kind).toBe("started");
  });
});

describe("a photo that is not sent", () => {
  it("is told with its reasons, by day", async () => {
    const ref = aPhoto();
    const reasons = [{ code: "no-exif", message: "no Exif segment" }] as const;
    await ledger.dismiss({ ref, status: "rejected", reasons, warnings: [] });
    await ledger.dismiss({ ref, status: "rejected", reasons: [], warnings: [] });

    const today = await ledger.dismissedOn("rejected", "2026-11-22");

    expect(today.filter((row) => row.ref.bucket === ref.bucket)).toMatchObject([
      { ref, reasons, attempts: 1 },
    ]);
    expect(await ledger.dismissedOn("rejected", "2026-11-23")).toEqual([]);
  });

  it("does not hold back the same bytes under another key", async () => {
    await ledger.dismiss({ ref: aPhoto({ key: "a.jpg" }), status: "rejected", reasons: [], warnings: [] });

    expect(await ledger.look([aPhoto({ key: "b.jpg" })])).toEqual([{}]);
  });

  it("names the photo it is a duplicate of", async () => {
    const first = aPhoto({ key: "a.jpg" });
    const ref = aPhoto({ key: "b.jpg" });
    await ledger.dismiss({ ref, status: "duplicate", reasons: [], warnings: [], duplicateOf: first });

    expect(await rowOf(ref)).toMatchObject({ status: "duplicate", duplicateOf: first });
  });
});

describe("trouble before a photo has a destination", () => {
  it("is counted and told of until the photo gets on", async () => {
    const ref = aPhoto();
    const counts = [await ledger.noteTrouble(ref, trouble), await ledger.noteTrouble(ref, trouble)];
    const waiting = await ledger.troubled();
    const row = await start(ref, { attemptsSoFar: 2 });

    expect(counts).toEqual([1, 2]);
    expect(waiting.filter((other) => other.ref.bucket === ref.bucket)).toMatchObject([
      { ref, error: trouble },
    ]);
    expect(row.attempts).toBe(3);
    expect((await ledger.troubled()).filter((other) => other.ref.bucket === ref.bucket)).toEqual([]);
    expect(await ledger.ofKey(ref.bucket, ref.key)).toHaveLength(1);
  });

  it("ends as a failure that keeps the last error, and may be tried again", async () => {
    const ref = aPhoto();
    await ledger.noteTrouble(ref, trouble);
    const failed = await ledger.fail(ref, { code: "source-gone", message: "no such key" });
    const row = await rowOf(ref);

    const again = await start(ref, { attemptsSoFar: row?.attempts ?? 0 });

    expect(failed).toBe(true);
    expect(row).toMatchObject({ status: "failed", attempts: 2, error: { code: "source-gone" } });
    expect(again).toMatchObject({ status: "relaying", attempts: 3 });
  });

  it("leaves a settled photo as it is", async () => {
    const ref = aPhoto();
    await ledger.dismiss({ ref, status: "rejected", reasons: [], warnings: [] });

    const counts = [await ledger.noteTrouble(ref, trouble), await ledger.fail(ref, trouble)];

    expect(counts).toEqual([0, false]);
    expect(await rowOf(ref)).toMatchObject({ status: "rejected" });
  });
});

it("looks at more photos at once than one DynamoDB read takes", async () => {
  const refs = Array.from({ length: 130 }, (_, at) => aPhoto({ key: `${at}.jpg`, etag: `e${at}` }));
  await Promise.all(refs.map((ref) => start(ref)));

  const sightings = await ledger.look(refs);

  expect(sightings.map(({ row }) => row?.ref.key)).toEqual(refs.map(({ key }) => key));
});

it("refuses a step that the life of a photo does not have", async () => {
  const ref = aPhoto();
  const row = await start(ref);
  await ledger.recordRelayed(row, []);
  const relayed = await rowOf(ref);
  if (relayed === undefined) throw new Error("no row");

  await expect(ledger.recordRelayed(relayed, [])).rejects.toThrow("cannot go from relayed to relayed");
  await expect(ledger.publish(row)).rejects.toThrow("cannot go from relaying to published");
});

it("keeps an unreadable message up to what an item holds, and refuses a larger one whole", async () => {
  const message = { messageId: `m-${bucket}`, why: "not JSON" };

  await ledger.keepUnreadable({ ...message, body: "x".repeat(MAX_UNREADABLE_BYTES) });

  await expect(
    ledger.keepUnreadable({ ...message, body: "x".repeat(MAX_UNREADABLE_BYTES + 1) }),
  ).rejects.toThrow("has 350001 bytes");
});
