import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { readFleet } from "../../lib/config/fleet.ts";
import { createBucketAccount } from "../../lib/pipeline/bucket-account.node.ts";
import type { CloudOptions } from "../../sandbox/cloud.ts";
import { createFaults, type Faults } from "../../sandbox/faults.ts";
import { startQueueSandbox } from "../../sandbox/queue.ts";
import type { ObjectStore } from "../../sandbox/s3/object-store.ts";
import { makeUploadHashes } from "../../sandbox/s3/policy-maker.ts";
import type { S3Operation } from "../../sandbox/s3/service.ts";
import { announceAll, bytesIn, FOREVER, fillBucket, openCloud } from "./cloud-for-test.ts";

const TODAY = () => new Date().toISOString().slice(0, 10);
const leftovers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const clear of leftovers.splice(0).reverse()) await clear();
});

async function open(photos: ObjectStore, options: Partial<CloudOptions> = {}) {
  const opened = await openCloud(photos, options);
  leftovers.push(opened.cloud.stop);
  return opened;
}

const fill = (count: number) =>
  fillBucket(Array.from({ length: count }, (_, at) => `van ${at % 2}/IMG ${at} ü.jpg`));

describe("the embedded cloud", () => {
  it("takes photos from bucket to destination and finishes their sequences", async () => {
    const photos = await fill(25);
    const { cloud } = await open(photos);
    await announceAll(cloud, photos);

    const end = await cloud.drain(FOREVER);
    await cloud.closeSequences(FOREVER);

    const arrived = await bytesIn(cloud.arrived);
    const sequences = await cloud.sequences.publishedOn(TODAY());
    const rows = (await Promise.all(sequences.map(({ id }) => cloud.ledger.ofSequence(id)))).flat();
    expect(end).toBe("empty");
    expect(sequences.map(({ photos: count }) => count).sort()).toEqual([12, 13]);
    expect([...arrived.keys()].filter((key) => key.endsWith("/DONE"))).toHaveLength(2);
    expect(rows.map(({ status }) => status)).toEqual(Array(25).fill("published"));
    const sources = await bytesIn(photos);
    for (const { ref, binding } of rows) {
      expect(arrived.get(binding?.destinationKey ?? "")?.equals(sources.get(ref.key) ?? Buffer.of())).toBe(
        true,
      );
    }
  });

  it("gets every photo through a world that fails, drops and dawdles", async () => {
    const photos = await fill(30);
    const { cloud, count } = await open(photos, {
      retries: { baseMs: 10, capMs: 50, maxAttempts: 50 },
      faults: {
        photos: createFaults({
          shares: [
            {
              on: "GetObject",
              share: 0.2,
              fault: { kind: "answer", when: "before", status: 503, code: "SlowDown" },
            },
            { on: "GetObject", share: 0.1, fault: { kind: "drop-response", afterBytes: 600 } },
          ],
          seed: 7,
        }),
        destination: createFaults({
          shares: [
            {
              on: "PostObject",
              share: 0.2,
              fault: { kind: "answer", status: 500, code: "InternalError", when: "after" },
            },
            { on: "PostObject", share: 0.1, fault: { kind: "drop-request", afterBytes: 900 } },
          ],
          seed: 8,
        }),
      },
    });
    await announceAll(cloud, photos);

    await cloud.drain(FOREVER);
    await cloud.closeSequences(FOREVER);

    const sent = [...(await bytesIn(cloud.arrived)).keys()].filter((key) => !key.endsWith("/DONE"));
    expect(count("photo.relayed")).toBe(30);
    expect(count("photo.postponed")).toBeGreaterThan(3);
    expect(sent).toHaveLength(30);
    expect((await cloud.sequences.publishedOn(TODAY())).reduce((sum, { photos: n = 0 }) => sum + n, 0)).toBe(
      30,
    );
  });

  it("stops when the credentials are refused, with one alarm, and keeps the photos", async () => {
    const photos = await fill(12);
    const refusal = { kind: "answer", when: "before", status: 403, code: "SignatureDoesNotMatch" } as const;
    const { cloud, count } = await open(photos, {
      faults: {
        destination: createFaults({ shares: [{ on: "PostObject", share: 1, fault: refusal }] }),
      },
    });
    await announceAll(cloud, photos);

    const end = await cloud.drain(FOREVER);

    expect(end).toBe("stopped");
    expect(count("account.stopped")).toBe(1);
    expect(count("photo.failed")).toBe(0);
    expect((await bytesIn(cloud.arrived)).size).toBe(0);
  });

  it("goes on from its state directory after it was interrupted, without sending anything twice", async () => {
    const photos = await fill(20);
    const stateDirectory = await mkdtemp(join(tmpdir(), "cloud-test-"));
    leftovers.push(() => rm(stateDirectory, { recursive: true }));
    const first = await open(photos, {
      stateDirectory,
      fleet: readFleet({ destination: "bucket", photosAtOnce: 1 }),
      faults: {
        destination: createFaults({
          shares: [{ on: "PostObject", share: 1, fault: { kind: "slow", delayMs: 300 } }],
        }),
      },
    });
    await announceAll(first.cloud, photos);
    const interruption = new AbortController();
    const draining = first.cloud.drain(interruption.signal);
    await expect.poll(() => first.count("photo.relayed"), { timeout: 10_000 }).toBeGreaterThan(2);
    interruption.abort();
    const end = await draining;
    await first.cloud.stop();

    const second = await open(photos, { stateDirectory });
    await second.cloud.drain(FOREVER);
    await second.cloud.closeSequences(FOREVER);

    expect(end).toBe("interrupted");
    expect(first.count("photo.relayed")).toBeLessThan(20);
    expect(first.count("photo.relayed") + second.count("photo.relayed")).toBe(20);
    expect(
      [...(await bytesIn(second.cloud.arrived)).keys()].filter((key) => !key.endsWith("/DONE")),
    ).toHaveLength(20);
  });

  it("tries refused credentials again in the next run", async () => {
    const photos = await fill(4);
    const stateDirectory = await mkdtemp(join(tmpdir(), "cloud-test-"));
    leftovers.push(() => rm(stateDirectory, { recursive: true }));
    const account = {
      uploadUrl: "http://127.0.0.1:9/inbox",
      username: "driver",
      accessKeyId: "K",
      ...makeUploadHashes({
        bucket: "elsewhere",
        username: "driver",
        expiration: "2100-01-01T00:00:00Z",
        maxBytes: 2 ** 20,
        secret: "s",
      }),
    };
    const ends = [];
    for (let run = 0; run < 2; run += 1) {
      const { cloud, count } = await open(photos, {
        stateDirectory,
        destinations: new Map([["default", createBucketAccount("default", account, 60_000)]]),
      });
      await announceAll(cloud, photos);
      ends.push(await cloud.drain(FOREVER), count("account.stopped"));
      await cloud.stop();
    }

    expect(ends).toEqual(["stopped", 1, "stopped", 1]);
  });

  it("waits for uploads under way before it tells of an error of the feed", async () => {
    const photos = await fill(4);
    const begun = Promise.withResolvers<void>();
    const slow: Faults<S3Operation> = {
      ...createFaults<S3Operation>(),
      next(operation) {
        if (operation === "PostObject") begun.resolve();
        return { kind: "slow", delayMs: 400 };
      },
    };
    const { cloud, count } = await open(photos, { faults: { destination: slow } });
    await announceAll(cloud, photos);
    const feeding = begun.promise.then(() => Promise.reject(new Error("the disk is gone")));

    const error = await cloud.drain(FOREVER, feeding).catch((reason: unknown) => reason);
    const relayed = count("photo.relayed");
    await new Promise((resolve) => setTimeout(resolve, 1_000));

    expect(error).toEqual(new Error("the disk is gone"));
    expect(relayed).toBeGreaterThan(0);
    expect(count("photo.relayed")).toBe(relayed);
  });
});

