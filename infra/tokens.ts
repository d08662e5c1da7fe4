import { GetParametersCommand, type Parameter, SSMClient } from "@aws-sdk/client-ssm";
import type { Fleet } from "../lib/config/fleet.ts";
import { accountNamesOf } from "../lib/config/rules.ts";
import { variableOf } from "../lib/config/settings.ts";
import { clientSecretOf, type Secrets } from "./account-credentials.ts";
import { asDeployer } from "./deployer.ts";
import type { TokenPlaces } from "./permissions.ts";
import { folderOfStage } from "./stage.ts";
import { VisibleError } from "./visible-error.ts";

/** What `GetParameters` takes at once (quota). */
const PARAMETERS_PER_CALL = 10;

/** Where each account of the v4 lane has its token, by the account's name. A parameter, since it changes at run time. */
export function tokenParametersOf(fleet: Pick<Fleet, "destination" | "rules">): ReadonlyMap<string, string> {
  if (fleet.destination !== "v4") return new Map();
  const folder = `${folderOfStage()}/mapillary`;
  return new Map(accountNamesOf(fleet).map((account) => [account, `${folder}/${account}/token`]));
}

/** What tells a function where the tokens are. */
export function variablesOf(parameters: ReadonlyMap<string, string>): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Array.from(parameters, ([account, name]) => [variableOf("TOKEN_PARAMETER", account), name]),
  );
}

/** Names tokens as policies do. */
export function createTokenPlaces(
  parameters: ReadonlyMap<string, string>,
  { clientSecrets }: Pick<Secrets, "clientSecrets">,
): TokenPlaces {
  const refreshed = [...parameters].filter(([account]) => clientSecretOf(account) in clientSecrets);
  return {
    all: parameterArns([...parameters.values()]),
    refreshed: parameterArns(refreshed.map(([, name]) => name)),
  };
}

/**
 * Looks whether every account's token is there, without reading one. Creates nothing: a parameter that the
 * deployment knew would get its first value back with every deployment.
 *
 * @throws {VisibleError} naming those that are missing, with the command that sets each, and those that are not
 *   encrypted: SSM changes no parameter's type, so a fresh token could not take the place of such a one
 */
export async function assertTokensAreThere(parameters: ReadonlyMap<string, string>): Promise<void> {
  const found = await findParameters([...parameters.values()]);
  const missing = [...parameters].filter(([, name]) => !found.has(name));
  const plain = [...parameters].filter(([, name]) => found.has(name) && found.get(name) !== "SecureString");
  if (missing.length + plain.length > 0) throw new VisibleError(tellHowToSet(missing, plain));
}

/** @returns the types of those that are there, by their names */
async function findParameters(names: readonly string[]): Promise<ReadonlyMap<string, string | undefined>> {
  const client = new SSMClient(asDeployer());
  const found: Parameter[] = [];
  try {
    for (let at = 0; at < names.length; at += PARAMETERS_PER_CALL) {
      const Names = names.slice(at, at + PARAMETERS_PER_CALL);
      const { Parameters = [] } = await client.send(new GetParametersCommand({ Names }));
      found.push(...Parameters);
    }
  } finally {
    client.destroy();
  }
  return new Map(found.map(({ Name = "", Type }) => [Name, Type]));
}

/** An account, and the name of its parameter. */
type TokenParameter = readonly [string, string];

function tellHowToSet(missing: readonly TokenParameter[], plain: readonly TokenParameter[]): string {
  const all = [...missing, ...plain];
  const login = "npm run -s relay -- account login";
  return [
    `stage ${$app.stage} has no token, or not an encrypted one, for ${all.length} account(s). Log in for each:`,
    ...plain.map(([, name]) => `  aws ssm delete-parameter --name ${name}`),
    ...all.map(([account, name]) => `  ${login} ${account} --client-id … --parameter ${name}`),
  ].join("\n");
}

/** ARNs of parameters in this account and region. */
function parameterArns(names: readonly string[]): $util.Output<string>[] {
  const { partition } = aws.getPartitionOutput();
  const { region } = aws.getRegionOutput();
  const { accountId } = aws.getCallerIdentityOutput();
  return names.map((name) => $interpolate`arn:${partition}:ssm:${region}:${accountId}:parameter${name}`);
}
