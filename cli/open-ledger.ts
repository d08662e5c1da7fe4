/** The ledger of a run on this machine, or of a deployment: for commands that look into it between runs. */
import { access } from "node:fs/promises";
import { join } from "node:path";
import type { Command } from "commander";
import { v4 as newId } from "uuid";
import type { Table } from "../lib/ledger/table.dynamo.ts";
import type { Deps } from "../lib/pipeline/deps.ts";
import type { LedgerWords } from "./sequence-text.ts";
import { lockStateDirectory } from "./state-lock.ts";
import { UsageError } from "./usage-error.ts";

/** Which ledger. One of the first two. */
export interface LedgerFlags {
  readonly state?: string;
  readonly table?: string;
  readonly region?: string;
}

/** What can be done with a ledger from outside of the pipeline. */
export type OpenLedger = Pick<Deps, "ledger" | "sequences" | "gates" | "now">;

/** Adds the flags by which a ledger is named. */
export function addLedgerOptions(command: Command): Command {
  return command
    .option("--state <dir>", "the ledger of runs on this machine that were given the same --state")
    .option("--table <name>", "the ledger of a deployment: its table, as the deployment printed it")
    .option("--region <region>", "of the table (default: AWS_REGION, or the profile's)");
}

/** How the ledger was named. @throws {UsageError} unless it was named once */
export function ledgerWordsOf({ state, table }: LedgerFlags): LedgerWords {
  if (state !== undefined && table === undefined) return ["--state", state];
  if (table !== undefined && state === undefined) return ["--table", table];
  throw new UsageError(
    "expected one of --state DIR (runs on this machine) and --table NAME (a deployment), which say whose ledger is meant",
  );
}

/**
 * Does work with a ledger: a state directory is locked meanwhile; a table is reached with the AWS credentials of the
 * environment.
 *
 * @throws {UsageError} when there is no such ledger, or it cannot be reached as it is named
 */
export async function withLedger<T>(flags: LedgerFlags, work: (open: OpenLedger) => Promise<T>): Promise<T> {
  const [flag, value] = ledgerWordsOf(flags);
  await using held = new AsyncDisposableStack();
  if (flag === "--state") return await work(await openLedger(await openKept(value, held)));
  return await explained(value, async () => work(await openLedger(await openDeployed(flags, value, held))));
}

/** Loaded when it is wanted: the SDK would cost the other commands their time. */
async function openLedger(table: Table): Promise<OpenLedger> {
  const { createDynamoLedger } = await import("../lib/ledger/ledger.dynamo.ts");
  const { createDynamoSequences } = await import("../lib/sequence/sequence.dynamo.ts");
  const { createDynamoGates } = await import("../lib/ledger/gate.dynamo.ts");
  const now = Date.now;
  return {
    // Both places of a photo are looked at, whatever is said here.
    ledger: createDynamoLedger({ table, duplicates: "skip", now }),
    sequences: createDynamoSequences({ table, now, newId }),
    gates: createDynamoGates({ table, now }),
    now,
  };
}

async function openKept(state: string, held: AsyncDisposableStack): Promise<Table> {
  const directory = join(state, "table");
  await access(directory).catch((cause: unknown) => {
    const message = `--state ${state} holds no ledger; expected a directory that a run was given with --state`;
    throw new UsageError(message, { cause });
  });
  held.defer(await lockStateDirectory(state));
  // Loaded when it is wanted: a deployment's ledger needs no server.
  const { startTableSandbox } = await import("../sandbox/table.ts");
  const { table, stop } = await startTableSandbox({ directory });
  held.defer(stop);
  return table;
}

async function openDeployed(
  { region }: LedgerFlags,
  name: string,
  held: AsyncDisposableStack,
): Promise<Table> {
  const { DynamoDBClient } = await import("@aws-sdk/client-dynamodb");
  const { DynamoDBDocumentClient } = await import("@aws-sdk/lib-dynamodb");
  const dynamo = new DynamoDBClient(region === undefined ? {} : { region });
  held.defer(async () => dynamo.destroy());
  const client = DynamoDBDocumentClient.from(dynamo, { marshallOptions: { removeUndefinedValues: true } });
  return { client, name };
}

/** What a person can do something about, by the name of the SDK's error. */
const ADVICE = new Map([
  ["ResourceNotFoundException", "there is no such table in this region and account; --region names another"],
  [
    "CredentialsProviderError",
    "there are no AWS credentials; set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
  ],
  ["AccessDeniedException", "these AWS credentials may not use it"],
  ["UnrecognizedClientException", "AWS does not know these credentials"],
  ["ExpiredTokenException", "these AWS credentials have expired"],
  ["ValidationException", "AWS does not take the request"],
]);

async function explained<T>(table: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const advice = error instanceof Error ? adviceOn(error) : undefined;
    if (advice === undefined) throw error;
    throw new UsageError(`--table ${table}: ${advice}`, { cause: error });
  }
}

/** `undefined` for an error that is not of AWS, or of the way there. */
function adviceOn(error: Error): string | undefined {
  if (/^Region (?:is missing|not accepted)/.test(error.message))
    return "no region is known; add --region, or set AWS_REGION";
  const advice = ADVICE.get(error.name);
  const isOfCall = "$metadata" in error || "code" in error;
  if (advice === undefined && !isOfCall) return undefined;
  return `${advice ?? "it cannot be reached"} (${error.name}: ${error.message})`;
}
