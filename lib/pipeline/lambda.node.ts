import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import { type Fleet, readFleet } from "../config/fleet.ts";
import { accountNamesOf } from "../config/rules.ts";
import {
  createSettingsReader,
  type Environment,
  readBucketAccount,
  readV4Account,
  type SettingsReader,
} from "../config/settings.ts";
import { createS3PhotoSource } from "../photo/photo.s3.ts";
import { createGetSigner } from "../photo/signed-get.s3.ts";
import { CLOUD_RETRIES } from "./backoff.ts";
import { createBucketAccount } from "./bucket-account.node.ts";
import { createDeps } from "./deps.node.ts";
import type { Account, Deps } from "./deps.ts";
import { createJsonLog } from "./log.node.ts";
import type { Intake, RelayWorker } from "./relay-event.ts";
import { createV4Account } from "./v4-account.node.ts";

/** An index that lags for minutes is an outage at AWS; within that we wait rather than conclude. */
const INDEX_LAG_MS = 5 * 60_000;

/** DynamoDB answers within 10 ms or so: what takes seconds is lost, and every call to the table may be repeated. */
const TABLE_TIMEOUTS = { connectionTimeout: 2_000, requestTimeout: 5_000, throwOnRequestTimeout: true };

/** What a function that sends or finishes needs beside the pipeline. */
export interface LambdaWorker extends Deps {
  /** A signal that is aborted after so many ms. */
  readonly abortAfter: (ms: number) => AbortSignal;
}

/**
 * The relay's pipeline, from its environment: `FLEET` (the checked configuration as JSON), `TABLE_NAME`,
 * `RELAY_TIMEOUT_SECONDS` (the relay's time-out), `INTAKE_QUEUE_URL` and the accounts' credentials.
 *
 * @throws {SettingsError} naming every variable that is missing or wrong
 * @throws {FleetConfigError}
 */
export function createRelayWorker(environment: Environment): RelayWorker {
  const reader = createSettingsReader(environment);
  const queueUrl = reader.require("INTAKE_QUEUE_URL", urlProblem);
  const worker = createWorker(reader, environment, readAccounts);
  return { ...worker, intake: lazyIntake(queueUrl) };
}

/** The pipeline of what closes sequences; as for the relay, without the queue. */
export function createClosingWorker(environment: Environment): LambdaWorker {
  return createWorker(createSettingsReader(environment), environment, readAccounts);
}

/** The pipeline of what buries dead letters; it sends nothing, and has no credentials. */
export function createDeadLetterWorker(environment: Environment): Deps {
  return createWorker(createSettingsReader(environment), environment, () => () => new Map());
}

/** Reads what is there, and makes the accounts once everything else was read and found right. */
type ReadAccounts = (
  reader: SettingsReader,
  environment: Environment,
  fleet: Fleet,
  relayLifetimeMs: number,
) => () => ReadonlyMap<string, Account>;

function createWorker(
  reader: SettingsReader,
  environment: Environment,
  accountsOf: ReadAccounts,
): LambdaWorker {
  const fleetJson = reader.require("FLEET", jsonProblem);
  const name = reader.require("TABLE_NAME");
  const relayLifetimeMs = 1000 * Number(reader.require("RELAY_TIMEOUT_SECONDS", secondsProblem));
  const fleet = jsonProblem(fleetJson) === undefined ? readFleet(JSON.parse(fleetJson)) : undefined;
  const makeAccounts = fleet && accountsOf(reader, environment, fleet, relayLifetimeMs);
  reader.finish();
  if (fleet === undefined || makeAccounts === undefined)
    throw new TypeError("FLEET was read without a problem, and is not there");
  const dynamo = new DynamoDBClient({ requestHandler: TABLE_TIMEOUTS });
  const { credentials } = dynamo.config;
  const place = { region: environment.AWS_REGION ?? "", endpoint: endpointOf(environment) };
  const deps = createDeps({
    fleet,
    table: {
      client: DynamoDBDocumentClient.from(dynamo, { marshallOptions: { removeUndefinedValues: true } }),
      name,
    },
    source: createS3PhotoSource({
      signGet: createGetSigner(place, credentials),
      plain: once(async () => (await import("./lambda-later.node.ts")).createLambdaPhotoSource()),
    }),
    accounts: makeAccounts(),
    retries: CLOUD_RETRIES,
    relayLifetimeMs,
    indexLagMs: INDEX_LAG_MS,
    log: createJsonLog(),
  });
  return { ...deps, abortAfter: (ms) => AbortSignal.timeout(Math.max(0, ms)) };
}

function readAccounts(
  reader: SettingsReader,
  environment: Environment,
  fleet: Fleet,
  relayLifetimeMs: number,
): () => ReadonlyMap<string, Account> {
  const read = fleet.destination === "v4" ? readV4 : readBucket;
  const makers = accountNamesOf(fleet).map((name) => [name, read(reader, environment, name)] as const);
  return () => new Map(makers.map(([name, make]) => [name, make(relayLifetimeMs)]));
}

type AccountMaker = (longestUploadMs: number) => Account;

function readBucket(reader: SettingsReader, environment: Environment, name: string): AccountMaker {
  const given = readBucketAccount(reader, environment, name);
  return (longestUploadMs) => createBucketAccount(name, given, longestUploadMs);
}

function readV4(reader: SettingsReader, environment: Environment, name: string): AccountMaker {
  const given = readV4Account(reader, environment, name);
  return (longestUploadMs) => createV4Account(name, given, longestUploadMs);
}

/** Few batches have a message to give back. */
function lazyIntake(queueUrl: string): Intake {
  const load = once(async () => (await import("./lambda-later.node.ts")).createLambdaIntake(queueUrl));
  return { postpone: async (receiptHandle, delayMs) => (await load()).postpone(receiptHandle, delayMs) };
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}

/** As the SDK has it: the service's own variable, then the one for all. */
function endpointOf(environment: Environment): string | undefined {
  return environment.AWS_ENDPOINT_URL_S3 ?? environment.AWS_ENDPOINT_URL;
}

function urlProblem(text: string): string | undefined {
  return URL.canParse(text) ? undefined : "is not a URL";
}

function jsonProblem(text: string): string | undefined {
  try {
    JSON.parse(text);
    return undefined;
  } catch {
    return "is not JSON; expected the fleet's configuration";
  }
}

function secondsProblem(text: string): string | undefined {
  return Number(text) > 0 ? undefined : `is ${JSON.stringify(text)}; expected a number of seconds`;
}
