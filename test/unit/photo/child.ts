import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const run = promisify(execFile);

/** What a script prints as JSON, run by itself under Node with the given flags and environment. */
export async function runChild(
  script: URL,
  flags: readonly string[],
  env: Record<string, string>,
): Promise<unknown> {
  const args = [...flags, fileURLToPath(script)];
  const { stdout } = await run(process.execPath, args, { env: { ...process.env, ...env } });
  return JSON.parse(stdout);
}
