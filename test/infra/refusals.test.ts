/** What stops a deployment before anything is created, and what the person is told. */
import { describe, expect, it } from "vitest";
import { TYPE } from "./engine/graph.ts";
import { type Synth, type SynthOptions, synth } from "./engine/synth.ts";
import { FULL_FLEET, FULL_SECRETS, fleetFile } from "./fleets.ts";

describe.concurrent("a deployment creates nothing", () => {
  it("with a wrong one, and names every problem in it", async () => {
    const wrong = {
      destination: "ftp",
      maxWorkers: 1,
      vehicles: ["van-*"],
      rules: [{ prefix: "/van", timeZone: "Mars/Olympus" }],
    };

    const { error } = await refused({ fleet: fleetFile(wrong), secrets: FULL_SECRETS });

    expect(error).toMatch(/^VisibleError: fleet\.config\.ts: the fleet configuration has 5 problem\(s\):/);
    for (const field of [
      "destination",
      "maxWorkers",
      "vehicles[0]",
      "rules[0].prefix",
      "rules[0].timeZone",
    ]) {
      expect(error).toContain(`  - ${field}: `);
    }
  });

  it("while credentials are missing or wrong, and gives the command that sets each", async () => {
    const { error } = await refused({
      fleet: fleetFile(FULL_FLEET),
      secrets: {
        MAPILLARY_USERNAME: "driver",
        MAPILLARY_SIGNATURE_HASH: "ends with a newline\n",
        MAPILLARY_UPLOAD_URL_NORTH: "ftp://example.org",
      },
    });

    const command = (name: string) => `\n  npx sst secret set ${name} --stage alice`;
    for (const name of [
      "MAPILLARY_PERMISSION_HASH",
      "MAPILLARY_SIGNATURE_HASH",
      "MAPILLARY_USERNAME_NORTH",
      "MAPILLARY_PERMISSION_HASH_NORTH",
      "MAPILLARY_SIGNATURE_HASH_NORTH",
      "MAPILLARY_UPLOAD_URL_NORTH",
    ]) {
      expect(error).toContain(`\n  - ${name} `);
      expect(error).toContain(command(name));
    }
    expect(error).toContain("the credentials of stage alice have 6 problem(s)");
    expect(error).not.toContain(`${command("MAPILLARY_USERNAME")}\n`);
    expect(error).not.toContain("newline");
  });

  it("with more credentials than a function's environment holds", async () => {
    const accounts = Array.from({ length: 6 }, (_, at) => `a${at}`);
    const rules = accounts.map((account) => ({ prefix: `${account}/`, account }));
    const secrets = ["", ...accounts.map((account) => `_${account.toUpperCase()}`)].flatMap((behind) => [
      [`MAPILLARY_USERNAME${behind}`, "driver"],
      [`MAPILLARY_PERMISSION_HASH${behind}`, "p".repeat(400)],
      [`MAPILLARY_SIGNATURE_HASH${behind}`, "s".repeat(28)],
    ]);

    const { error } = await refused({
      fleet: fleetFile({ destination: "bucket", rules }),
      secrets: Object.fromEntries(secrets),
    });

    expect(error).toMatch(/the credentials of 7 accounts have 3\d\d\d bytes.*room for 3072/);
  });

  it("with a vehicle whose user IAM would not take", async () => {
    const { error } = await refused({
      stage: "a-stage-with-a-very-long-name",
      fleet: fleetFile({ destination: "bucket", vehicles: ["v".repeat(32)] }),
      secrets: FULL_SECRETS,
    });

    expect(error).toMatch(/vehicles: "v{32}" makes the user name .* IAM takes 64/);
  });
});

async function refused(options: Omit<SynthOptions, "stage"> & { readonly stage?: string }): Promise<Synth> {
  await using tried = await synth({ stage: "alice", ...options });
  expect(tried.resources.map(({ type }) => type).filter((type) => type !== TYPE.stack)).toEqual([]);
  expect(tried.error).toMatch(/^VisibleError: /);
  return tried;
}
