import { spawnSync } from "node:child_process";
import { symlink } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { growPhoto, makePhoto } from "../../sandbox/photo-maker.ts";
import { jfifSegment } from "../../sandbox/photo-maker-jpeg.ts";
import { makeWorkplace, relay } from "./program.ts";

const GOOD = makePhoto({ latitudeDeg: 55.7, longitudeDeg: -13.25, headingDeg: 90 });
const NO_GPS = makePhoto({ latitudeDeg: null, longitudeDeg: null });
const NO_EXIF_PHOTO = makePhoto({ segments: () => [jfifSegment()] });

describe("relay check", () => {
  it("prints one JSON line per file with the position and time of the photo", async () => {
    await using place = await makeWorkplace();
    await place.write({ "a/good.jpg": GOOD });

    const { exitCode, stdout, stderr } = await relay(["check", "a", "--json"], { cwd: place.directory });

    expect(JSON.parse(stdout)).toMatchObject({
      file: "a/good.jpg",
      verdict: "accept",
      reasons: [],
      warnings: [],
      latitude: 55.7,
      longitude: -13.25,
      capturedAt: "2024-05-01T10:00:00.000Z",
      headingDeg: 90,
    });
    expect(stderr).toBe("");
    expect(exitCode).toBe(0);
  });

  it("ends with 1 when a file is rejected and names every reason", async () => {
    await using place = await makeWorkplace();
    await place.write({ "good.jpg": GOOD, "bad.jpg": NO_GPS, "empty.jpg": "", "note.txt": "no photo" });

    const { exitCode, stdout } = await relay(["check", ".", "--json"], { cwd: place.directory });

    const verdicts = linesOf(stdout).map(({ file, verdict, reasons }) => [file, verdict, codesOf(reasons)]);
    expect(verdicts).toEqual([
      [
        "bad.jpg",
        "reject",
        ["latitude-missing", "latitude-ref-missing", "longitude-missing", "longitude-ref-missing"],
      ],
      ["empty.jpg", "reject", ["empty"]],
      ["good.jpg", "accept", []],
      ["note.txt", "reject", ["not-jpeg"]],
    ]);
    expect(exitCode).toBe(1);
  });

  it("shows a person one reason for a photo without EXIF, and a program all of them", async () => {
    await using place = await makeWorkplace();
    await place.write({ "stripped.jpg": NO_EXIF_PHOTO });

    const told = await relay(["check", "stripped.jpg"], { cwd: place.directory });
    const written = await relay(["check", "stripped.jpg", "--json"], { cwd: place.directory });

    expect(told.stdout).toContain("✗ stripped.jpg\n    no-exif: ");
    expect(told.stdout).not.toContain("-missing");
    expect(told.stdout).toContain("1 file: 0 would be relayed, 1 rejected");
    expect(codesOf(JSON.parse(written.stdout).reasons)).toHaveLength(6);
  });

  it("warns of a photo that was cut short, of whatever size", async () => {
    await using place = await makeWorkplace();
    const long = growPhoto(GOOD, 300_000);
    await place.write({ "cut.jpg": long.subarray(0, -1), "whole.jpg": long });

    const { stdout } = await relay(["check", "cut.jpg", "whole.jpg", "--json"], { cwd: place.directory });

    expect(linesOf(stdout).map(({ warnings }) => codesOf(warnings))).toEqual([["end-mark-missing"], []]);
  });

  it("applies the rules of fleet.config.ts by the path below the folder", async () => {
    await using place = await makeWorkplace();
    const zone = { center: [55.7, -13.25], radiusMeters: 50 };
    const config = { destination: "bucket", rules: [{ prefix: "home/", privacyZones: [zone] }] };
    await place.write({
      "fleet.config.ts": `export default ${JSON.stringify(config)};`,
      "day/home/a.jpg": GOOD,
      "day/away/a.jpg": GOOD,
    });

    const { stdout } = await relay(["check", "day", "--json"], { cwd: place.directory });

    const found = linesOf(stdout).map(({ file, reasons }) => [file, codesOf(reasons)]);
    expect(found).toEqual([
      ["day/away/a.jpg", []],
      ["day/home/a.jpg", ["privacy-zone"]],
    ]);
  });

  it("names every path that is not there, and checks nothing", async () => {
    await using place = await makeWorkplace();
    await place.write({ "good.jpg": GOOD });

    const { exitCode, stdout, stderr } = await relay(["check", "nowhere", "good.jpg", "gone.jpg"], {
      cwd: place.directory,
    });

    expect(stderr).toContain("nowhere: there is no such file or folder");
    expect(stderr).toContain("gone.jpg: there is no such file or folder");
    expect(stdout).toBe("");
    expect(exitCode).toBe(2);
  });

  it("ends with 2 where there is no file to check", async () => {
    await using place = await makeWorkplace();
    await place.write({ ".DS_Store": "x", "a/Thumbs.db": "x", ".thumbnails/a.jpg": GOOD });

    const { exitCode, stderr } = await relay(["check", "."], { cwd: place.directory });

    expect(stderr).toContain("no file to check in .");
    expect(exitCode).toBe(2);
  });

  it("tells of a file that cannot be read, checks the others, and ends with 2", async () => {
    await using place = await makeWorkplace();
    await place.write({ "good.jpg": GOOD });
    await symlink("nothing-there", join(place.directory, "broken.jpg"));
    spawnSync("mkfifo", [join(place.directory, "pipe.jpg")]);

    const { exitCode, stdout, stderr } = await relay(["check", ".", "--json"], { cwd: place.directory });

    expect(linesOf(stdout).map(({ file }) => file)).toEqual(["good.jpg"]);
    expect(stderr).toContain("error: broken.jpg cannot be read");
    expect(stderr).toContain("error: pipe.jpg cannot be read: it is not a regular file");
    expect(exitCode).toBe(2);
  });

  it("lets no file name write to the terminal", async () => {
    await using place = await makeWorkplace();
    await place.write({ "\u001b[2Jred\n✓ fake.jpg": "x" });

    const { stdout } = await relay(["check", "."], { cwd: place.directory });

    expect(stdout.split("\n")[0]).toBe("✗ \\x1b[2Jred\\x0a✓ fake.jpg");
    expect(stdout).not.toContain("\u001b");
  });
});

interface Line {
  readonly file: string;
  readonly verdict: string;
  readonly reasons: readonly { readonly code: string }[];
  readonly warnings: readonly { readonly code: string }[];
}

function linesOf(stdout: string): Line[] {
  return stdout
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
}

function codesOf(findings: readonly { readonly code: string }[]): string[] {
  return findings.map(({ code }) => code).sort();
}
