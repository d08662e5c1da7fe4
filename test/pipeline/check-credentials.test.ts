import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { TokenUnusableError } from "../../lib/mapillary/token.ts";
import type { RefreshVerdict } from "../../lib/mapillary/token-refresh.ts";
import { checkCredentials } from "../../lib/pipeline/check-credentials.ts";
import { startTableSandbox, type TableSandbox } from "../../sandbox/table.ts";
import { createWorld, type World } from "../support/world.ts";

const NEVER = new AbortController().signal;
const EXPIRES = { expiresAt: "2026-12-31T00:00:00.000Z" };
let sandbox: TableSandbox;
beforeAll(async () => {
  sandbox = await startTableSandbox();
});
afterAll(() => sandbox.stop());

async function look(world: World, verdict: RefreshVerdict | Error, rounds = 1): Promise<void> {
  const keep = async () => {
    if (verdict instanceof Error) throw verdict;
    return verdict;
  };
  for (let round = 0; round < rounds; round += 1)
    await checkCredentials({ ...world.deps(), keepers: new Map([["default", keep]]) }, NEVER);
}

async function isStopped(world: World): Promise<boolean> {
  const { gates, accounts, now } = world.deps();
  const account = accounts.get("default");
  return account !== undefined && (await gates.read(account.key, now())).kind === "stopped";
}

describe("the daily look at credentials", () => {
  it("says nothing of a token that holds for long", async () => {
    const world = createWorld(sandbox.table);
    await look(world, { kind: "fresh", ...EXPIRES });

    expect(world.events).toEqual([]);
    expect(await isStopped(world)).toBe(false);
  });

  it("tells of a token that was replaced", async () => {
    const world = createWorld(sandbox.table);
    await look(world, { kind: "refreshed", ...EXPIRES });

    expect(world.eventsNamed("token.refreshed")).toEqual([{ account: "default", ...EXPIRES }]);
  });

  it.each([
    [
      "is refused",
      { kind: "refused", what: "token", code: "token-refused", message: "no", ...EXPIRES } as const,
    ],
    ["is missing", new TokenUnusableError("token-missing", "there is none")],
  ])("stops the account whose token %s, with one alarm", async (_what, verdict) => {
    const world = createWorld(sandbox.table);
    await look(world, verdict, 3);

    expect(await isStopped(world)).toBe(true);
    expect(world.eventsNamed("account.stopped")).toHaveLength(1);
  });

  it.each([
    [
      "cannot be replaced",
      {
        kind: "refused",
        what: "refresh",
        code: "client-secret-missing",
        message: "none",
        ...EXPIRES,
      } as const,
    ],
    ["cannot be asked about", { kind: "later", code: "ECONNRESET", message: "lost" } as const],
    ["is in a store that does not answer", new Error("no answer")],
  ])("tells each day of a token that %s, and lets the account go on", async (_what, verdict) => {
    const world = createWorld(sandbox.table);
    await look(world, verdict, 2);

    expect(world.eventsNamed("token.not-refreshed")).toHaveLength(2);
    expect(await isStopped(world)).toBe(false);
  });

  it("stops an account that could not send anyway", async () => {
    const world = createWorld(sandbox.table);
    world.accountObjection = { kind: "never", scope: "account", code: "policy-expired", message: "over" };
    await look(world, { kind: "fresh" });

    expect(world.eventsNamed("account.stopped")).toMatchObject([{ trouble: { code: "policy-expired" } }]);
  });
});
