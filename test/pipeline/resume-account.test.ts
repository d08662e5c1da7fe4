import { afterAll, beforeAll, expect, it } from "vitest";
import { createDynamoGates } from "../../lib/ledger/gate.dynamo.ts";
import { resumeAccount } from "../../lib/pipeline/resume-account.ts";
import { startTableSandbox, type TableSandbox } from "../../sandbox/table.ts";

const NOW_MS = Date.parse("2026-11-22T12:00:00Z");
const TROUBLE = { code: "token-refused", message: "no" };

let cloud: TableSandbox;
beforeAll(async () => {
  cloud = await startTableSandbox();
});
afterAll(() => cloud.stop());

it("opens an account for whichever credentials it was stopped, and no other account", async () => {
  const gates = createDynamoGates({ table: cloud.table, now: () => NOW_MS });
  const [north, south] = [
    { name: "north", credentialsMark: "of-a-token" },
    { name: "south", credentialsMark: "of-a-token" },
  ];
  await gates.stop(north, TROUBLE);
  await gates.stop(south, TROUBLE);
  await gates.pause(north, NOW_MS + 60_000);
  const opened: unknown[] = [];

  await resumeAccount({ gates, log: (...event) => opened.push(event) }, "north");

  expect(await gates.read(north, NOW_MS)).toEqual({ kind: "open" });
  expect(await gates.read(south, NOW_MS)).toMatchObject({ kind: "stopped" });
  expect(opened).toEqual([["account.opened", { account: "north" }]]);
});
