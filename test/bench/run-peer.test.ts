import { afterAll, beforeAll, expect, it } from "vitest";
import { PEERS } from "./peers.ts";
import { runPeer } from "./run-peer.ts";
import { AT_ONCE, type Stage, setStage } from "./stage.ts";

const IDLE = { ...PEERS.copy, script: "idle-child.ts" };
const WORK = {
  sizeBytes: 50_000,
  concurrency: 2,
  photos: 10,
  smallPhotos: 0,
  warmUpPhotos: 0,
  batchPhotos: 10,
};

let stage: Stage;
beforeAll(async () => {
  stage = await setStage([PEERS.pipe, IDLE], AT_ONCE);
});
afterAll(() => stage[Symbol.asyncDispose]());

it.each(["measured", "verified"] as const)(
  "does not believe a peer whose photos were not %s",
  async (attention) => {
    const run = runPeer(stage, IDLE, WORK, attention, new AbortController().signal);

    await expect(run).rejects.toThrow("0 of 10 photos arrived");
  },
);

it("counts what the servers saw of one run, and nothing of the run before", async () => {
  const { signal } = new AbortController();
  await runPeer(stage, PEERS.pipe, WORK, "measured", signal);

  const { source, destination } = await runPeer(stage, PEERS.pipe, WORK, "measured", signal);

  expect(source.requests).toEqual({ GET: 10 });
  expect(destination.requests).toEqual({ POST: 10 });
  expect(destination.receivedBytes).toBeGreaterThan(10 * WORK.sizeBytes);
});

it("ends a peer when it is interrupted", async () => {
  const endless = { ...WORK, photos: 1_000_000 };
  const startedMs = performance.now();

  const run = runPeer(stage, PEERS.pipe, endless, "measured", AbortSignal.timeout(300));

  await expect(run).rejects.toThrow(/abort/i);
  expect(performance.now() - startedMs).toBeLessThan(5_000);
});
