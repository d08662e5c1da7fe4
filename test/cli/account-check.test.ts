import { describe, expect, it } from "vitest";
import { organizationsOf } from "../../cli/v4-look.ts";
import { makeUploadHashes } from "../../sandbox/s3/policy-maker.ts";
import { startParameterStore } from "../infra/lambda/parameter-store.ts";
import { startMapillary } from "./mapillary.ts";
import { makeWorkplace, relay } from "./program.ts";

const ORGANIZATION = { id: "77", slug: "streets", name: "City of Streets", description: "" };

describe("relay account check over v4", () => {
  it("tells whose token it is and which organizations of the rules it sees", async () => {
    await using place = await makeWorkplace();
    await using mapillary = await startMapillary({ usernames: ["jon"], organizations: [ORGANIZATION] });
    const [user] = mapillary.standIn.users;
    await place.write({
      "fleet.config.ts": `export default { destination: "v4", rules: [{ prefix: "a/", organizationId: "77" }] };`,
    });
    const call = {
      cwd: place.directory,
      env: { ...mapillary.env, MAPILLARY_GRAPH_ENDPOINT: `${mapillary.standIn.url}/` },
    };

    const written = await relay(["account", "check", "--json"], call);
    const told = await relay(["account", "check", "default"], call);

    expect(JSON.parse(written.stdout)).toEqual({
      account: "default",
      destination: "v4",
      verdict: "accepted",
      user: { id: user?.id, username: "jon" },
      expiresAt: null,
      organizations: [ORGANIZATION],
      objections: [],
    });
    expect(written.exitCode).toBe(0);
    expect(told.stdout).toContain("✓ default, v4: accepted");
    expect(told.stdout).toContain(`user jon (${user?.id})`);
    expect(told.stdout).toContain("organization 77: City of Streets");
    expect(told.stdout).toContain("is not known");
    expect(told.stdout + written.stdout).not.toContain(mapillary.env.MAPILLARY_ACCESS_TOKEN);
  });

  it("tells of each account by itself, and ends with 1 when one is refused", async () => {
    await using place = await makeWorkplace();
    await using mapillary = await startMapillary();
    await place.write({
      "fleet.config.ts": `export default {
        destination: "v4",
        rules: [{ prefix: "n/", account: "north" }, { prefix: "n/o/", organizationId: "78" }, { prefix: "s/", account: "south" }],
      };`,
    });
    const env = {
      ...mapillary.env,
      MAPILLARY_ACCESS_TOKEN_NORTH: mapillary.env.MAPILLARY_ACCESS_TOKEN ?? "",
      MAPILLARY_ACCESS_TOKEN_SOUTH: "MLY|1|a-wrong-token",
    };

    const args = ["account", "check", "--json", "--graph-endpoint", mapillary.standIn.url];
    const { exitCode, stdout, stderr } = await relay(args, { cwd: place.directory, env });

    const found = stdout
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line))
      .map(({ account, verdict, objections }) => [account, verdict, objections[0]?.code]);
    expect(found).toEqual([
      ["default", "accepted", undefined],
      ["north", "refused", "organization-refused"],
      ["south", "refused", "token-refused"],
    ]);
    expect(stdout + stderr).not.toContain("a-wrong-token");
    expect(exitCode).toBe(1);
  });

  it("tells that it could not be asked when it could not", async () => {
    await using place = await makeWorkplace();
    await using mapillary = await startMapillary({ faults: { failShare: 1, sharesOn: "graph" } });

    const args = ["account", "check", "--graph-endpoint", mapillary.standIn.url];
    const { exitCode, stdout } = await relay(args, { cwd: place.directory, env: mapillary.env });

    expect(stdout).toContain("? default, v4: unknown\n    could not be asked: ");
    expect(exitCode).toBe(1);
  });

  it.each([
    ["token-missing", undefined],
    ["token-misshapen", "two words"],
  ])("tells of a stored token that is unusable: %s", async (code, value) => {
    await using place = await makeWorkplace();
    await using ssm = await startParameterStore();
    if (value !== undefined) ssm.values.set("/t", value);

    const { exitCode, stdout } = await relay(["account", "check", "--json", "--destination", "v4"], {
      cwd: place.directory,
      env: {
        MAPILLARY_TOKEN_PARAMETER: "/t",
        AWS_ENDPOINT_URL_SSM: ssm.url,
        AWS_REGION: "eu-west-1",
        AWS_ACCESS_KEY_ID: "test",
        AWS_SECRET_ACCESS_KEY: "test",
      },
    });

    expect(JSON.parse(stdout)).toMatchObject({ verdict: "refused", user: null, objections: [{ code }] });
    expect(stdout).not.toContain("two words");
    expect(exitCode).toBe(1);
  });

  it.each([
    ["no lane", [], {}, "add --destination v4 or --destination bucket"],
    ["no token", ["--destination", "v4"], {}, "MAPILLARY_ACCESS_TOKEN is not set"],
    [
      "an account that nobody names",
      ["--destination", "v4", "north"],
      {},
      "name no account north; expected one of default",
    ],
    [
      "a graph for the bucket lane",
      ["--destination", "bucket", "--graph-endpoint", "https://g.example.org"],
      {},
      "--graph-endpoint is for v4",
    ],
  ])("refuses %s with 2", async (_what, flags, env, message) => {
    await using place = await makeWorkplace();

    const { exitCode, stdout, stderr } = await relay(["account", "check", ...flags], {
      cwd: place.directory,
      env,
    });

    expect(stderr).toContain(message);
    expect(stdout).toBe("");
    expect(exitCode).toBe(2);
  });
});

