import { symlink } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { makePhoto } from "../../sandbox/photo-maker.ts";
import { makeWorkplace, relay } from "./program.ts";

const TINY_PNG = Buffer.from("89504e470d0a1a0a0000000d49484452", "hex");

describe("relay run", () => {
  it("accounts for every file of a folder in one JSON object", async () => {
    await using place = await makeWorkplace();
    await place.write({
      "day/van/trip/1.jpg": makePhoto({ seed: 1, latitudeDeg: 55.7, longitudeDeg: 13.2, headingDeg: 45 }),
      "day/van/trip/2.JPG": makePhoto({ seed: 2 }),
      "day/top.jpg": makePhoto({ seed: 3 }),
      "day/copy of 2.jpg": makePhoto({ seed: 2 }),
      "day/no-gps.jpg": makePhoto({ latitudeDeg: null, longitudeDeg: null }),
      "day/logo.png": TINY_PNG,
      "day/empty.jpg": "",
      "day/.DS_Store": "tool",
      "day/van/Thumbs.db": "tool",
      "day/van/trip/_DONE": "",
    });

    const { exitCode, stdout } = await relay(["run", "day", "--json"], { cwd: place.directory });

    const report = JSON.parse(stdout);
    expect(report.photos).toEqual({ relayed: 3, rejected: 3, duplicate: 1, failed: 0, waiting: 0 });
    expect(report.rows.map(({ key }: { key: string }) => key)).toEqual([
      "copy of 2.jpg",
      "empty.jpg",
      "logo.png",
      "no-gps.jpg",
      "top.jpg",
      "van/trip/1.jpg",
      "van/trip/2.JPG",
    ]);
    expect(rowOf(report, "van/trip/1.jpg")).toMatchObject({
      status: "published",
      reasons: [],
      track: "van/trip",
      latitude: 55.7,
      longitude: 13.2,
      headingDeg: 45,
      capturedAt: "2024-05-01T10:00:00.000Z",
      attempts: 1,
      error: null,
    });
    expect(rowOf(report, "logo.png")).toMatchObject({
      status: "rejected",
      reasons: [{ code: "not-jpeg", message: expect.stringContaining("expected a JPEG") }],
      sequenceId: null,
      destinationKey: null,
    });
    expect(rowOf(report, "empty.jpg").reasons).toMatchObject([{ code: "empty" }]);
    const twins = [rowOf(report, "copy of 2.jpg"), rowOf(report, "van/trip/2.JPG")];
    const duplicate = twins.find(({ status }) => status === "duplicate");
    const original = twins.find(({ status }) => status === "published");
    expect(duplicate?.duplicateOf).toBe(original?.key);
    expect(exitCode).toBe(0);
  });

  it("gives each track a sequence of its own, under which its photos arrive", async () => {
    await using place = await makeWorkplace();
    const photos = [1, 2, 3].map((seed) => makePhoto({ seed }));
    const [first = "", second = "", third = ""] = photos;
    await place.write({ "d/a/1.jpg": first, "d/a/2.jpg": second, "d/b/1.jpg": third });

    const { stdout } = await relay(["run", "d", "--json", "--destination", "bucket"], {
      cwd: place.directory,
    });

    const report = JSON.parse(stdout);
    const [a, b] = report.sequences;
    expect(report.sequences).toEqual([
      { id: a.id, track: "a", photos: 2, status: "published", clusters: [], note: null },
      { id: b.id, track: "b", photos: 1, status: "published", clusters: [], note: null },
    ]);
    expect(a.id).not.toBe(b.id);
    expect(rowOf(report, "a/1.jpg")).toMatchObject({
      sequenceId: a.id,
      destinationKey: `default/${a.id}/1.jpg`,
    });
    expect(rowOf(report, "b/1.jpg")).toMatchObject({
      sequenceId: b.id,
      destinationKey: `default/${b.id}/1.jpg`,
    });
  });

  it("ends well when a holiday's photos have no position, and names each with its reasons", async () => {
    await using place = await makeWorkplace();
    const noGps = { latitudeDeg: null, longitudeDeg: null };
    await place.write({
      "holiday/beach.jpg": makePhoto({ ...noGps, seed: 1 }),
      "holiday/\u001b[31mhotel.jpg": makePhoto({ ...noGps, seed: 2, takenAt: null }),
    });

    const { exitCode, stdout } = await relay(["run", "holiday"], { cwd: place.directory });

    expect(stdout).toContain("2 files: 0 relayed, 2 rejected, 0 duplicate, 0 failed");
    expect(stdout).toMatch(/beach\.jpg +│ rejected │ /);
    expect(stdout).toMatch(/\\x1b\[31mhotel\.jpg +│ rejected │ /);
    expect(stdout).toMatch(/latitude-missing.*: not in its EXIF/);
    expect(stdout).toContain("date-missing");
    expect(stdout).not.toContain("\u001b");
    expect(stdout).not.toContain("Sequences");
    expect(exitCode).toBe(0);
  });

  it("ends with 1 for a file that cannot be read, and relays the others", async () => {
    await using place = await makeWorkplace();
    await place.write({ "d/good.jpg": makePhoto() });
    await symlink("nothing-there", join(place.directory, "d/broken.jpg"));

    const { exitCode, stdout } = await relay(["run", "d", "--json"], { cwd: place.directory });

    const report = JSON.parse(stdout);
    expect(report.photos).toMatchObject({ relayed: 1, failed: 1 });
    expect(rowOf(report, "broken.jpg")).toMatchObject({
      status: "failed",
      error: { code: "unreadable", message: expect.stringContaining("leads nowhere") },
    });
    expect(exitCode).toBe(1);
  });

  it.each([
    ["an empty folder", {}],
    ["a folder of tools' files", { "d/.DS_Store": "x", "d/sub/.hidden/a.jpg": makePhoto() }],
  ])("says that there is nothing to relay in %s, and ends well", async (_what, files) => {
    await using place = await makeWorkplace();
    await place.write({ "d/.keep": "", ...files });

    const { exitCode, stdout, stderr } = await relay(["run", "d", "--json"], { cwd: place.directory });

    expect(stderr).toContain("There is nothing to relay in d");
    expect(JSON.parse(stdout)).toEqual({
      photos: { relayed: 0, rejected: 0, duplicate: 0, failed: 0, waiting: 0 },
      sequences: [],
      rows: [],
    });
    expect(exitCode).toBe(0);
  });

  it("heeds fleet.config.ts: its rules, its track pattern and its approval", async () => {
    await using place = await makeWorkplace();
    await place.write({
      "fleet.config.ts": `export default {
        destination: "bucket", approve: "by-hand", track: "{vehicle}/", duplicates: "send",
        rules: [{ prefix: "van/private/", skip: true }],
      };`,
      "d/van/mon/1.jpg": makePhoto({ seed: 1 }),
      "d/van/tue/1.jpg": makePhoto({ seed: 1 }),
      "d/van/private/1.jpg": makePhoto({ seed: 2 }),
    });

    const { exitCode, stdout } = await relay(["run", "d", "--json"], { cwd: place.directory });

    const report = JSON.parse(stdout);
    expect(report.sequences).toMatchObject([{ track: "van", photos: 2, status: "held" }]);
    expect(rowOf(report, "van/private/1.jpg").reasons).toMatchObject([{ code: "skipped-by-rule" }]);
    expect(exitCode).toBe(0);
  });

  it("relays the sample drive when no folder is named", async () => {
    await using place = await makeWorkplace();

    const { exitCode, stdout, stderr } = await relay(["run"], { cwd: place.directory });

    expect(stderr).toContain("the sample drive");
    expect(stdout).toContain("42 files: 35 relayed, 6 rejected, 1 duplicate, 0 failed");
    expect(exitCode).toBe(0);
  });
});

interface Row {
  readonly key: string;
  readonly status: string;
  readonly duplicateOf: string | null;
  readonly reasons: readonly unknown[];
}

function rowOf(report: { readonly rows: readonly Row[] }, key: string): Row {
  const row = report.rows.find((candidate) => candidate.key === key);
  if (row === undefined) throw new Error(`the report has no row for ${key}`);
  return row;
}
