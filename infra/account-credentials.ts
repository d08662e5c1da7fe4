import type { Fleet } from "../lib/config/fleet.ts";
import { accountNamesOf } from "../lib/config/rules.ts";
import {
  createSettingsReader,
  readBucketAccount,
  readV4Account,
  SettingsError,
  variableOf,
} from "../lib/config/settings.ts";
import { credentialProblem } from "../lib/mapillary/bucket-account.ts";
import { MAX_ENVIRONMENT_BYTES } from "./sizes.ts";
import { VisibleError } from "./visible-error.ts";

/** Everything that a secret may say of an account, by lane; what it must say the lane's own reader knows. */
const VARIABLES = {
  bucket: ["USERNAME", "PERMISSION_HASH", "SIGNATURE_HASH", "AWS_ACCESS_KEY_ID", "UPLOAD_URL"],
  v4: ["UPLOAD_ENDPOINT", "GRAPH_ENDPOINT"],
} as const satisfies Readonly<Record<Fleet["destination"], readonly Parameters<typeof variableOf>[0][]>>;

const READERS = { bucket: readBucketAccount, v4: readV4Account } as const;

/** Kept for what else is in a function's environment: names of table and queue, options, what SST adds. */
const OTHER_ENVIRONMENT_BYTES = 1_024;

/** Credentials, by the name of the environment variable that a function reads them from. */
type Credentials = Readonly<Record<string, string>>;

/** What secrets say. */
export interface Secrets {
  /** For every function that sends. */
  readonly credentials: Credentials;
  /** v4: of the applications that got the tokens, where they are known. Only who refreshes a token needs them. */
  readonly clientSecrets: Credentials;
}

/**
 * Reads the secrets of every account that the fleet names, which are called like the environment variables. Creates
 * nothing.
 *
 * @param known variables that are no secrets, and that the functions are given besides
 * @throws {VisibleError} naming every one that is missing or wrong, with the command that sets it
 */
export function readSecrets(
  { destination, rules }: Pick<Fleet, "destination" | "rules">,
  known: Readonly<Record<string, string>>,
): Secrets {
  const accounts = accountNamesOf({ rules });
  const credentials = secretsNamed(
    accounts.flatMap((account) => VARIABLES[destination].map((variable) => variableOf(variable, account))),
  );
  const clientSecrets = destination === "v4" ? secretsNamed(accounts.map(clientSecretOf)) : {};
  const environment = { ...known, ...credentials, ...clientSecrets };
  const reader = createSettingsReader(environment);
  for (const account of accounts) READERS[destination](reader, environment, account);
  for (const name of Object.keys(clientSecrets)) reader.require(name, credentialProblem);
  try {
    reader.finish();
  } catch (error) {
    throw error instanceof SettingsError ? tellHowToSet(error) : error;
  }
  assertFit(environment, accounts);
  return { credentials, clientSecrets };
}

/** The variable with the secret of the application that got an account's token. */
export function clientSecretOf(account: string): string {
  return variableOf("CLIENT_SECRET", account);
}

/** `sst` gives its program every secret of the stage in a variable of this form; `sst.Secret` reads them from there. */
function secretsNamed(names: readonly string[]): Credentials {
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = process.env[`SST_SECRET_${name}`];
      return value === undefined ? [] : [[name, value]];
    }),
  );
}

function tellHowToSet({ problems }: SettingsError): VisibleError {
  const names = problems.map((problem) => problem.split(" ", 1)[0]);
  return new VisibleError(
    [
      `the credentials of stage ${$app.stage} have ${problems.length} problem(s):`,
      ...problems.map((problem) => `  - ${problem}`),
      "Set them:",
      ...names.map((name) => `  npx sst secret set ${name} --stage ${$app.stage}`),
    ].join("\n"),
  );
}

/** Found here, since AWS would find it only when half of the stage stands. */
function assertFit(environment: Credentials, accounts: readonly string[]): void {
  const bytes = Buffer.byteLength(Object.entries(environment).flat().join(""));
  const mostBytes = MAX_ENVIRONMENT_BYTES - OTHER_ENVIRONMENT_BYTES;
  if (bytes <= mostBytes) return;
  throw new VisibleError(
    `the credentials of ${accounts.length} accounts have ${bytes} bytes; a function's environment has room for ` +
      `${mostBytes}. Give some of the accounts a stage of their own.`,
  );
}

/** Registers credentials as secrets, so that the state holds them encrypted. */
export function registerSecrets(credentials: Credentials): Record<string, $util.Output<string>> {
  return Object.fromEntries(
    Object.keys(credentials).map((name) => [name, new sst.Secret(name).value] as const),
  );
}