describe("relay account check over the bucket lane", () => {
  function environment(expiration: string) {
    const wish = { bucket: "inbox", username: "jon", expiration, maxBytes: 2 ** 20, secret: "s" };
    const { permissionHash, signatureHash } = makeUploadHashes(wish);
    return {
      MAPILLARY_USERNAME: "jon",
      MAPILLARY_PERMISSION_HASH: permissionHash,
      MAPILLARY_SIGNATURE_HASH: signatureHash,
      MAPILLARY_UPLOAD_URL: "http://127.0.0.1:9/inbox",
    };
  }

  it.each([
    ["2100-01-01T00:00:00.000Z", {}, "accepted", undefined, 0],
    ["2020-01-01T00:00:00.000Z", {}, "refused", "policy-expired", 1],
    [
      "2100-01-01T00:00:00.000Z",
      { MAPILLARY_UPLOAD_URL: "http://127.0.0.1:9/other" },
      "refused",
      "policy-bucket",
      1,
    ],
  ])(
    "with a policy until %s and %j is %s, without a request",
    async (expiresAt, over, verdict, code, exit) => {
      await using place = await makeWorkplace();
      const env = { ...environment(expiresAt), ...over };

      const { exitCode, stdout } = await relay(["account", "check", "--json", "--destination", "bucket"], {
        cwd: place.directory,
        env,
      });

      const checked = JSON.parse(stdout);
      expect(checked).toMatchObject({
        destination: "bucket",
        verdict,
        expiresAt,
        user: null,
        organizations: [],
      });
      expect(checked.objections[0]?.code).toBe(code);
      expect(stdout).not.toContain(env.MAPILLARY_PERMISSION_HASH);
      expect(exitCode).toBe(exit);
    },
  );
});

describe("the organizations of an account", () => {
  it("are those of every prefix that is its own, inherited ones included", () => {
    const rules = [
      { prefix: "", organizationId: "1" },
      { prefix: "n/", account: "north" },
      { prefix: "n/a/", organizationId: "2" },
      { prefix: "s/", organizationId: "3" },
      { prefix: "n/b/", account: "default" },
    ];

    expect(organizationsOf({ rules }, "default").sort()).toEqual(["1", "3"]);
    expect(organizationsOf({ rules }, "north").sort()).toEqual(["1", "2"]);
    expect(organizationsOf({ rules: [] }, "default")).toEqual([]);
  });
});
