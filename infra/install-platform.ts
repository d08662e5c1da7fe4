/**
 * Brings the part of SST that programs are written and checked against: `.sst/platform`, some 320 MB from the npm
 * registry. `sst` itself does so before it deploys; this is for type checks and tests, which need no account.
 *
 *     node infra/install-platform.ts
 */
import { spawn } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

const ROOT = join(import.meta.dirname, "..");

/** Says which version was installed, whole. */
const STAMP = join(ROOT, ".sst/installed");

/** Installs the platform unless that of the `sst` in node_modules is there. @throws when it cannot be had */
export async function installPlatform(): Promise<void> {
  const { version } = JSON.parse(await readFile(join(ROOT, "node_modules/sst/package.json"), "utf8"));
  const installed = await readFile(STAMP, "utf8").catch(() => "");
  if (installed === version) return;
  process.stderr.write(
    `Installing the platform of SST ${version} into .sst, once; this takes about a minute.\n`,
  );
  await runSst("install", "--stage", "none");
  await writeFile(STAMP, version);
}

/**
 * Without these `sst` would download Pulumi and Bun first, which only deployments need. They are not documented:
 * found in the source of SST 4.17.
 */
const OFFLINE = { SST_SKIP_DEPENDENCY_CHECK: "1", NO_BUN: "1", SST_TELEMETRY_DISABLED: "1" };

async function runSst(...args: readonly string[]): Promise<void> {
  const sst = spawn(process.execPath, [join(ROOT, "node_modules/sst/bin/sst.mjs"), ...args], {
    cwd: ROOT,
    env: { ...process.env, ...OFFLINE },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const printed: string[] = [];
  for (const stream of [sst.stdout, sst.stderr]) stream.on("data", (text) => printed.push(String(text)));
  const code = await new Promise((resolve, reject) => sst.once("error", reject).once("close", resolve));
  if (code !== 0) throw new Error(`sst ${args.join(" ")} ended with ${code}:\n${printed.join("")}`);
}

if (import.meta.main) await installPlatform();
