import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { ReportedRow, RunReport } from "../../cli/run-report.ts";
import { DESTINATION_FILE } from "../../cli/state-destination.ts";
import { makeDrive, startMapillary } from "./mapillary.ts";
import { type Ended, makeWorkplace, relay } from "./program.ts";

function reportOf({ stdout }: Ended): RunReport {
  return JSON.parse(stdout);
}

function rowOf({ rows }: RunReport, key: string): ReportedRow | undefined {
  return rows.find((row) => row.key === key);
}

describe("relay run --destination v4", () => {
  it("relays the sample drive to the stand-in without an account, and names its clusters", async () => {
    await using place = await makeWorkplace();

    const { exitCode, stdout, stderr } = await relay(["run", "--destination", "v4"], {
      cwd: place.directory,
    });

    expect(stderr).toContain("a stand-in on this machine");
    expect(stdout).toContain("42 files: 35 relayed, 6 rejected, 1 duplicate, 0 failed");
    expect(stdout).toMatch(/│ bicycle-2\/2026-05-04 +│ 10 +│ published │ [0-9a-f-]{36} │ \d{16} +│/);
    expect(exitCode).toBe(0);
  });

  it("overrules the configuration in either direction, and keeps its rules", async () => {
    await using place = await makeWorkplace();
    const rules = [{ prefix: "b/", skip: true }];
    await place.write({
      "v4.ts": `export default ${JSON.stringify({ destination: "v4", rules })};`,
      "bucket.ts": `export default ${JSON.stringify({ destination: "bucket", rules })};`,
      ...makeDrive("d/a", 1),
      ...makeDrive("d/b", 1, { seed: 1 }),
    });
    const call = { cwd: place.directory };
    const args = ["run", "d", "--json"];

    const overBucket = reportOf(await relay([...args, "--config", "v4.ts", "--destination", "bucket"], call));
    const overV4 = reportOf(await relay([...args, "--config", "bucket.ts", "--destination", "v4"], call));

    expect(rowOf(overBucket, "a/1.jpg")).toMatchObject({ handle: null, clusterId: null });
    expect(rowOf(overBucket, "a/1.jpg")?.destinationKey).toMatch(/^default\/[0-9a-f-]{36}\/1\.jpg$/);
    expect(overBucket.sequences).toMatchObject([{ clusters: [] }]);
    expect(rowOf(overV4, "a/1.jpg")?.destinationKey).toMatch(/^mly_tools_uuid_[0-9a-f]{32}\.jpg$/);
    for (const report of [overBucket, overV4]) {
      expect(rowOf(report, "b/1.jpg")?.reasons).toMatchObject([{ code: "skipped-by-rule" }]);
    }
  });
});

