import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { S3Client } from "@aws-sdk/client-s3";
import { SQSClient } from "@aws-sdk/client-sqs";
import { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import { readFleet } from "../config/fleet.ts";
import { accountNamesOf } from "../config/rules.ts";
import { createSettingsReader, type Environment, readBucketAccount } from "../config/settings.ts";
import { createS3PhotoSource } from "../photo/photo.s3.ts";
import { CLOUD_RETRIES } from "./backoff.ts";
import { createBucketAccount } from "./bucket-account.node.ts";
import { createDeps } from "./deps.node.ts";
import { createSqsIntake } from "./intake.sqs.ts";
import { createJsonLog } from "./log.node.ts";
import type { RelayWorker } from "./relay-event.ts";

/** An index that lags for minutes is an outage at AWS; within that we wait rather than conclude. */
const INDEX_LAG_MS = 5 * 60_000;

/** S3 answers within 100 ms or so; a connection that says nothing for 20 s is dead, and the photo is tried again. */
const SOURCE_TIMEOUTS = {
  connectionTimeout: 5_000,
  requestTimeout: 20_000,
  // Without it the SDK only warns when the time is up.
  throwOnRequestTimeout: true,
  socketTimeout: 20_000,
};

/** DynamoDB answers within 10 ms or so: what takes seconds is lost, and every call to the table may be repeated. */
const TABLE_TIMEOUTS = { connectionTimeout: 2_000, requestTimeout: 5_000, throwOnRequestTimeout: true };

/** As for the table; no call waits for messages, since Lambda fetches them. */
const QUEUE_TIMEOUTS = { connectionTimeout: 2_000, requestTimeout: 10_000, throwOnRequestTimeout: true };

/**
 * Puts a Lambda's pipeline together from its environment: `FLEET` (the checked configuration as JSON), `TABLE_NAME`,
 * `INTAKE_QUEUE_URL`, `RELAY_TIMEOUT_SECONDS` (the relay's time-out) and the accounts' credentials.
 *
 * @throws {SettingsError} naming every variable that is missing or wrong
 * @throws {FleetConfigError}
 */
export function createLambdaWorker(environment: Environment): RelayWorker {
  const reader = createSettingsReader(environment);
  const fleetJson = reader.require("FLEET", jsonProblem);
  const name = reader.require("TABLE_NAME");
  const queueUrl = reader.require("INTAKE_QUEUE_URL", (url) =>
    URL.canParse(url) ? undefined : "is not a URL",
  );
  const relayLifetimeMs = 1000 * Number(reader.require("RELAY_TIMEOUT_SECONDS", secondsProblem));
  const fleet = jsonProblem(fleetJson) === undefined ? readFleet(JSON.parse(fleetJson)) : undefined;
  const names = fleet === undefined ? [] : accountNamesOf(fleet);
  const credentials = names.map(
    (account) => [account, readBucketAccount(reader, environment, account)] as const,
  );
  reader.finish();
  if (fleet === undefined) throw new TypeError("FLEET was read without a problem, and is not there");
  const marshallOptions = { removeUndefinedValues: true };
  const s3 = new S3Client({ responseChecksumValidation: "WHEN_REQUIRED", requestHandler: SOURCE_TIMEOUTS });
  const dynamo = new DynamoDBClient({ requestHandler: TABLE_TIMEOUTS });
  return {
    ...createDeps({
      fleet,
      table: { client: DynamoDBDocumentClient.from(dynamo, { marshallOptions }), name },
      source: createS3PhotoSource(s3),
      accounts: new Map(
        credentials.map(([account, given]) => [
          account,
          createBucketAccount(account, given, relayLifetimeMs),
        ]),
      ),
      retries: CLOUD_RETRIES,
      relayLifetimeMs,
      indexLagMs: INDEX_LAG_MS,
      log: createJsonLog(),
    }),
    intake: createSqsIntake(new SQSClient({ requestHandler: QUEUE_TIMEOUTS }), queueUrl),
    abortAfter: (ms) => AbortSignal.timeout(ms),
  };
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
