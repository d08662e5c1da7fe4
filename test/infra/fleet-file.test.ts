import { mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { loadFleet } from "../../infra/fleet.ts";
import { VisibleError } from "../../infra/visible-error.ts";
import { readFleet } from "../../lib/config/fleet.ts";
import { FULL_FLEET, fleetFile } from "./fleets.ts";

let root: string;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "relay-fleet-"));
  await symlink(join(import.meta.dirname, "../../lib"), join(root, "lib"));
});

afterEach(async () => {
  await rm(root, { recursive: true });
});

describe("fleet.config.ts", () => {
  it("is read with every default filled in", async () => {
    await write(fleetFile(FULL_FLEET));

    expect(await loadFleet(root)).toEqual(readFleet(FULL_FLEET));
  });

  it("may do without our import, and be more than a literal", async () => {
    await write(
      `import { hostname } from "node:os";\nconst vans: string[] = ["a", "b"];\n` +
        `export default { destination: "bucket", vehicles: vans, maxWorkers: hostname().length > 0 ? 5 : 6 };`,
    );

    expect(await loadFleet(root)).toMatchObject({ vehicles: ["a", "b"], maxWorkers: 5 });
  });

  it("is asked for when it is missing", async () => {
    await expect(loadFleet(root)).rejects.toThrow(VisibleError);
    await expect(loadFleet(root)).rejects.toThrow(
      /^fleet\.config\.ts is missing\. Write one.*export default defineFleet\(\{\n {2}destination: "bucket",\n\}\);/s,
    );
  });

  it.each([
    [
      `export default { destination: "bucket", color: 1 };`,
      /^fleet\.config\.ts: .*Unrecognized key: "color"/s,
    ],
    ["export const fleet = {};", /^fleet\.config\.ts: .*fleet: /s],
    ["export default defineFleet({", /^fleet\.config\.ts cannot be built: .*fleet\.config\.ts:1:28/s],
    [`import "./not-there.ts";`, /^fleet\.config\.ts cannot be built: .*not-there/s],
    [`throw new RangeError("mine");`, /^fleet\.config\.ts: RangeError: mine/],
  ])("is refused, with the reason: %s", async (text, message) => {
    await write(text);

    await expect(loadFleet(root)).rejects.toThrow(VisibleError);
    await expect(loadFleet(root)).rejects.toThrow(message);
  });
});

async function write(text: string): Promise<void> {
  await writeFile(join(root, "fleet.config.ts"), text);
}
