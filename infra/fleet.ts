import { access } from "node:fs/promises";
import { join } from "node:path";
import { build } from "esbuild";
import { type Fleet, readFleet } from "../lib/config/fleet.ts";
import { VisibleError } from "./visible-error.ts";

/** Where the fleet's configuration stands, in the root of the project. */
export const FLEET_FILE = "fleet.config.ts";

const EXAMPLE = `import { defineFleet } from "./lib/config/fleet.ts";

export default defineFleet({
  destination: "bucket",
});
`;

/**
 * Reads the fleet's configuration before anything is created.
 *
 * It is built first and not imported as it is: the process in which Pulumi runs this has a loader of its own for
 * TypeScript, which checks types with another compiler and other settings than ours.
 *
 * @param root the project's
 * @throws {VisibleError} with what to write when there is none, and with every problem when it is wrong
 */
export async function loadFleet(root: string): Promise<Fleet> {
  const file = join(root, FLEET_FILE);
  if (!(await isThere(file))) {
    throw new VisibleError(`${FLEET_FILE} is missing. Write one, next to sst.config.ts:\n\n${EXAMPLE}`);
  }
  const code = await buildModule(file);
  try {
    const { default: fleet } = await import(`data:text/javascript;base64,${code.toString("base64")}`);
    return readFleet(fleet);
  } catch (error) {
    throw new VisibleError(`${FLEET_FILE}: ${tell(error)}`);
  }
}

async function isThere(file: string): Promise<boolean> {
  return await access(file).then(
    () => true,
    () => false,
  );
}

async function buildModule(file: string): Promise<Buffer> {
  const options = {
    bundle: true,
    format: "esm",
    platform: "node",
    write: false,
    logLevel: "silent",
  } as const;
  try {
    const { outputFiles } = await build({ ...options, entryPoints: [file] });
    return Buffer.from(outputFiles[0]?.contents ?? []);
  } catch (error) {
    throw new VisibleError(`${FLEET_FILE} cannot be built: ${tell(error)}`);
  }
}

/** The file has its own copy of our error's class, built into it. */
function tell(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.name === "FleetConfigError" ? error.message : `${error.name}: ${error.message}`;
}
