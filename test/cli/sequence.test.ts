import { v4 as newId } from "uuid";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { RunReport } from "../../cli/run-report.ts";
import { createDynamoSequences } from "../../lib/sequence/sequence.dynamo.ts";
import { startTableSandbox, type TableSandbox } from "../../sandbox/table.ts";
import type { V4Dials } from "../../sandbox/v4/dials.ts";
import { type Mapillary, makeDrive, startMapillary } from "./mapillary.ts";
import { type Ended, makeWorkplace, relay, type Workplace } from "./program.ts";

/** A run that left its one sequence unknown, in the state directory `kept`. */
async function leaveUnknown(place: Workplace, mapillary: Mapillary, finish: V4Dials["finish"]) {
  const call = { cwd: place.directory, env: mapillary.env };
  const run = () => relay(["run", "d", "--json", "--state", "kept", ...mapillary.args], call);
  await place.write(makeDrive("d/trip", 3));
  mapillary.standIn.faults.set({ finish });
  const report = reportOf(await run());
  mapillary.standIn.faults.clear();
  const [{ id, status } = { id: "", status: "open" }] = report.sequences;
  expect(status).toBe("unknown");
  return { id, run };
}

function reportOf({ stdout }: Ended): RunReport {
  return JSON.parse(stdout);
}

function sequenceCommand(place: Workplace, ...args: readonly string[]): Promise<Ended> {
  return relay(["sequence", ...args, "--state", "kept"], { cwd: place.directory });
}

describe("relay sequence resolve", () => {
  it("goes on with what Mapillary made, and never tells it again", async () => {
    await using place = await makeWorkplace();
    await using mapillary = await startMapillary();
    const { id, run } = await leaveUnknown(place, mapillary, "500-after");
    const [cluster] = await mapillary.standIn.clusters();

    const listed = await sequenceCommand(place, "list", "--status", "unknown", "--json");
    const noted = await sequenceCommand(place, "resolve", id, "--happened", cluster?.id ?? "");
    const resumed = await run();

    expect(JSON.parse(listed.stdout).sequences).toMatchObject([
      {
        id,
        status: "unknown",
        track: "trip",
        photos: 3,
        parts: [{ status: "unknown", photos: 3, clusterId: null }],
      },
    ]);
    expect(noted).toMatchObject({
      exitCode: 0,
      stdout: expect.stringContaining("Run the same command as before"),
    });
    expect(reportOf(resumed).sequences).toMatchObject([{ id, status: "published", clusters: [cluster?.id] }]);
    expect(reportOf(resumed).rows.map(({ clusterId }) => clusterId)).toEqual(Array(3).fill(cluster?.id));
    expect(mapillary.standIn.requests.count("FinishUpload")).toBe(1);
    expect(resumed.exitCode).toBe(0);
  });

  it("tells again what Mapillary made nothing of", async () => {
    await using place = await makeWorkplace();
    await using mapillary = await startMapillary();
    const { id, run } = await leaveUnknown(place, mapillary, "lost-before");

    const { exitCode } = await sequenceCommand(place, "resolve", id, "--again");
    const resumed = await run();

    const clusters = await mapillary.standIn.clusters();
    expect(exitCode).toBe(0);
    expect(clusters).toHaveLength(1);
    expect(reportOf(resumed).sequences).toMatchObject([{ status: "published", clusters: [clusters[0]?.id] }]);
  });

  it("names the photos to look for when it is not said what happened", async () => {
    await using place = await makeWorkplace();
    await using mapillary = await startMapillary();
    const { id } = await leaveUnknown(place, mapillary, "null-after");

    const { exitCode, stderr } = await sequenceCommand(place, "resolve", id);

    expect(stderr).toContain(`expected --happened CLUSTER_ID or --again for 3 photos of ${id}`);
    expect(stderr).toContain(
      "from trip/1.jpg (2026-05-04T10:00:00.000Z) to trip/3.jpg (2026-05-04T10:00:04.000Z)",
    );
    expect(exitCode).toBe(2);
  });

  it.each([
    ["both answers", ["--happened", "1", "--again"], "cannot be used with option '--again'"],
    ["the placeholder", ["--happened", "CLUSTER_ID"], "Expected what Mapillary calls the sequence"],
    ["a cluster id of two words", ["--happened", "1 2"], "Expected what Mapillary calls the sequence"],
  ])("refuses %s", async (_what, answer, message) => {
    await using place = await makeWorkplace();

    const { exitCode, stderr } = await sequenceCommand(place, "resolve", "some-id", ...answer);

    expect(stderr).toContain(message);
    expect(stderr).toContain("relay -- sequence resolve --help");
    expect(exitCode).toBe(2);
  });
});

