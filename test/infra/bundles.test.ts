/**
 * The functions as they would be uploaded, started with the environment that Lambda and the deployment give them, and
 * put to work in the embedded cloud behind the very policies that they would have.
 */
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { OLD_SPACE_MB } from "../../infra/sizes.ts";
import { readFleet } from "../../lib/config/fleet.ts";
import { one, TYPE } from "./engine/graph.ts";
import { type Synth, synth } from "./engine/synth.ts";
import { fleetFile } from "./fleets.ts";
import { type BucketDestination, startBucketDestination } from "./lambda/bucket-destination.ts";
import { type DeployedCloud, type StartedFunction, startDeployedCloud } from "./lambda/cloud.ts";
import { messageOf, putCapturedPhoto, putPhoto } from "./lambda/photo-events.ts";
import { rightsOf } from "./lambda/rights.ts";

const FLEET = { destination: "bucket", quietPeriod: "10 minutes" } as const;
const NAMES = ["Relay", "DeadLetter", "CloseSequences", "Credentials"] as const;
const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

const parts = new AsyncDisposableStack();
let destination: BucketDestination;
let stage: Synth;
let cloud: DeployedCloud;
let relay: StartedFunction;
let deadLetter: StartedFunction;
/** Key of the captured event's photo. */
let captured: string;

beforeAll(async () => {
  destination = parts.use(await startBucketDestination());
  const { secrets } = destination;
  stage = parts.use(await synth({ stage: "alice", fleet: fleetFile(FLEET), secrets }));
  expect(stage.error).toBeUndefined();
  cloud = parts.use(await startDeployedCloud(stage, readFleet(FLEET)));
  relay = parts.use(await cloud.start("Relay"));
  deadLetter = parts.use(await cloud.start("DeadLetter"));
});

afterAll(() => parts.disposeAsync());

/** What was put off in one test is not to come back in the next. */
afterEach(() => cloud.purge());

describe("each function", () => {
  it.each(NAMES)("%s loads on Lambda's Node within its memory", async (name) => {
    await using started = await cloud.start(name);
    const { importMs, rssBytes, heapBytes, heapLimitBytes } = started.host;
    const memoryBytes = Number(one(stage, TYPE.function, `${name}Function`).inputs.memorySize) * 2 ** 20;
    const bytes = await folderBytes(stage.folders.get(name) ?? "");

    console.log(
      `${name}: ${Math.round(bytes / 1024)} KB, loaded in ${Math.round(importMs)} ms, ` +
        `${Math.round(rssBytes / 2 ** 20)} MB`,
    );
    expect(started.host.nodeVersion).toMatch(/^v24\./);
    // The old generation, and what V8 adds to it.
    expect(heapLimitBytes).toBeGreaterThanOrEqual(OLD_SPACE_MB * 2 ** 20);
    expect(heapLimitBytes).toBeLessThan(1.2 * OLD_SPACE_MB * 2 ** 20);
    expect(rssBytes - heapBytes + OLD_SPACE_MB * 2 ** 20).toBeLessThan(memoryBytes);
  });
});