describe("the embedded queue", () => {
  it("keeps its messages over a restart, those in the works included", async () => {
    const directory = await mkdtemp(join(tmpdir(), "queue-test-"));
    leftovers.push(() => rm(directory, { recursive: true }));
    const options = { directory, visibilitySeconds: 600, maxReceives: 3 };
    const first = await startQueueSandbox(options);
    await first.send("one");
    await first.send("two");
    const received = await receive(first);
    await first.stop();

    const second = await startQueueSandbox(options);
    leftovers.push(second.stop);

    expect(received).toHaveLength(2);
    expect(await second.countMessages()).toBe(2);
    expect((await receive(second)).sort()).toEqual(["one", "two"]);
  });

  it("moves a message that was received too often to the dead letters", async () => {
    const queue = await startQueueSandbox({ visibilitySeconds: 0, maxReceives: 2 });
    leftovers.push(queue.stop);
    await queue.send("poison");
    const seen = [await receive(queue), await receive(queue), await receive(queue)];

    expect(seen.flat()).toEqual(["poison", "poison"]);
    expect(await receive(queue, queue.deadLetterUrl)).toEqual(["poison"]);
  });

  it("listens on this machine only", async () => {
    const queue = await startQueueSandbox({ visibilitySeconds: 1, maxReceives: 1 });
    leftovers.push(queue.stop);
    const endpoint = await queue.client.config.endpoint?.();

    expect(endpoint?.hostname).toBe("127.0.0.1");
  });
});

async function receive(
  queue: Awaited<ReturnType<typeof startQueueSandbox>>,
  url = queue.intakeUrl,
): Promise<string[]> {
  const { ReceiveMessageCommand } = await import("@aws-sdk/client-sqs");
  const { Messages = [] } = await queue.client.send(
    new ReceiveMessageCommand({ QueueUrl: url, MaxNumberOfMessages: 10, WaitTimeSeconds: 0 }),
  );
  return Messages.map(({ Body = "" }) => Body);
}