describe("relay sequence release", () => {
  it("lets a held sequence go on, and says of any other what it is", async () => {
    await using place = await makeWorkplace();
    await place.write({
      "fleet.config.ts": `export default { destination: "v4", rules: [{ prefix: "a/", hold: true }] };`,
      ...makeDrive("d/a", 2),
    });
    const run = (...flags: string[]) =>
      relay(["run", "d", "--state", "kept", ...flags], { cwd: place.directory });

    const told = await run();
    const [, id = ""] = /sequence release (\S+) --state kept/.exec(told.stdout) ?? [];
    const listed = await sequenceCommand(place, "list");
    const resolved = await sequenceCommand(place, "resolve", id, "--again");
    const released = await sequenceCommand(place, "release", id);
    const releasedTwice = await sequenceCommand(place, "release", id);
    const resumed = await run("--json");

    expect(listed.stdout).toMatch(/│ held +│ a +│ 2 +│ a rule of the fleet holds it for review +│/);
    expect(listed.stdout).toContain(`sequence release ${id} --state kept`);
    expect(resolved.stderr).toContain(`the sequence ${id} is held; it is let go on by sequence release`);
    expect(resolved.exitCode).toBe(2);
    expect(released.exitCode).toBe(0);
    expect(releasedTwice.stderr).toContain(`the sequence ${id} is closing; it goes on by itself`);
    expect(reportOf(resumed).sequences).toMatchObject([{ id, status: "published" }]);
  });
});

describe("relay sequence list", () => {
  it("says that there is nothing, and that a directory holds no ledger", async () => {
    await using place = await makeWorkplace();
    await place.write(makeDrive("d", 1));
    await relay(["run", "d", "--state", "kept"], { cwd: place.directory });

    const empty = await sequenceCommand(place, "list");
    const published = await sequenceCommand(place, "list", "--status", "published", "--json");
    const unknown = await sequenceCommand(place, "resolve", "no-such-id", "--again");
    const nowhere = await relay(["sequence", "list", "--state", "nowhere"], { cwd: place.directory });

    expect(empty).toMatchObject({ exitCode: 0, stdout: "There are no such sequences.\n" });
    expect(JSON.parse(published.stdout).sequences).toMatchObject([{ status: "published", photos: 1 }]);
    expect(unknown.stderr).toContain("there is no sequence no-such-id on its way");
    expect(nowhere.stderr).toContain("--state nowhere holds no ledger");
    expect(nowhere.exitCode).toBe(2);
  });
});

describe("the ledger of a deployment", () => {
  let cloud: TableSandbox;
  beforeAll(async () => {
    cloud = await startTableSandbox();
  });
  afterAll(() => cloud.stop());

  const environment = () => ({
    AWS_ENDPOINT_URL_DYNAMODB: cloud.url,
    AWS_CONFIG_FILE: "/dev/null",
    AWS_ACCESS_KEY_ID: "test",
    AWS_SECRET_ACCESS_KEY: "test",
  });

  async function holdSequence(): Promise<string> {
    const store = createDynamoSequences({ table: cloud.table, now: Date.now, newId });
    const track = { bucket: "photos", path: `van/${newId()}` };
    const sender = { account: "default", username: "default" };
    await store.claimSlots(track, sender, [{ photoTag: "a", filename: "a.jpg" }]);
    const [open] = await store.ofTrack(track);
    const closing = open && (await store.move(open, "closing"));
    const held = closing && (await store.move(closing, "held", { note: "look at me" }));
    return held?.id ?? "";
  }

  it("is listed and decided about by its table's name", async () => {
    await using place = await makeWorkplace();
    const id = await holdSequence();
    const call = { cwd: place.directory, env: environment() };
    const words = ["--table", cloud.table.name, "--region", "eu-west-1"];

    const listed = await relay(["sequence", "list", ...words], call);
    const released = await relay(["sequence", "release", id, ...words], call);
    const after = await relay(["sequence", "list", "--json", ...words], call);

    expect(listed.stdout).toMatch(/│ held +│ van\/[0-9a-f-]+ │ 1 +│ look at me +│/);
    expect(listed.stdout).toContain(`sequence release ${id} --table ${cloud.table.name}`);
    expect(released).toMatchObject({ exitCode: 0, stdout: expect.stringContaining("by the deployment") });
    expect(JSON.parse(after.stdout).sequences).toMatchObject([
      { id, status: "closing", note: "released by hand" },
    ]);
  });

  it.each([
    [
      "there is no such table",
      ["--table", "another", "--region", "eu-west-1"],
      "--table another: there is no such table",
    ],
    ["both ledgers are named", ["--table", "t", "--state", "s"], "expected one of --state DIR"],
    ["no ledger is named", [], "expected one of --state DIR"],
  ])("is not looked for when %s", async (_what, words, message) => {
    await using place = await makeWorkplace();

    const { exitCode, stderr } = await relay(["sequence", "list", ...words], {
      cwd: place.directory,
      env: environment(),
    });

    expect(stderr).toContain(message);
    expect(stderr).not.toContain("    at ");
    expect(exitCode).toBe(2);
  });

  it.each([
    ["no region is known", [], {}, "--table ledger: no region is known; add --region"],
    [
      "the region is none",
      [],
      { AWS_REGION: "over there" },
      "--table ledger: no region is known; add --region",
    ],
    [
      "nobody answers",
      ["--region", "eu-west-1"],
      { AWS_ENDPOINT_URL_DYNAMODB: "http://127.0.0.1:9", AWS_MAX_ATTEMPTS: "1" },
      "--table ledger: it cannot be reached",
    ],
  ])("cannot be looked into when %s", async (_what, words, variables, message) => {
    await using place = await makeWorkplace();
    const { AWS_ENDPOINT_URL_DYNAMODB: _, ...rest } = environment();

    const { exitCode, stderr } = await relay(["sequence", "list", "--table", "ledger", ...words], {
      cwd: place.directory,
      env: { ...rest, ...variables },
    });

    expect(stderr).toContain(message);
    expect(stderr).not.toContain("    at ");
    expect(exitCode).toBe(2);
  });
});
