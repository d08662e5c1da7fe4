import { DEFAULT_ACCOUNT } from "../lib/config/rules.ts";
import {
  createSettingsReader,
  type Environment,
  readBucketAccount,
  SettingsError,
} from "../lib/config/settings.ts";
import { type BucketAccount, uploadUrlProblem } from "../lib/mapillary/bucket-account.ts";
import { UsageError } from "./usage-error.ts";

/**
 * The account to relay with when the destination is somebody else's: the URL from the command line, the credentials
 * from the environment, which unlike a command line no process list shows.
 *
 * @throws {UsageError} naming every variable that is missing or wrong, and no value
 */
export function readUploadAccount(uploadUrl: string, environment: Environment): BucketAccount {
  const problem = uploadUrlProblem(uploadUrl);
  if (problem !== undefined) throw new UsageError(`--upload-url ${problem}`);
  const { MAPILLARY_UPLOAD_URL: _overruled, ...rest } = environment;
  const reader = createSettingsReader(rest);
  const account = readBucketAccount(reader, rest, DEFAULT_ACCOUNT);
  try {
    reader.finish();
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
    throw new UsageError(`--upload-url needs an account, and ${error.message}`, { cause: error });
  }
  return { ...account, uploadUrl };
}
