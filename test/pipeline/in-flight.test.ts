import { afterAll, beforeAll, expect, it } from "vitest";
import { relayMessages } from "../../lib/pipeline/relay-messages.ts";
import type { Result } from "../../lib/pipeline/result.ts";
import { startTableSandbox, type TableSandbox } from "../../sandbox/table.ts";
import { createWorld, LONG_SHIFT } from "../support/world.ts";

let cloud: TableSandbox;
beforeAll(async () => {
  cloud = await startTableSandbox();
});
afterAll(() => cloud.stop());

// A run that was interrupted leaves messages behind, and the next one announces their photos again: waiting out the
// lease made that run stand still for a quarter of an hour.
it("looks again soon, and sends nothing, when a photo's second message comes while it is being sent", async () => {
  const world = createWorld(cloud.table);
  const ref = world.put("van/a.jpg");
  const deps = world.deps();
  let second: Result[] = [];
  world.beforeSend = async () => {
    world.beforeSend = async () => {};
    second = await relayMessages(world.deps(), [world.message(ref)], LONG_SHIFT);
  };

  const first = await relayMessages(deps, [world.message(ref)], LONG_SHIFT);

  expect(first).toEqual([{ kind: "settled" }]);
  expect(second).toMatchObject([{ kind: "waiting", trouble: { code: "in-flight" } }]);
  const [waits] = second;
  expect(waits?.kind === "waiting" && waits.delayMs).toBe(deps.retries.baseMs / 2);
  expect(world.sent).toHaveLength(1);
});
