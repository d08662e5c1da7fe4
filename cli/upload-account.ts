import type { Fleet } from "../lib/config/fleet.ts";
import { accountNamesOf } from "../lib/config/rules.ts";
import {
  createSettingsReader,
  type Environment,
  readBucketAccount,
  readV4Account,
  SettingsError,
  type SettingsReader,
} from "../lib/config/settings.ts";
import { type BucketAccount, uploadUrlProblem } from "../lib/mapillary/bucket-account.ts";
import { endpointProblem, type V4Account } from "../lib/mapillary/v4-account.ts";
import { UsageError } from "./usage-error.ts";

/** Where v4 takes photos, and questions and finishes. */
export type Endpoints = Pick<V4Account, "uploadEndpoint" | "graphEndpoint">;

/**
 * The bucket lane's accounts to relay with when the destination is somebody else's, by name: the default one and each
 * that the fleet's rules name. The URL is the command line's for all of them, the credentials are the environment's,
 * which unlike a command line no process list shows.
 *
 * @throws {UsageError} naming every variable of every account that is missing or wrong, and no value
 */
export function readUploadAccounts(
  uploadUrl: string,
  environment: Environment,
  fleet: Pick<Fleet, "rules">,
): ReadonlyMap<string, BucketAccount> {
  const problem = uploadUrlProblem(uploadUrl);
  if (problem !== undefined) throw new UsageError(`--upload-url ${problem}`);
  // What the command line overrules need not be right.
  const rest = without(environment, /^MAPILLARY_UPLOAD_URL(_|$)/);
  const accounts = readAccounts("--upload-url", rest, fleet, readBucketAccount);
  return new Map([...accounts].map(([name, account]) => [name, { ...account, uploadUrl }]));
}

/** The same for v4, whose endpoints may end in a slash. @throws as {@link readUploadAccounts} */
export function readV4Accounts(
  endpoints: Endpoints,
  environment: Environment,
  fleet: Pick<Fleet, "rules">,
): ReadonlyMap<string, V4Account> {
  const { uploadEndpoint, graphEndpoint } = endpoints;
  const plain = {
    uploadEndpoint: readEndpoint("--upload-endpoint", uploadEndpoint),
    graphEndpoint: readEndpoint("--graph-endpoint", graphEndpoint),
  };
  const rest = without(environment, /^MAPILLARY_(UPLOAD|GRAPH)_ENDPOINT(_|$)/);
  const accounts = readAccounts("--upload-endpoint", rest, fleet, readV4Account);
  return new Map([...accounts].map(([name, account]) => [name, { ...account, ...plain }]));
}

/** An endpoint from the command line, without a slash at its end. @throws {UsageError} naming the flag */
export function readEndpoint(flag: string, endpoint: string): string {
  const problem = endpointProblem(endpoint);
  if (problem !== undefined) throw new UsageError(`${flag} ${problem}`);
  return endpoint.replace(/\/+$/, "");
}

function without(environment: Environment, overruled: RegExp): Environment {
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !overruled.test(name)));
}

function readAccounts<Account>(
  flag: string,
  environment: Environment,
  fleet: Pick<Fleet, "rules">,
  readOne: (reader: SettingsReader, environment: Environment, name: string) => Account,
): ReadonlyMap<string, Account> {
  const reader = createSettingsReader(environment);
  const accounts = accountNamesOf(fleet).map((name) => [name, readOne(reader, environment, name)] as const);
  try {
    reader.finish();
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
    const needs = accounts.length === 1 ? "an account" : "an account for each that the rules name";
    throw new UsageError(`${flag} needs ${needs}, and ${error.message}`, { cause: error });
  }
  return new Map(accounts);
}
