import { mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { HOME_PREFIX, OWNER_FILE } from "../../sandbox/cloud-home.ts";
import { makePhoto } from "../../sandbox/photo-maker.ts";
import { makeWorkplace, relay, startRelay } from "./program.ts";

it("takes away at the next run what a run left behind that was ended at once", async () => {
  await using place = await makeWorkplace();
  const temporary = join(place.directory, "tmp");
  await mkdir(temporary);
  await place.write({ "d/1.jpg": makePhoto() });
  const call = { cwd: place.directory, env: { TMPDIR: temporary } };

  const killed = startRelay(["sandbox", "--json"], call);
  const notes = async () => (await readdir(temporary, { recursive: true })).filter(isNote);
  await expect.poll(notes, { timeout: 10_000 }).toHaveLength(1);
  killed.child.kill("SIGKILL");
  await killed.ended;
  const left = await notes();
  const { exitCode } = await relay(["run", "d", "--quiet"], call);

  expect(left).toHaveLength(1);
  expect(exitCode).toBe(0);
  expect((await readdir(temporary)).filter((name) => name.startsWith(HOME_PREFIX))).toEqual([]);
});

function isNote(path: string): boolean {
  return path.startsWith(HOME_PREFIX) && path.endsWith(`/${OWNER_FILE}`);
}
