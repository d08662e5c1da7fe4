import { accountNamesOf } from "../config/rules.ts";
import { createSettingsReader, type Environment, readV4Account, variableOf } from "../config/settings.ts";
import { createSsmTokenStore } from "../mapillary/token.ssm.ts";
import { refreshIfDue } from "../mapillary/token-refresh.ts";
import type { V4Account } from "../mapillary/v4-account.ts";
import { createGraph } from "../mapillary/v4-graph.http.ts";
import type { CredentialsWorker, TokenKeeper } from "./check-credentials.ts";
import { createClosingWorker, type LambdaWorker } from "./lambda.node.ts";

/**
 * The pipeline of the daily look at credentials; as for closing sequences, with `MAPILLARY_CLIENT_SECRET` of the
 * application that got the v4 lane's tokens (an account other than the default has its name behind it). Without it a
 * token is looked at, and a person is told when it is time.
 */
export function createCredentialsWorker(environment: Environment): CredentialsWorker & LambdaWorker {
  const worker = createClosingWorker(environment);
  return {
    ...worker,
    keepers: worker.fleet.destination === "v4" ? keepersOf(worker, environment) : new Map(),
  };
}

function keepersOf(worker: LambdaWorker, environment: Environment): ReadonlyMap<string, TokenKeeper> {
  const reader = createSettingsReader(environment);
  const accounts = accountNamesOf(worker.fleet).map(
    (name) => [name, readV4Account(reader, environment, name)] as const,
  );
  reader.finish();
  return new Map(
    accounts.flatMap(([name, account]) => {
      const keeper = keeperOf(account, environment[variableOf("CLIENT_SECRET", name)], worker.now);
      return keeper === undefined ? [] : [[name, keeper] as const];
    }),
  );
}

/** A token that stands in the environment is replaced by a deployment, not by us. */
function keeperOf(
  { credential, graphEndpoint }: V4Account,
  clientSecret: string | undefined,
  now: () => number,
): TokenKeeper | undefined {
  if (credential.kind === "token") return undefined;
  const store = createSsmTokenStore(credential.name);
  const graph = createGraph({ graphEndpoint, now });
  return async (signal) =>
    await refreshIfDue(store, graph, { now, signal, ...(clientSecret !== undefined && { clientSecret }) });
}
