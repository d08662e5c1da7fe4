import { execFile } from "node:child_process";
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { VisibleError } from "./visible-error.ts";

/** What Lambda calls in a folder. */
export const ENTRY = "index.handler";

/**
 * Bundles the functions as the tests and benchmarks have them, and puts the fleet's configuration beside each: one
 * with many privacy zones outgrows the 4 KB that a function's environment may have.
 *
 * @param names of their files in `functions/`
 * @returns a folder that is ready to be zipped for each, by its name
 * @throws {VisibleError} with what the bundler says
 */
export async function makeFunctionFolders(
  names: readonly string[],
  fleetJson: string,
): Promise<ReadonlyMap<string, string>> {
  const parent = join($cli.paths.work, "functions");
  await rm(parent, { recursive: true, force: true });
  const program = join($cli.paths.root, "infra/build-functions.ts");
  try {
    await promisify(execFile)(process.execPath, [program, parent, ...names]);
  } catch (error) {
    const { stderr } = error as { stderr?: string };
    throw new VisibleError(`the functions cannot be bundled: ${stderr || error}`);
  }
  const folders = new Map(names.map((name) => [name, join(parent, name)]));
  for (const [name, folder] of folders) {
    await writeFile(join(folder, "fleet.mjs"), `process.env.FLEET = ${JSON.stringify(fleetJson)};\n`);
    // In this order: the function reads its environment as soon as it is loaded.
    await writeFile(
      join(folder, "index.mjs"),
      `import "./fleet.mjs";\nexport { handler } from "./${name}.mjs";\n`,
    );
  }
  return folders;
}
