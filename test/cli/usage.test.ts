import { describe, expect, it } from "vitest";
import { makeWorkplace, relay } from "./program.ts";

describe("the command line", () => {
  it.each([
    ["an unknown command", ["chek"], "Did you mean check?"],
    ["an unknown flag", ["run", "--jsn"], "Did you mean --json?"],
    ["an unknown lane", ["run", "--destination", "ftp"], "Allowed choices are bucket, v4"],
    ["an unknown subcommand", ["account", "chek"], "Did you mean check?"],
    ["a dial that there is not", ["sandbox", "--v4-fault", "fire=1"], "expected one of failShare,"],
    ["a dial without its setting", ["sandbox", "--v4-fault", "failShare"], "Expected failShare=0 to 1"],
    ["a dial beyond its range", ["sandbox", "--v4-fault", "failShare=2"], "Expected failShare=0 to 1"],
    [
      "an organization that is none",
      ["sandbox", "--organization", "us"],
      "Expected an organization's number",
    ],
    ["a second folder", ["run", "a", "b"], "too many arguments"],
    ["check without a path", ["check"], "missing required argument 'path'"],
    ["a port that is none", ["sandbox", "--port", "http"], "Expected a port"],
    ["a port out of range", ["sandbox", "--port", "65536"], "from 0 to 65535"],
    ["a share over one", ["sandbox", "--fail-share", "1.5"], "Expected a number from 0 to 1"],
    ["a username that leaves its folder", ["sandbox", "--username", ".."], "path segment"],
    ["a folder that is not there", ["run", "nowhere"], "nowhere: there is no such folder"],
    ["a file for a folder", ["run", "file.txt"], "file.txt is a file; expected a folder"],
    [
      "a configuration that is not there",
      ["run", "--config", "no.ts"],
      "--config no.ts: there is no such file",
    ],
    ["a state directory that is a file", ["run", "--state", "file.txt"], "it is a file; expected a folder"],
    ["a state directory below a file", ["run", "--state", "file.txt/x"], "--state file.txt/x cannot be used"],
    ["state among the photos", ["run", ".", "--state", "kept"], "lies in the folder of photos"],
    ["the folder of photos as state", ["run", ".", "--state", "."], "lies in the folder of photos"],
    ["an upload URL that is none", ["run", "--upload-url", "s3"], "--upload-url is not a URL"],
    ["half of v4's endpoints", ["run", "--graph-endpoint", "http://[::1]"], "goes with --upload-endpoint"],
    ["an account's name that is none", ["account", "check", "North"], "Expected lower-case letters"],
    ["an account that nobody names", ["account", "resume", "north", "--state", "s"], "no account north"],
    ["a login without an application", ["account", "login"], "required option '--client-id <id>'"],
    [
      "a day of no published sequences",
      ["sequence", "list", "--state", "s", "--day", "2026-01-01"],
      "--day is for",
    ],
  ])("refuses %s with 2 and says why", async (_what, args, message) => {
    await using place = await makeWorkplace();
    await place.write({ "file.txt": "x" });

    const { exitCode, stdout, stderr } = await relay(args, { cwd: place.directory });

    expect(stderr).toContain(message);
    expect(stdout).toBe("");
    expect(exitCode).toBe(2);
  });

  it.each([
    ["run --jsn", "run"],
    ["sandbox --port http", "sandbox"],
    ["sequence resolve", "sequence resolve"],
    ["account lgoin", "account"],
  ])("points to the help that there is for relay %s", async (line, command) => {
    await using place = await makeWorkplace();

    const { stderr } = await relay(line.split(" "), { cwd: place.directory });

    expect(stderr).toContain(`(npm run -s relay -- ${command} --help shows what there is)`);
  });

  it("names every missing variable of an upload at once, and repeats no value", async () => {
    await using place = await makeWorkplace();
    const env = { MAPILLARY_USERNAME: "jon/../secret-name", MAPILLARY_AWS_ACCESS_KEY_ID: "secret key" };

    const { exitCode, stderr } = await relay(["run", "--upload-url", "https://127.0.0.1/b"], {
      cwd: place.directory,
      env,
    });

    expect(stderr).toContain("MAPILLARY_USERNAME contains a slash");
    expect(stderr).toContain("MAPILLARY_PERMISSION_HASH is not set");
    expect(stderr).toContain("MAPILLARY_SIGNATURE_HASH is not set");
    expect(stderr).toContain("MAPILLARY_AWS_ACCESS_KEY_ID contains white space");
    expect(stderr).not.toContain("secret");
    expect(exitCode).toBe(2);
  });

  it("names the missing variables of every account that the rules name", async () => {
    await using place = await makeWorkplace();
    await place.write({
      "fleet.config.ts": `export default {
        destination: "bucket",
        rules: [{ prefix: "n/", account: "north" }, { prefix: "s/", account: "south_2" }],
      };`,
    });
    const env = {
      MAPILLARY_USERNAME: "jon",
      MAPILLARY_PERMISSION_HASH: "cG9saWN5",
      MAPILLARY_SIGNATURE_HASH: "c2lnbmF0dXJl",
      MAPILLARY_USERNAME_NORTH: "jon/../secret-name",
      MAPILLARY_PERMISSION_HASH_NORTH: "cG9saWN5",
      MAPILLARY_UPLOAD_URL_NORTH: "overruled, and no URL",
    };

    const { exitCode, stdout, stderr } = await relay(["run", "--upload-url", "https://127.0.0.1/b"], {
      cwd: place.directory,
      env,
    });

    expect(stderr.match(/MAPILLARY_\S+ \S+/g)).toEqual([
      "MAPILLARY_USERNAME_NORTH contains",
      "MAPILLARY_SIGNATURE_HASH_NORTH is",
      "MAPILLARY_USERNAME_SOUTH_2 is",
      "MAPILLARY_PERMISSION_HASH_SOUTH_2 is",
      "MAPILLARY_SIGNATURE_HASH_SOUTH_2 is",
    ]);
    expect(stderr).not.toContain("secret");
    expect(stdout).toBe("");
    expect(exitCode).toBe(2);
  });

  it("names every problem of fleet.config.ts at once", async () => {
    await using place = await makeWorkplace();
    await place.write({
      "fleet.config.ts": `export default { destination: "ftp", quietPeriod: "soon", tracks: "x" };`,
    });

    const { exitCode, stderr } = await relay(["run"], { cwd: place.directory });

    expect(stderr).toContain("fleet.config.ts: the fleet configuration has 3 problem(s)");
    expect(stderr).toContain("destination: ");
    expect(stderr).toContain('quietPeriod: "soon" is no duration');
    expect(stderr).toContain("tracks");
    expect(exitCode).toBe(2);
  });

  it.each([
    ["exports nothing", "export const fleet = 1;", "has no default export"],
    ["is no TypeScript", "export default {", "cannot be loaded"],
    ["throws", `throw new Error("out of luck");`, "cannot be loaded: out of luck"],
  ])("says what is wrong with a configuration that %s", async (_what, source, message) => {
    await using place = await makeWorkplace();
    await place.write({ "conf/fleet.ts": source });

    const { exitCode, stderr } = await relay(["run", "--config", "conf/fleet.ts"], { cwd: place.directory });

    expect(stderr).toContain(`conf/fleet.ts`);
    expect(stderr).toContain(message);
    expect(exitCode).toBe(2);
  });

  it("shows help and ends with 2 without a command", async () => {
    await using place = await makeWorkplace();

    const { exitCode, stderr } = await relay([], { cwd: place.directory });

    expect(stderr).toContain("Usage: relay <command>");
    expect(exitCode).toBe(2);
  });

  it.each([
    "run",
    "check",
    "sandbox",
    "sequence list",
    "sequence resolve",
    "sequence release",
    "account check",
    "account resume",
    "account login",
  ])("helps with %s, with examples and exit codes", async (command) => {
    await using place = await makeWorkplace();

    const { exitCode, stdout } = await relay([...command.split(" "), "--help"], { cwd: place.directory });

    expect(stdout).toContain(`Usage: relay ${command}`);
    expect(stdout).toContain("Examples:");
    expect(stdout).toContain("Exit codes:");
    expect(exitCode).toBe(0);
  });
});