describe("relay run to endpoints of v4", () => {
  it("makes the sequences there, and tells of each photo's session, handle and cluster", async () => {
    await using place = await makeWorkplace();
    await using mapillary = await startMapillary();
    await place.write({ ...makeDrive("d/a", 3), ...makeDrive("d/b", 2, { seed: 1 }) });

    const ended = await relay(["run", "d", "--json", ...mapillary.args], {
      cwd: place.directory,
      env: mapillary.env,
    });

    const report = reportOf(ended);
    const clusters = await mapillary.standIn.clusters();
    const made = clusters.map(({ id, images }) => ({ id, handles: images.map(({ handle }) => handle) }));
    const told = report.sequences.map(({ clusters: [id], track }) => {
      const rows = report.rows.filter((row) => row.track === track && row.clusterId === id);
      return { id, handles: rows.map(({ handle }) => handle) };
    });
    const sessions = clusters.flatMap(({ images }) => images.map(({ sessionKey }) => sessionKey));
    expect(made).toHaveLength(2);
    expect(new Set(told)).toEqual(new Set(made));
    expect(report.rows.map(({ destinationKey }) => destinationKey).sort()).toEqual(sessions.sort());
    expect(report.photos).toMatchObject({ relayed: 5, waiting: 0 });
    expect(ended.stdout + ended.stderr).not.toContain(mapillary.env.MAPILLARY_ACCESS_TOKEN);
    expect(ended.exitCode).toBe(0);
  });

  it("takes endpoints with a slash at the end", async () => {
    await using place = await makeWorkplace();
    await using mapillary = await startMapillary();
    await place.write(makeDrive("d", 2));
    const { uploadUrl, url } = mapillary.standIn;
    const args = [
      "--destination",
      "v4",
      "--upload-endpoint",
      `${uploadUrl}/`,
      "--graph-endpoint",
      `${url}//`,
    ];

    const { exitCode } = await relay(["run", "d", "--json", ...args], {
      cwd: place.directory,
      env: mapillary.env,
    });

    expect(exitCode).toBe(0);
    expect(await mapillary.standIn.clusters()).toHaveLength(1);
  });

  it("names photos that were sent and left out of every sequence, with the numbers", async () => {
    await using place = await makeWorkplace();
    await using mapillary = await startMapillary();
    await place.write({
      ...makeDrive("d/parked", 3, { metersApart: 0 }),
      ...makeDrive("d/road", 2, { seed: 1 }),
    });
    const call = { cwd: place.directory, env: mapillary.env };
    const args = ["run", "d", "--state", "kept", ...mapillary.args];

    const told = await relay(args, call);
    const again = await relay([...args, "--json"], call);

    expect(told.stdout).toContain("5 files: 3 relayed, 2 rejected");
    expect(told.stdout).toContain("Sent, and left out of every sequence");
    expect(told.stdout).toMatch(/│ parked\/2\.jpg │ duplicate-position: 0\.00 m from "1\.jpg"/);
    expect(told.stdout).not.toContain("Not relayed");
    expect(rowOf(reportOf(again), "parked/3.jpg")).toMatchObject({
      status: "rejected",
      reasons: [{ code: "duplicate-position" }],
      clusterId: null,
    });
    expect(told.exitCode).toBe(0);
  });

  it("says nothing of bytes when a run finds everything done", async () => {
    await using place = await makeWorkplace();
    await using mapillary = await startMapillary();
    await place.write(makeDrive("d", 2));
    const call = { cwd: place.directory, env: mapillary.env };
    const args = ["run", "d", "--quiet", "--state", "kept", ...mapillary.args];

    const first = await relay(args, call);
    const second = await relay(args, call);

    expect(first.stdout).toMatch(/ sent in /);
    expect(second.stdout).not.toMatch(/sent/);
    expect(second.stdout).toContain("2 files: 2 relayed");
    expect(mapillary.standIn.requests.count("FinishUpload")).toBe(1);
  });

  it("sends each account's photos with its own token", async () => {
    await using place = await makeWorkplace();
    await using mapillary = await startMapillary({ usernames: ["jon", "anna"] });
    const [jon, anna] = mapillary.standIn.users;
    await place.write({
      "fleet.config.ts": `export default { destination: "v4", rules: [{ prefix: "n/", account: "north" }] };`,
      ...makeDrive("d/n", 2),
      ...makeDrive("d/s", 2, { seed: 1 }),
    });

    const { exitCode } = await relay(["run", "d", "--json", ...mapillary.args], {
      cwd: place.directory,
      env: {
        MAPILLARY_ACCESS_TOKEN: jon?.accessToken ?? "",
        MAPILLARY_ACCESS_TOKEN_NORTH: anna?.accessToken ?? "",
        MAPILLARY_UPLOAD_ENDPOINT_NORTH: "overruled, and no URL",
      },
    });

    const clusters = await mapillary.standIn.clusters();
    expect(clusters.map(({ user, images }) => [user, images.length]).sort()).toEqual([
      ["anna", 2],
      ["jon", 2],
    ]);
    expect(exitCode).toBe(0);
  });
});

