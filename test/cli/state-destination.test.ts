import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { DESTINATION_FILE, type KeptDestination, keepDestination } from "../../cli/state-destination.ts";
import { makeWorkplace } from "./program.ts";

const KINDS: readonly KeptDestination[] = [
  { lane: "bucket", at: "stand-in" },
  { lane: "bucket", at: "elsewhere" },
  { lane: "v4", at: "stand-in" },
  { lane: "v4", at: "elsewhere" },
];

describe("where a state directory's photos went", () => {
  it.each(KINDS)("is noted by the first run, and holds for every further one: %j", async (first) => {
    await using place = await makeWorkplace();

    await keepDestination(place.directory, first);
    await keepDestination(place.directory, first);
    const others = KINDS.filter((kind) => kind !== first);
    const refused = await Promise.allSettled(others.map((kind) => keepDestination(place.directory, kind)));

    expect(refused.map(({ status }) => status)).toEqual(["rejected", "rejected", "rejected"]);
    await expect(keepDestination(place.directory, first)).resolves.toBeUndefined();
  });

  it("is said when another run wants to go elsewhere", async () => {
    await using place = await makeWorkplace();
    await keepDestination(place.directory, { lane: "v4", at: "stand-in" });

    await expect(keepDestination(place.directory, { lane: "v4", at: "elsewhere" })).rejects.toThrow(
      `keeps what was relayed to the stand-in on this machine over v4, and this run would relay to somebody else's endpoint over v4`,
    );
  });

  it.each(["", "null", "[1", '{"lane":"ftp"}'])(
    "is noted anew over a note that is none: %j",
    async (text) => {
      await using place = await makeWorkplace();
      const file = join(place.directory, DESTINATION_FILE);
      await writeFile(file, text);

      await keepDestination(place.directory, { lane: "v4", at: "elsewhere" });

      expect(JSON.parse(await readFile(file, "utf8"))).toEqual({ lane: "v4", at: "elsewhere" });
    },
  );
});
