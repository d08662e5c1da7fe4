import { describe, expect, it } from "vitest";
import { runChild } from "./child.ts";

const SCRIPT = new URL("./memory.child.ts", import.meta.url);
const FLAGS = ["--expose-gc", "--max-old-space-size=256"];

describe("memory", () => {
  it("grows neither with the number of photos nor with the length of one", async () => {
    const grown = (await runChild(SCRIPT, FLAGS, {})) as {
      grownBytes: number;
      longPhotoBytes: number;
    };

    // exifr alone keeps 6.8 KB of each call whose options are a fresh object: 6.8 MB here.
    expect(grown.grownBytes).toBeLessThan(500_000);
    expect(grown.longPhotoBytes).toBeLessThan(2 * 2 ** 20);
  });
});
