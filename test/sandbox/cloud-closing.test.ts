import { describe, expect, it } from "vitest";
import { createFaults, type Fault } from "../../sandbox/faults.ts";
import type { S3Operation } from "../../sandbox/s3/service.ts";
import { announceAll, bytesIn, FOREVER, fillBucket, openCloud } from "./cloud-for-test.ts";

const BUSY: Fault = { kind: "answer", when: "before", status: 503, code: "SlowDown" };

/** A cloud with so many sequences of one photo each, all sent and none closed. */
async function openWithSequences(count: number, onPostponed = () => {}) {
  const faults = createFaults<S3Operation>();
  const photos = await fillBucket(Array.from({ length: count }, (_, at) => `trip-${at}/1.jpg`));
  const opened = await openCloud(photos, {
    faults: { destination: faults },
    log: (event) => {
      if (event === "sequence.postponed") onPostponed();
    },
  });
  await announceAll(opened.cloud, photos);
  await opened.cloud.drain(FOREVER);
  return { ...opened, faults };
}

describe("closing the sequences of a cloud", () => {
  it("publishes hundreds of them", async () => {
    await using opened = await openWithSequences(300);
    const { cloud, count } = opened;

    await cloud.closeSequences(FOREVER);

    const arrived = [...(await bytesIn(cloud.arrived)).keys()];
    expect(count("sequence.published")).toBe(300);
    expect(arrived.filter((key) => key.endsWith("/DONE"))).toHaveLength(300);
    expect(await cloud.sequences.withStatus("closing")).toEqual([]);
  }, 60_000);

  it("goes on for as many rounds as there is progress", async () => {
    await using opened = await openWithSequences(36);
    const { cloud, count, faults } = opened;
    // Of each round's finishes three are taken: twelve rounds.
    for (let left = 36; left > 0; left -= 3) {
      for (let nth = 0; nth < left; nth += 1) {
        faults.script({ on: "PostObject", fault: nth < 3 ? "none" : BUSY });
      }
    }

    await cloud.closeSequences(FOREVER);

    expect(count("sequence.published")).toBe(36);
    expect(faults.pending).toBe(0);
  });

  it("gives up after six rounds without progress, and leaves the sequence to another run", async () => {
    await using opened = await openWithSequences(1);
    const { cloud, faults } = opened;
    faults.script(...Array.from({ length: 20 }, () => ({ on: "PostObject", fault: BUSY }) as const));

    await cloud.closeSequences(FOREVER);
    const left = await cloud.sequences.withStatus("closing");
    faults.clear();
    await cloud.closeSequences(FOREVER);

    expect(left).toMatchObject([{ note: expect.stringContaining("SlowDown") }]);
    expect(opened.count("sequence.postponed")).toBe(6);
    expect(opened.count("sequence.published")).toBe(1);
  });

  it("ends at the signal, and leaves the rest to another run", async () => {
    const interruption = new AbortController();
    await using opened = await openWithSequences(5, () => interruption.abort());
    const { cloud, count, faults } = opened;
    faults.script(
      { on: "PostObject", fault: "none" },
      { on: "PostObject", fault: BUSY },
      ...Array.from({ length: 3 }, () => ({ on: "PostObject", fault: "none" }) as const),
    );

    await cloud.closeSequences(interruption.signal);
    const [published, left] = [count("sequence.published"), await cloud.sequences.withStatus("closing")];
    await cloud.closeSequences(FOREVER);

    expect(published).toBe(1);
    expect(left).toHaveLength(4);
    expect(count("sequence.published")).toBe(5);
  });
});
