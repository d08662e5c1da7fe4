import type { Fleet } from "../lib/config/fleet.ts";
import { readSecrets, registerSecrets, type Secrets } from "./account-credentials.ts";
import { createAlarms, createAlarmTopic, type Watched } from "./alarms.ts";
import { createDashboard } from "./dashboard.ts";
import { type ExistingBucket, inspectBucket } from "./existing-bucket.ts";
import { makeFunctionFolders } from "./function-folders.ts";
import {
  createCloseFunction,
  createCredentialsFunction,
  createDeadLetterFunction,
  createRelayFunction,
  type FunctionParts,
} from "./functions.ts";
import { functionsPartOf } from "./functions-part.ts";
import { createIntake, notificationId } from "./intake.ts";
import { createLedger } from "./ledger.ts";
import { createLog } from "./log.ts";
import { createPhotoBucket, useExistingBucket } from "./photo-bucket.ts";
import { createSchedule } from "./schedules.ts";
import { BATCH_SIZE, DEAD_LETTER_WORKERS } from "./sizes.ts";
import { assertTokensAreThere, createTokenPlaces, tokenParametersOf, variablesOf } from "./tokens.ts";
import { createVehicle, userNameOf } from "./vehicles.ts";

/**
 * Everything that a stage consists of. What can be wrong is looked for first, so that a deployment that cannot succeed
 * creates nothing.
 *
 * @returns what the person who deploys wants to know; nothing secret
 * @throws {VisibleError} with what is to be mended
 */
export async function createRelay(fleet: Fleet) {
  const { secrets, tokenParameters, existingBucket } = await inspect(fleet);
  const folders = await makeFunctionFolders(FUNCTIONS, functionsPartOf(fleet));

  const bucket = existingBucket === undefined ? createPhotoBucket() : useExistingBucket(existingBucket);
  const table = createLedger();
  const logGroup = createLog();
  const { queue: intake, deadLetters } = createIntake(bucket);
  const tokens = createTokenPlaces(tokenParameters, secrets);
  const parts: FunctionParts = {
    destination: fleet.destination,
    places: { bucket, table, intake, deadLetters, logGroup, tokens },
    folders,
    credentials: { ...variablesOf(tokenParameters), ...registerSecrets(secrets.credentials) },
    clientSecrets: registerSecrets(secrets.clientSecrets),
  };
  const watched = createWorkers(fleet, parts);
  const topic = createAlarmTopic(fleet.alarmEmail);
  createAlarms(topic, watched);
  const dashboard = createDashboard(watched, table);
  for (const vehicle of fleet.vehicles) createVehicle(vehicle, bucket);
  return {
    bucket: bucket.name,
    table: table.name,
    intake: intake.url,
    deadLetters: deadLetters.url,
    log: logGroup.name,
    alarms: topic.arn,
    dashboard: dashboard.dashboardName,
    vehicles: Object.fromEntries(fleet.vehicles.map((vehicle) => [vehicle, userNameOf(vehicle)])),
  };
}

interface Findings {
  readonly secrets: Secrets;
  /** Names by account; none in the bucket lane. */
  readonly tokenParameters: ReadonlyMap<string, string>;
  readonly existingBucket: ExistingBucket | undefined;
}

async function inspect(fleet: Fleet): Promise<Findings> {
  for (const vehicle of fleet.vehicles) userNameOf(vehicle);
  const tokenParameters = tokenParametersOf(fleet);
  const secrets = readSecrets(fleet, variablesOf(tokenParameters));
  await assertTokensAreThere(tokenParameters);
  const existingBucket =
    fleet.bucket === undefined
      ? undefined
      : await inspectBucket({
          name: fleet.bucket,
          notificationId: notificationId(),
          replaceNotifications: fleet.replaceNotifications,
        });
  return { secrets, tokenParameters, existingBucket };
}

/** Names of the files in `functions/`. */
const FUNCTIONS = ["relay", "dead-letter", "close-sequences", "credentials"] as const;

/** The functions, and what wakes them. */
function createWorkers(fleet: Fleet, parts: FunctionParts): Watched {
  const { intake, deadLetters } = parts.places;
  const relay = createRelayFunction(parts);
  consume(intake, relay, fleet.maxWorkers);
  const deadLetter = createDeadLetterFunction(parts);
  consume(deadLetters, deadLetter, DEAD_LETTER_WORKERS);
  const closeSequences = createCloseFunction(parts);
  createSchedule("EveryMinute", "rate(1 minute)", closeSequences);
  const credentials = createCredentialsFunction(parts);
  createSchedule("EveryDay", "rate(1 day)", credentials);
  return {
    functions: { relay, "dead-letter": deadLetter, "close-sequences": closeSequences, credentials },
    closeFunction: closeSequences,
    intake,
    deadLetters,
  };
}

/** Hands a queue's messages to a function, which says for each whether it is done. */
function consume(queue: sst.aws.Queue, fn: sst.aws.Function, maximumConcurrency: number): void {
  queue.subscribe(fn.arn, {
    batch: { size: BATCH_SIZE, partialResponses: true },
    transform: { eventSourceMapping: { scalingConfig: { maximumConcurrency } } },
  });
}
