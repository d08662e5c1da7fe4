import { join } from "node:path";
import { GetCommand } from "@aws-sdk/lib-dynamodb";
import { describe, expect, it } from "vitest";
import { createDynamoGates } from "../../lib/ledger/gate.dynamo.ts";
import type { Fault } from "../../sandbox/faults.ts";
import { startTableSandbox, type TableSandbox } from "../../sandbox/table.ts";
import { makeDrive, startMapillary } from "./mapillary.ts";
import { makeWorkplace, relay } from "./program.ts";

const STOPPED = { name: "north", credentialsMark: "ssm" };

function gatesOf({ table }: TableSandbox) {
  return createDynamoGates({ table, now: Date.now });
}

describe("relay account resume", () => {
  it("opens the gate of a deployment's account", async () => {
    await using place = await makeWorkplace();
    await place.write({
      "fleet.config.ts": `export default { destination: "v4", rules: [{ prefix: "n/", account: "north" }] };`,
    });
    const cloud = await startTableSandbox();
    await using after = new AsyncDisposableStack();
    after.defer(cloud.stop);
    await gatesOf(cloud).stop(STOPPED, { code: "token-refused", message: "no" });

    const args = ["account", "resume", "north", "--table", cloud.table.name, "--region", "eu-west-1"];
    const { exitCode, stdout } = await relay(args, {
      cwd: place.directory,
      env: { AWS_ENDPOINT_URL_DYNAMODB: cloud.url, AWS_ACCESS_KEY_ID: "t", AWS_SECRET_ACCESS_KEY: "t" },
    });

    expect(stdout).toContain("The account north is open");
    expect(exitCode).toBe(0);
    expect(await gatesOf(cloud).read(STOPPED, Date.now())).toEqual({ kind: "open" });
  });

  it("opens the gate in the directory of a run that was stopped, whose photos then go on", async () => {
    await using place = await makeWorkplace();
    await using mapillary = await startMapillary();
    await place.write(makeDrive("d", 3));
    const call = { cwd: place.directory, env: mapillary.env };
    const run = () => relay(["run", "d", "--json", "--state", "kept", ...mapillary.args], call);
    const refusal: Fault = { kind: "answer", when: "before", status: 401, code: "OAuthException" };
    // The look before the run is let pass; the photos' own are refused.
    mapillary.standIn.faults.script(
      { on: "Me", fault: "none" },
      ...Array.from({ length: 20 }, () => ({ on: "Me", fault: refusal }) as const),
    );

    const stopped = await run();
    mapillary.standIn.faults.clear();
    const before = await gateIn(place.directory);
    const { exitCode } = await relay(["account", "resume", "--state", "kept"], call);
    const after = await gateIn(place.directory);
    const resumed = await run();

    expect(JSON.parse(stopped.stdout).photos).toMatchObject({ failed: 0, waiting: 3 });
    expect(stopped.stderr).toContain("The account default is refused");
    expect(stopped.exitCode).toBe(1);
    expect(before).toHaveProperty("stoppedMark");
    expect(exitCode).toBe(0);
    expect(after).not.toHaveProperty("stoppedMark");
    expect(JSON.parse(resumed.stdout).photos).toMatchObject({ relayed: 3, waiting: 0 });
  });
});

/** The item of the default account's gate, as a state directory has it. */
async function gateIn(directory: string) {
  const { table, stop } = await startTableSandbox({ directory: join(directory, "kept", "table") });
  try {
    const Key = { pk: "gate#default", sk: "gate" };
    const { Item } = await table.client.send(new GetCommand({ TableName: table.name, Key }));
    return Item ?? {};
  } finally {
    await stop();
  }
}
