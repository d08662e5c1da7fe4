import { spawnSync } from "node:child_process";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { LOCK_FILE, lockStateDirectory } from "../../cli/state-lock.ts";
import { UsageError } from "../../cli/usage-error.ts";
import { makeWorkplace } from "./program.ts";

/** The id of a process that is over. */
function deadProcessId(): number {
  return spawnSync(process.execPath, ["--version"]).pid;
}

describe("the lock of a state directory", () => {
  it("makes the directory, names its process, and leaves nothing behind when it is given back", async () => {
    await using place = await makeWorkplace();
    const directory = join(place.directory, "a", "b");

    const unlock = await lockStateDirectory(directory);
    const held = await readFile(join(directory, LOCK_FILE), "utf8");
    const filesHeld = await readdir(directory);
    await unlock();

    expect(held).toBe(`${process.pid}\n`);
    expect(filesHeld).toEqual([LOCK_FILE]);
    expect(await readdir(directory)).toEqual([]);
  });

  it("refuses while another process has it", async () => {
    await using place = await makeWorkplace();
    await writeFile(join(place.directory, LOCK_FILE), `${process.ppid}\n`);

    const refused = lockStateDirectory(place.directory);

    await expect(refused).rejects.toThrow(UsageError);
    await expect(refused).rejects.toThrow(`in use by process ${process.ppid}`);
    expect(await readdir(place.directory)).toEqual([LOCK_FILE]);
  });

  it.each([
    ["of a process that is over", () => `${deadProcessId()}\n`],
    ["of an earlier process with our id", () => `${process.pid}\n`],
    ["that names no process", () => "?"],
    ["that is empty", () => ""],
  ])("takes over a lock %s", async (_what, content) => {
    await using place = await makeWorkplace();
    await writeFile(join(place.directory, LOCK_FILE), content());

    await lockStateDirectory(place.directory);

    expect(await readFile(join(place.directory, LOCK_FILE), "utf8")).toBe(`${process.pid}\n`);
    expect(await readdir(place.directory)).toEqual([LOCK_FILE]);
  });
});
