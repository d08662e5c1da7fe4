import { execFile } from "node:child_process";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { promisify } from "node:util";
import type { TestProject } from "vitest/node";
import { installPlatform } from "../../infra/install-platform.ts";
import { buildProgram, ROOT, removeProgram } from "./engine/program.ts";
// For what it declares of vitest's own types.
import type {} from "./engine/synth.ts";

/** Before the tests: SST's platform, the deployment's program, and the functions, each once for all of them. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  await installPlatform();
  const directory = await mkdtemp(join(tmpdir(), "relay-infra-"));
  const functionsFolder = join(directory, "functions");
  const [program] = await Promise.all([
    buildProgram(join(ROOT, "sst.config.ts"), `synth-${process.pid}`),
    buildFunctions(functionsFolder),
  ]);
  project.provide("prepared", { program, functionsFolder, compileCache: join(directory, "compiled") });
  return async () => {
    await removeProgram(program);
    await rm(directory, { recursive: true });
  };
}

async function buildFunctions(folder: string): Promise<void> {
  const files = await readdir(join(ROOT, "functions"));
  const names = files.map((file) => basename(file, ".ts"));
  await promisify(execFile)(process.execPath, [join(ROOT, "infra/build-functions.ts"), folder, ...names]);
}
