import { spawnSync } from "node:child_process";
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { HOME_PREFIX, OWNER_FILE, openTemporaryHome } from "../../sandbox/cloud-home.ts";
import { fillBucket, openCloud } from "./cloud-for-test.ts";

/** A directory of temporary files that is this test's alone. */
let temporary: string;
beforeEach(async () => {
  temporary = await mkdtemp(join(tmpdir(), "home-test-"));
  vi.stubEnv("TMPDIR", temporary);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(temporary, { recursive: true });
});

/** The id of a process that was, and is no more. */
function deadPid(): number {
  return spawnSync(process.execPath, ["--version"]).pid;
}

async function leaveBehind(name: string, owner: string | undefined): Promise<string> {
  const home = join(temporary, name);
  await mkdir(join(home, "content", "table"), { recursive: true });
  await writeFile(join(home, "content", "table", "000001.log"), "rows");
  if (owner !== undefined) await writeFile(join(home, OWNER_FILE), owner);
  return home;
}

describe("a temporary home", () => {
  it("is an empty directory, noted down as this process's, and gone when it is closed", async () => {
    const home = await openTemporaryHome();
    const [name = ""] = await readdir(temporary);
    const owner = await readFile(join(temporary, name, OWNER_FILE), "utf8");
    const content = await readdir(home.directory);
    await writeFile(join(home.directory, "file"), "x");
    await home.close();

    expect(name).toMatch(new RegExp(`^${HOME_PREFIX}`));
    expect(owner).toBe(`${process.pid} ${hostname()}\n`);
    expect(content).toEqual([]);
    expect(await readdir(temporary)).toEqual([]);
  });

  it("removes what a process left behind that is no more", async () => {
    await leaveBehind(`${HOME_PREFIX}dead`, `${deadPid()} ${hostname()}\n`);

    const home = await openTemporaryHome();
    await home.close();

    expect(await readdir(temporary)).toEqual([]);
  });

  it.each([
    ["of a process that lives", `${HOME_PREFIX}alive`, () => `${process.ppid} ${hostname()}\n`],
    ["of this process", `${HOME_PREFIX}own`, () => `${process.pid} ${hostname()}\n`],
    ["of another machine", `${HOME_PREFIX}other`, () => `${deadPid()} not-${hostname()}\n`],
    ["without a note", `${HOME_PREFIX}nobody`, () => undefined],
    ["with an empty note", `${HOME_PREFIX}empty`, () => ""],
    ["with a note of something else", `${HOME_PREFIX}odd`, () => `-1 ${hostname()}\n`],
    ["of another name", "mapillary-tools-dead", () => `${deadPid()} ${hostname()}\n`],
  ])("leaves a directory %s alone", async (_what, name, owner) => {
    const other = await leaveBehind(name, owner());

    const home = await openTemporaryHome();
    await home.close();

    expect(await readFile(join(other, "content", "table", "000001.log"), "utf8")).toBe("rows");
  });

  it("follows no link", async () => {
    const target = await leaveBehind("photos", `${deadPid()} ${hostname()}\n`);
    await symlink(target, join(temporary, `${HOME_PREFIX}link`));

    const home = await openTemporaryHome();
    await home.close();

    expect(await readFile(join(target, "content", "table", "000001.log"), "utf8")).toBe("rows");
  });
});

describe("the embedded cloud without a state directory", () => {
  it("leaves nothing behind, and takes away what a run before it left", async () => {
    await leaveBehind(`${HOME_PREFIX}dead`, `${deadPid()} ${hostname()}\n`);

    const { cloud } = await openCloud(await fillBucket(["a/1.jpg"]));
    const during = await readdir(temporary);
    await cloud.stop();

    expect(during).toHaveLength(1);
    expect(await readdir(temporary)).toEqual([]);
  });
});
