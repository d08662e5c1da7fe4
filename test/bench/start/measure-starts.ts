import { globSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { type Bundle, bundleFunction, ROOT } from "./bundle.ts";
import { type Spread, spreadOf } from "./spread.ts";
import { createStart, type StartReport } from "./start-process.ts";
import { type StartServices, startServices } from "./start-services.ts";

/** What was measured of one module over all runs. */
export interface Measured {
  readonly importMs: Spread;
  readonly importCpuMs: Spread;
  /** Resident right after the import, in bytes. */
  readonly rssBytes: Spread;
}

/** One function of `functions/`. */
export interface MeasuredFunction extends Measured, Omit<Bundle, "file"> {
  readonly name: string;
  readonly exportsHandler: boolean;
  /** The first call in a process, and how much longer it took than the second; absent where none was made. */
  readonly firstCall?: { readonly ms: Spread; readonly extraMs: Spread };
}

/** What a start bench came to. */
export interface StartMeasurement {
  readonly runs: number;
  /** An empty module, started in the same rounds. */
  readonly baseline: Measured;
  readonly functions: readonly MeasuredFunction[];
}

/** What was timed is not what a function does when it goes well. */
export class CallFailedError extends Error {
  override readonly name = "CallFailedError";
}

/** Who is called with what; a function that is not here is imported and not called. */
const TWO_CALLS: Readonly<Record<string, (services: StartServices) => Promise<unknown[]>>> = {
  relay: async ({ newPhotoEvent }) => [await newPhotoEvent(), await newPhotoEvent()],
  "dead-letter": async ({ newPhotoEvent }) => [await newPhotoEvent(), await newPhotoEvent()],
  "close-sequences": async () => [{}, {}],
};

/** Names of all functions there are. */
export function functionNames(): string[] {
  return globSync("functions/*.ts", { cwd: ROOT })
    .map((path) => basename(path, ".ts"))
    .sort();
}

/**
 * Bundles every function and starts each in `runs` fresh processes, in rounds: nothing, A, B, C, nothing, A, B, C …
 *
 * @throws {CallFailedError} when a call did not go well; and what esbuild or a process throws
 */
export async function measureStarts(runs: number): Promise<StartMeasurement> {
  await using services = await startServices();
  const start = await createStart(services.directory);
  const empty = join(services.directory, "empty.mjs");
  await writeFile(empty, "export {};\n");
  const subjects: { name: string; bundle: Bundle; reports: StartReport[] }[] = [];
  for (const name of functionNames()) {
    subjects.push({ name, bundle: await bundleFunction(name, services.directory), reports: [] });
  }
  const baseline: StartReport[] = [];
  const { environment } = services;
  for (let run = 0; run < runs; run += 1) {
    baseline.push(await start({ file: empty, environment }));
    for (const { name, bundle, reports } of subjects) {
      const events = (await TWO_CALLS[name]?.(services)) ?? [];
      const report = await start({ file: bundle.file, environment, events });
      if (report.returned > 0) throw new CallFailedError(`${name} gave back what it was called with`);
      reports.push(report);
    }
  }
  const [arrived, sent] = [await services.countArrived(), callsOfRelay(subjects)];
  if (arrived !== sent)
    throw new CallFailedError(`relay was called for ${sent} photos, and ${arrived} arrived`);
  return {
    runs,
    baseline: measured(baseline),
    functions: subjects.map(({ name, bundle: { file, ...bundle }, reports }) => ({
      name,
      ...bundle,
      ...measured(reports),
      exportsHandler: reports.every(({ exportsHandler }) => exportsHandler),
      ...callsOf(reports),
    })),
  };
}

function callsOfRelay(subjects: readonly { name: string; reports: readonly StartReport[] }[]): number {
  return subjects
    .filter(({ name }) => name === "relay")
    .flatMap(({ reports }) => reports.flatMap(({ invocationsMs }) => invocationsMs)).length;
}

function measured(reports: readonly StartReport[]): Measured {
  return {
    importMs: spreadOf(reports.map(({ importMs }) => importMs)),
    importCpuMs: spreadOf(reports.map(({ importCpuMs }) => importCpuMs)),
    rssBytes: spreadOf(reports.map(({ rssBytes }) => rssBytes)),
  };
}

function callsOf(reports: readonly StartReport[]): Pick<MeasuredFunction, "firstCall"> {
  const pairs = reports.flatMap(({ invocationsMs: [first, second] }) =>
    first === undefined || second === undefined ? [] : [{ first, second }],
  );
  if (pairs.length === 0) return {};
  return {
    firstCall: {
      ms: spreadOf(pairs.map(({ first }) => first)),
      extraMs: spreadOf(pairs.map(({ first, second }) => first - second)),
    },
  };
}