describe("the relay", () => {
  it("answers an event captured from AWS: the photo is at its destination and in the ledger", async () => {
    const { body, key } = await putCapturedPhoto(cloud, { seed: 1 });
    captured = key;
    await cloud.send("intake", body);

    expect(await cloud.deliver("intake", relay)).toEqual({ batchItemFailures: [] });

    const [row] = await cloud.rowsOf(key);
    expect(row).toMatchObject({ status: "relayed", ref: { versionId: expect.any(String) } });
    expect(await destination.arrived.head(row?.binding?.destinationKey ?? "")).toMatchObject({
      sizeBytes: row?.ref.sizeBytes,
    });
    expect(relay.logged()).toContainEqual(
      expect.objectContaining({
        level: "info",
        event: "photo.relayed",
        photo: expect.objectContaining({ key, sizeBytes: row?.ref.sizeBytes }),
        durationMs: expect.any(Number),
      }),
    );
  });

  it("gives a photo back while the bucket fails, and relays it then", async () => {
    const { body } = await putPhoto(cloud, "van/trouble/1.jpg", { seed: 2 });
    // One for the fast way, and three for the SDK's.
    cloud.photoFaults.script(...Array.from({ length: 4 }, () => ({ on: "GetObject", fault: BUSY }) as const));
    await cloud.send("intake", body);

    const first = await cloud.deliver("intake", relay);
    await cloud.send("intake", body);
    const second = await cloud.deliver("intake", relay);

    expect(first.batchItemFailures).toHaveLength(1);
    expect(cloud.photoFaults.pending).toBe(0);
    expect(second.batchItemFailures).toHaveLength(0);
    expect(await cloud.rowsOf("van/trouble/1.jpg")).toMatchObject([{ status: "relayed", attempts: 2 }]);
  });

  it("tells a photo that is gone from one that it may not read", async () => {
    const gone = { bucket: cloud.bucket, key: "van/gone/1.jpg", etag: "e", sizeBytes: 5 };
    await cloud.send("intake", messageOf(gone));

    expect(await cloud.deliver("intake", relay)).toEqual({ batchItemFailures: [] });

    expect(await cloud.rowsOf("van/gone/1.jpg")).toMatchObject([
      { status: "failed", error: { code: "source-gone" } },
    ]);
  });

  it("keeps what nobody can read", async () => {
    await cloud.send("intake", "not an event");

    expect(await cloud.deliver("intake", relay)).toEqual({ batchItemFailures: [] });

    expect(relay.logged()).toContainEqual(expect.objectContaining({ event: "message.unreadable" }));
  });

  it("puts a message off that its destination has no answer for", async () => {
    destination.faults.script({ on: "PostObject", fault: BROKEN });
    const { body } = await putPhoto(cloud, "van/refused/1.jpg", { seed: 3 });
    await cloud.send("intake", body);

    expect((await cloud.deliver("intake", relay)).batchItemFailures).toHaveLength(1);

    expect(await cloud.rowsOf("van/refused/1.jpg")).toMatchObject([{ status: "relaying" }]);
  });

  it("writes nothing but one JSON object a line, which is what CloudWatch counts", () => {
    expect(relay.host.lines.length).toBeGreaterThan(4);
    for (const line of relay.host.lines) expect(JSON.parse(line)).toHaveProperty("event");
  });

  it.each(["dynamodb:PutItem", "s3:GetObject"])("gets nowhere without %s", async (without) => {
    await using poorer = await cloud.start("Relay", without);
    const { body } = await putPhoto(cloud, `van/poor/${without}.jpg`, { seed: 40 + without.length });
    await cloud.send("intake", body);

    expect((await cloud.deliver("intake", poorer)).batchItemFailures).toHaveLength(1);

    expect(poorer.gate.refused.join()).toContain(without);
  });
});

describe("the burial of dead letters", () => {
  it("gives a photo up that was on its way", async () => {
    const [row] = await cloud.rowsOf("van/refused/1.jpg");
    await cloud.send("deadLetters", messageOf(row?.ref));

    expect(await cloud.deliver("deadLetters", deadLetter)).toEqual({ batchItemFailures: [] });

    expect(await cloud.rowsOf("van/refused/1.jpg")).toMatchObject([{ status: "failed" }]);
    expect(deadLetter.logged()).toContainEqual(expect.objectContaining({ event: "photo.failed" }));
  });

  it("keeps what nobody can read", async () => {
    await cloud.send("deadLetters", "not an event either");

    expect(await cloud.deliver("deadLetters", deadLetter)).toEqual({ batchItemFailures: [] });

    expect(deadLetter.logged()).toContainEqual(expect.objectContaining({ event: "message.unreadable" }));
  });
});

describe("the closing of sequences", () => {
  it("closes what is quiet, and publishes it when no relay can be alive", async () => {
    await using closing = await cloud.start("CloseSequences");
    for (const minutes of [20, 40]) await closing.host.invoke({}, minutes * MINUTE_MS);

    const [row] = await cloud.rowsOf(captured);
    expect(row).toMatchObject({ status: "published" });
    const sequence = row?.binding?.destinationKey.split("/").slice(0, 2).join("/");
    expect(await destination.arrived.head(`${sequence}/DONE`)).toMatchObject({ sizeBytes: 0 });
  });
});

describe("the daily look at credentials", () => {
  it("has nothing to say of a permission that holds", async () => {
    await using look = await cloud.start("Credentials");
    await look.host.invoke({});

    expect(look.logged()).toEqual([]);
  });

  it("stops the account whose permission has run out", async () => {
    await using look = await cloud.start("Credentials");
    await look.host.invoke({}, 31 * DAY_MS);

    expect(look.logged()).toMatchObject([
      { event: "account.stopped", account: "default", trouble: { code: "policy-expired" } },
    ]);
  });
});

describe("a policy", () => {
  it.each(NAMES)("of %s allows what the function calls, and nothing else", (name) => {
    const { used, refused } = cloud.callsOf(name);

    expect(refused).toEqual([]);
    expect([...used].sort()).toEqual(rightsOf(stage, name));
  });
});

const BUSY = { kind: "answer", when: "before", status: 503, code: "SlowDown" } as const;
const BROKEN = { kind: "answer", when: "before", status: 500, code: "InternalError" } as const;

async function folderBytes(folder: string): Promise<number> {
  const files = await readdir(folder);
  const sizes = await Promise.all(files.map(async (file) => (await stat(join(folder, file))).size));
  return sizes.reduce((sum, size) => sum + size, 0);
}
