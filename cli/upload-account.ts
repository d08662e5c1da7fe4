import type { Fleet } from "../lib/config/fleet.ts";
import { accountNamesOf } from "../lib/config/rules.ts";
import {
  createSettingsReader,
  type Environment,
  readBucketAccount,
  SettingsError,
} from "../lib/config/settings.ts";
import { type BucketAccount, uploadUrlProblem } from "../lib/mapillary/bucket-account.ts";
import { UsageError } from "./usage-error.ts";

/** Variables that the URL of the command line overrules, and that therefore need not be right. */
const OVERRULED = /^MAPILLARY_UPLOAD_URL(_|$)/;

/**
 * The accounts to relay with when the destination is somebody else's, by name: the default one and each that the
 * fleet's rules name. The URL is the command line's for all of them, the credentials are the environment's, which
 * unlike a command line no process list shows.
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
  const rest = Object.fromEntries(Object.entries(environment).filter(([name]) => !OVERRULED.test(name)));
  const reader = createSettingsReader(rest);
  const accounts = accountNamesOf(fleet).map(
    (name) => [name, { ...readBucketAccount(reader, rest, name), uploadUrl }] as const,
  );
  try {
    reader.finish();
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
    const needs = accounts.length === 1 ? "an account" : "an account for each that the rules name";
    throw new UsageError(`--upload-url needs ${needs}, and ${error.message}`, { cause: error });
  }
  return new Map(accounts);
}