describe("an account that Mapillary refuses", () => {
  it("is told of before a photo is opened, and its photos wait for the right token", async () => {
    await using place = await makeWorkplace();
    await using mapillary = await startMapillary();
    await place.write(makeDrive("d", 2));
    const args = ["run", "d", "--state", "kept", ...mapillary.args];
    const wrong = { MAPILLARY_ACCESS_TOKEN: "MLY|1|a-wrong-token" };

    const refused = await relay([...args, "--json"], { cwd: place.directory, env: wrong });
    const requests = mapillary.standIn.requests.entries().map(({ operation }) => operation);
    const begun = await readdir(join(place.directory, "kept"));
    const told = await relay(args, { cwd: place.directory, env: wrong });
    const mended = await relay([...args, "--json"], { cwd: place.directory, env: mapillary.env });

    expect(reportOf(refused).photos).toEqual({
      relayed: 0,
      rejected: 0,
      duplicate: 0,
      failed: 0,
      waiting: 2,
    });
    expect(refused.stderr).toContain("The account default is refused");
    expect(refused.stderr).toContain("token-refused");
    expect(refused.exitCode).toBe(1);
    expect(requests).toEqual(["Me"]);
    // Not even the cloud was started.
    expect(begun).toEqual([DESTINATION_FILE]);
    expect(told.stdout).toContain("To do: mend the account's credentials (MAPILLARY_ACCESS_TOKEN)");
    expect(refused.stdout + refused.stderr + told.stdout + told.stderr).not.toContain("a-wrong-token");
    expect(reportOf(mended).photos).toMatchObject({ relayed: 2, waiting: 0 });
    expect(mended.exitCode).toBe(0);
  });

  it("is told of when it does not see the organization that a rule names", async () => {
    await using place = await makeWorkplace();
    await using mapillary = await startMapillary();
    await place.write({
      "fleet.config.ts": `export default { destination: "v4", rules: [{ prefix: "a/", organizationId: "77" }] };`,
      ...makeDrive("d/b", 2),
    });

    const { exitCode, stdout, stderr } = await relay(["run", "d", ...mapillary.args], {
      cwd: place.directory,
      env: mapillary.env,
    });

    expect(stderr).toContain("organization-refused: organization 77");
    expect(stdout.replaceAll("\n", " ")).toContain("let the account's user join the organization");
    expect(exitCode).toBe(1);
  });

  it("is none when Mapillary cannot be asked: that is said, and its photos are tried", async () => {
    await using place = await makeWorkplace();
    await using mapillary = await startMapillary();
    await place.write(makeDrive("d", 1));
    mapillary.standIn.faults.script({
      on: "Me",
      fault: { kind: "answer", when: "before", status: 503, code: "Unavailable" },
    });

    const { exitCode, stderr } = await relay(["run", "d", "--json", ...mapillary.args], {
      cwd: place.directory,
      env: mapillary.env,
    });

    expect(stderr).toContain(
      "Mapillary cannot be asked about the account default now; its photos are tried: ",
    );
    expect(stderr).not.toContain("refused");
    expect(exitCode).toBe(0);
  });
});

describe("a sequence that is left unknown", () => {
  it("is told of with the commands that resolve it", async () => {
    await using place = await makeWorkplace();
    await using mapillary = await startMapillary({ faults: { finish: "500-after" } });
    await place.write(makeDrive("d/trip", 2));
    const call = { cwd: place.directory, env: mapillary.env };

    const { exitCode, stdout } = await relay(["run", "d", "--state", "my state", ...mapillary.args], call);

    const [, id = ""] = /sequence resolve (\S+)/.exec(stdout) ?? [];
    expect(stdout).toMatch(/│ trip +│ 2 +│ unknown: graph-1: /);
    expect(stdout).toContain(`sequence resolve ${id} --state 'my state' --happened CLUSTER_ID\n`);
    expect(stdout).toContain(`sequence resolve ${id} --state 'my state' --again\n`);
    expect(exitCode).toBe(1);
  });

  it("is told of with what that means when nothing is kept", async () => {
    await using place = await makeWorkplace();
    await using mapillary = await startMapillary({ faults: { finish: "lost-after" } });
    await place.write(makeDrive("d", 1));

    const { stdout } = await relay(["run", "d", ...mapillary.args], {
      cwd: place.directory,
      env: mapillary.env,
    });

    expect(stdout.replaceAll("\n", " ")).toContain("nothing of this run is kept");
    expect(stdout).not.toContain("sequence resolve");
  });
});
