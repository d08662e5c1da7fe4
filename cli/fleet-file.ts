import { access } from "node:fs/promises";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { type Fleet, FleetConfigError, readFleet } from "../lib/config/fleet.ts";
import { UsageError } from "./usage-error.ts";

/** What is looked for in the working directory when no file is named. */
export const FLEET_FILE = "fleet.config.ts";

/** A fleet without a configuration of its own. */
export function defaultFleet(destination: Fleet["destination"] = "bucket"): Fleet {
  return readFleet({ destination });
}

/** Reads a fleet's configuration as {@link findFleet} does; the defaults where there is none. @throws as that */
export async function loadFleet(named: string | undefined): Promise<Fleet> {
  return (await findFleet(named)) ?? defaultFleet();
}

/**
 * Reads a fleet's configuration: the file named, else `fleet.config.ts` in the working directory.
 *
 * @returns `undefined` when none was named and none is there
 * @throws {UsageError} when the named file is not there, or a file cannot be loaded or is wrong: with every problem
 */
export async function findFleet(named: string | undefined): Promise<Fleet | undefined> {
  const file = resolve(named ?? FLEET_FILE);
  if (!(await isThere(file))) {
    if (named !== undefined) throw new UsageError(`--config ${named}: there is no such file`);
    return undefined;
  }
  return readFleetModule(named ?? FLEET_FILE, await importFile(named ?? FLEET_FILE, file));
}

async function isThere(file: string): Promise<boolean> {
  return await access(file).then(
    () => true,
    () => false,
  );
}

async function importFile(name: string, file: string): Promise<object> {
  try {
    return await import(pathToFileURL(file).href);
  } catch (error) {
    if (error instanceof FleetConfigError)
      throw new UsageError(`${name}: ${error.message}`, { cause: error });
    const message = error instanceof Error ? error.message : String(error);
    throw new UsageError(`${name} cannot be loaded: ${message}`, { cause: error });
  }
}

function readFleetModule(name: string, module: object): Fleet {
  if (!("default" in module)) {
    throw new UsageError(`${name} has no default export; expected export default defineFleet({ … })`);
  }
  try {
    return readFleet(module.default);
  } catch (error) {
    if (!(error instanceof FleetConfigError)) throw error;
    throw new UsageError(`${name}: ${error.message}`, { cause: error });
  }
}
