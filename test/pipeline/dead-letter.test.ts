import type { SQSRecord } from "aws-lambda";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { buryEvent } from "../../lib/pipeline/dead-letter.ts";
import { relayMessages } from "../../lib/pipeline/relay-messages.ts";
import type { Message } from "../../lib/pipeline/take-in.ts";
import { startTableSandbox, type TableSandbox } from "../../sandbox/table.ts";
import { createWorld, LONG_SHIFT, type World } from "../support/world.ts";

let cloud: TableSandbox;
beforeAll(async () => {
  cloud = await startTableSandbox();
});
afterAll(() => cloud.stop());

const bury = (world: World, ...messages: Message[]) =>
  buryEvent(world.deps(), { Records: messages.map(recordOf) });

function recordOf({ messageId, body, receiveCount, sentAtMs }: Message): SQSRecord {
  return {
    messageId,
    body,
    receiptHandle: "",
    attributes: {
      ApproximateReceiveCount: String(receiveCount),
      SentTimestamp: String(sentAtMs),
      SenderId: "",
      ApproximateFirstReceiveTimestamp: "",
    },
    messageAttributes: {},
    md5OfBody: "",
    eventSource: "aws:sqs",
    eventSourceARN: "",
    awsRegion: "",
  };
}

describe("a dead letter", () => {
  it("makes the photo's row say that it failed, and why", async () => {
    const world = createWorld(cloud.table);
    const ref = world.put("a.jpg");

    const response = await bury(world, { ...world.message(ref), receiveCount: 1000 });

    const [sighting] = await world.deps().ledger.look([ref]);
    expect(response).toEqual({ batchItemFailures: [] });
    expect(sighting?.row).toMatchObject({ status: "failed", error: { code: "dead-letter" } });
    expect(sighting?.row?.error?.message).toContain("1000 times without a word");
    expect(world.eventsNamed("photo.failed")).toHaveLength(1);
  });

  it("keeps the last error of a photo that was tried before, and where it was bound", async () => {
    const world = createWorld(cloud.table);
    const ref = world.put("a.jpg");
    world.answers.push(() => ({ kind: "later", code: "SlowDown", message: "slow down" }));
    await relayMessages(world.deps(), [world.message(ref)], LONG_SHIFT);

    await bury(world, world.message(ref));

    const [sighting] = await world.deps().ledger.look([ref]);
    expect(sighting?.row).toMatchObject({
      status: "failed",
      error: { code: "SlowDown" },
      binding: { slot: 0 },
    });
  });

  it("leaves a photo alone that was relayed meanwhile", async () => {
    const world = createWorld(cloud.table);
    const ref = world.put("a.jpg");
    await relayMessages(world.deps(), [world.message(ref)], LONG_SHIFT);

    const response = await bury(world, world.message(ref));

    expect(response).toEqual({ batchItemFailures: [] });
    expect((await world.deps().ledger.look([ref]))[0]?.row?.status).toBe("relayed");
  });

  it("stays while another worker holds the photo", async () => {
    const world = createWorld(cloud.table);
    const ref = world.put("a.jpg");
    const deps = world.deps((name, call) => (name === "send" ? new Promise(() => {}) : call()));
    void relayMessages(deps, [world.message(ref)], LONG_SHIFT);
    await expect.poll(async () => (await world.deps().ledger.look([ref]))[0]?.row?.status).toBe("relaying");
    const message = world.message(ref);

    const response = await bury(world, message);

    expect(response).toEqual({ batchItemFailures: [{ itemIdentifier: message.messageId }] });
  });

  it("that nobody can read is kept; one too large to keep stays where it is, alone", async () => {
    const world = createWorld(cloud.table);
    const ref = world.put("a.jpg");
    const junk = { ...world.message(), body: "junk" };
    const large = { ...world.message(), body: "x".repeat(400_000) };

    const response = await bury(world, junk, large, world.message(ref));

    expect(response).toEqual({ batchItemFailures: [{ itemIdentifier: large.messageId }] });
    expect(world.eventsNamed("message.unreadable")).toMatchObject([{ messageId: junk.messageId }]);
    expect((await world.deps().ledger.look([ref]))[0]?.row?.status).toBe("failed");
  });
});
