import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { FleetConfigError } from "../../lib/config/fleet.ts";
import { SettingsError } from "../../lib/config/settings.ts";
import {
  createClosingWorker,
  createDeadLetterWorker,
  createRelayWorker,
} from "../../lib/pipeline/lambda.node.ts";

const FLEET = JSON.stringify({ destination: "bucket", rules: [{ prefix: "north/", account: "north" }] });
const TABLE = { TABLE_NAME: "relay", RELAY_TIMEOUT_SECONDS: "120", AWS_REGION: "eu-west-1" };
const DEFAULT = {
  MAPILLARY_USERNAME: "driver",
  MAPILLARY_PERMISSION_HASH: "cGVybWlzc2lvbg==",
  MAPILLARY_SIGNATURE_HASH: "c2lnbmF0dXJl",
};
const NORTH = Object.fromEntries(Object.entries(DEFAULT).map(([name, value]) => [`${name}_NORTH`, value]));
const RELAY = { FLEET, ...TABLE, ...DEFAULT, ...NORTH, INTAKE_QUEUE_URL: "https://sqs.example/1/intake" };

// The SDK takes its region from the process, as in a Lambda.
const before = process.env.AWS_REGION;
beforeAll(() => {
  process.env.AWS_REGION = "eu-west-1";
});
afterAll(() => {
  if (before === undefined) delete process.env.AWS_REGION;
  else process.env.AWS_REGION = before;
});

function problemsOf(make: () => unknown): readonly string[] {
  try {
    make();
  } catch (error) {
    if (error instanceof SettingsError) return error.problems;
    throw error;
  }
  return [];
}

describe("a Lambda's worker", () => {
  it("of the relay has every account that the rules name, and as long as its time-out", () => {
    const worker = createRelayWorker(RELAY);

    expect([...worker.accounts.keys()]).toEqual(["default", "north"]);
    expect(worker.relayLifetimeMs).toBe(120_000);
    expect(worker.fleet.photosAtOnce).toBe(16);
  });

  it("names every variable that is missing, and no value", () => {
    const problems = problemsOf(() => createRelayWorker({ FLEET, MAPILLARY_USERNAME: "dri/ver" }));

    expect(problems.map((problem) => problem.split(" ")[0])).toEqual([
      "INTAKE_QUEUE_URL",
      "TABLE_NAME",
      "RELAY_TIMEOUT_SECONDS",
      "MAPILLARY_USERNAME",
      "MAPILLARY_PERMISSION_HASH",
      "MAPILLARY_SIGNATURE_HASH",
      "MAPILLARY_USERNAME_NORTH",
      "MAPILLARY_PERMISSION_HASH_NORTH",
      "MAPILLARY_SIGNATURE_HASH_NORTH",
    ]);
    expect(problems.join()).not.toContain("dri/ver");
  });

  it("that closes sequences needs no queue, and one that buries dead letters no credentials", () => {
    const { INTAKE_QUEUE_URL: _, ...closing } = RELAY;

    expect([...createClosingWorker(closing).accounts.keys()]).toEqual(["default", "north"]);
    expect(problemsOf(() => createDeadLetterWorker({ FLEET, ...TABLE }))).toEqual([]);
    expect(problemsOf(() => createClosingWorker({ FLEET, ...TABLE }))).toHaveLength(6);
  });

  it.each(["not JSON", "{"])("says that FLEET is no JSON when it is %s", (fleet) => {
    expect(problemsOf(() => createDeadLetterWorker({ ...TABLE, FLEET: fleet }))).toEqual([
      "FLEET is not JSON; expected the fleet's configuration",
    ]);
  });

  it("refuses a fleet that is none", () => {
    expect(() => createDeadLetterWorker({ ...TABLE, FLEET: "{}" })).toThrow(FleetConfigError);
  });
});
