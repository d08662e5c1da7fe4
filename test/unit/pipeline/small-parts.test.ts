import { ChangeMessageVisibilityCommand, SQSClient } from "@aws-sdk/client-sqs";
import { mockClient } from "aws-sdk-client-mock";
import { describe, expect, it } from "vitest";
import { backoffMs, CLOUD_RETRIES } from "../../../lib/pipeline/backoff.ts";
import { createBudget } from "../../../lib/pipeline/byte-budget.ts";
import { createSqsIntake } from "../../../lib/pipeline/intake.sqs.ts";
import { createSlotDesk } from "../../../lib/pipeline/slot-desk.ts";
import type { SlotAsk, Track } from "../../../lib/sequence/sequence.ts";
import { SENDER } from "../../support/refs.ts";

describe("putting a message off", () => {
  const client = mockClient(SQSClient);
  const visibilityFor = async (delayMs: number) => {
    client.reset();
    await createSqsIntake(new SQSClient({ region: "eu-west-1" }), "https://sqs/1/intake").postpone(
      "r1",
      delayMs,
    );
    return client.commandCalls(ChangeMessageVisibilityCommand)[0]?.args[0].input;
  };

  it.each([
    [0, 0],
    [1, 1],
    [1_500, 2],
    [3_600_000, 3_600],
    [100 * 3_600_000, 11 * 3_600],
  ])("for %i ms hides it for %i s", async (delayMs, seconds) => {
    expect(await visibilityFor(delayMs)).toEqual({
      QueueUrl: "https://sqs/1/intake",
      ReceiptHandle: "r1",
      VisibilityTimeout: seconds,
    });
  });
});

describe("backing off", () => {
  it("doubles from the base to the cap, and is at least half of it", () => {
    const policy = { baseMs: 1000, capMs: 60_000, maxAttempts: 9 };

    expect([1, 2, 3, 7, 50].map((attempt) => backoffMs(policy, attempt, 0))).toEqual([
      500, 1000, 2000, 30_000, 30_000,
    ]);
    expect(backoffMs(policy, 3, 0.999999)).toBe(4000);
  });

  it("in the cloud takes about two days before a photo is given up, well within the queue's 14", () => {
    let totalMs = 0;
    for (let attempt = 1; attempt < CLOUD_RETRIES.maxAttempts; attempt += 1) {
      totalMs += backoffMs(CLOUD_RETRIES, attempt, 0.5);
    }

    expect(totalMs / 86_400_000).toBeGreaterThan(1.3);
    expect(totalMs / 86_400_000).toBeLessThan(3);
  });
});

describe("a budget", () => {
  const gate = () => Promise.withResolvers<void>();

  it("lets works begin in order while bytes and number allow, and one that is larger than all alone", async () => {
    const budget = createBudget({ bytes: 10, works: 3 });
    const gates = [gate(), gate(), gate(), gate()];
    const begun: number[] = [];
    const works = [6, 4, 1, 50].map((bytes, at) =>
      budget.run(bytes, async () => {
        begun.push(at);
        await gates[at]?.promise;
      }),
    );
    await Promise.resolve();
    const first = [...begun];
    gates[0]?.resolve();
    await works[0];
    const second = [...begun];
    for (const { resolve } of gates) resolve();
    await Promise.all(works);

    expect(first).toEqual([0, 1]);
    expect(second).toEqual([0, 1, 2]);
    expect(begun).toEqual([0, 1, 2, 3]);
  });

  it("gives the room of a work that fails to the next", async () => {
    const budget = createBudget({ bytes: 1, works: 1 });
    const failing = budget.run(1, () => Promise.reject(new Error("no")));

    await expect(failing).rejects.toThrow("no");
    expect(await budget.run(1, async () => "next")).toBe("next");
  });
});

describe("the slot desk", () => {
  const van: Track = { bucket: "b", path: "van" };
  const bike: Track = { bucket: "b", path: "bike" };
  const ask = (photoTag: string): SlotAsk => ({ photoTag, filename: photoTag });
  function openDesk(delay: () => Promise<void> = () => new Promise(() => {})) {
    const claims: string[][] = [];
    const desk = createSlotDesk(
      {
        async claimSlots(track, _sender, asks) {
          claims.push([track.path, ...asks.map(({ photoTag }) => photoTag)]);
          return asks.map((_, index) => ({ sequenceId: track.path, index, filenameIsFree: true }));
        },
      },
      delay,
    );
    return { desk, claims };
  }

  it("makes one claim a track of all that are in the works together", async () => {
    const { desk, claims } = openDesk();
    const [a, b, c, d] = [desk.enter(), desk.enter(), desk.enter(), desk.enter()];
    const slots = [
      a.claim(van, SENDER, ask("a")),
      b.claim(bike, SENDER, ask("b")),
      c.claim(van, SENDER, ask("c")),
    ];
    d.leave();

    expect(await Promise.all(slots)).toMatchObject([{ index: 0 }, { index: 0 }, { index: 1 }]);
    expect(claims).toEqual([
      ["van", "a", "c"],
      ["bike", "b"],
    ]);
  });

  it("does not wait for ever for one that is slow", async () => {
    const { desk, claims } = openDesk(async () => {});
    desk.enter();

    expect(await desk.enter().claim(van, SENDER, ask("a"))).toMatchObject({ index: 0 });
    expect(claims).toEqual([["van", "a"]]);
  });

  it("tells everyone whose claim failed", async () => {
    const desk = createSlotDesk({ claimSlots: () => Promise.reject(new Error("no table")) }, async () => {});

    await expect(desk.enter().claim(van, SENDER, ask("a"))).rejects.toThrow("no table");
  });
});
