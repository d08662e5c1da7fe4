import { join } from "node:path";
import type { Fleet } from "../lib/config/fleet.ts";
import { accountNamesOf } from "../lib/config/rules.ts";
import type { Ledger } from "../lib/ledger/ledger.ts";
import type { RetryPolicy } from "../lib/pipeline/backoff.ts";
import { createBucketAccount } from "../lib/pipeline/bucket-account.node.ts";
import { createDeps } from "../lib/pipeline/deps.node.ts";
import type { Account } from "../lib/pipeline/deps.ts";
import type { Log } from "../lib/pipeline/log.ts";
import type { SequenceStore } from "../lib/sequence/sequence.ts";
import { startCloudDestination } from "./cloud-destination.ts";
import { openHome } from "./cloud-home.ts";
import { startCloudV4 } from "./cloud-v4.ts";
import { closeEverything, type DrainEnd, drain, releaseLeasesOfTheDead, watchForStop } from "./drain.ts";
import type { Faults } from "./faults.ts";
import { createSandboxPhotoSource } from "./photo-source.ts";
import { startQueueSandbox } from "./queue.ts";
import type { ObjectStore } from "./s3/object-store.ts";
import { startS3Sandbox } from "./s3/server.ts";
import type { S3Operation } from "./s3/service.ts";
import { s3EventBody } from "./s3-event.ts";
import { startTableSandbox } from "./table.ts";
import type { V4Dials } from "./v4/dials.ts";
import type { V4StandIn } from "./v4/stand-in.ts";

/** What the embedded cloud shall hold. */
export interface CloudOptions {
  /** Name of the photo bucket. */
  readonly bucket: string;
  /** The photo bucket's content. */
  readonly photos: ObjectStore;
  readonly fleet: Fleet;
  /** Where table, queue and what arrived are kept. Default: a temporary directory, removed by `stop`. */
  readonly stateDirectory?: string;
  /**
   * Accounts to relay with to somebody else's endpoint, by name: one for every account that the fleet's rules name, and
   * the default one. Default: a stand-in for the fleet's lane, in the embedded cloud.
   */
  readonly destinations?: ReadonlyMap<string, Account>;
  readonly log: Log;
  /** What goes wrong at the photo bucket and at the embedded destination. Default: nothing. */
  readonly faults?: {
    readonly photos?: Faults<S3Operation>;
    /** Bucket lane. */
    readonly destination?: Faults<S3Operation>;
    readonly v4?: Partial<V4Dials>;
  };
  /** How patiently photos are tried. Default {@link LAPTOP_RETRIES}. */
  readonly retries?: RetryPolicy;
}

/** S3, SQS, DynamoDB, Lambda and Mapillary on one laptop, around the pipeline that is deployed. */
export interface Cloud {
  /** Tells the pipeline of an object, as its bucket would. */
  announce(object: {
    readonly key: string;
    readonly etag: string;
    readonly sizeBytes: number;
  }): Promise<void>;
  /**
   * Runs the functions until the queues are empty, an account is stopped (nobody mends it meanwhile), or the
   * signal: then uploads under way are broken off, and their photos wait in the queue.
   *
   * @param feeding resolves when nothing more will be announced; an empty queue is no end before. Default: at once.
   */
  drain(signal: AbortSignal, feeding?: Promise<unknown>): Promise<DrainEnd>;
  /**
   * Closes and finishes every sequence that can be, without waiting for a quiet period, for as long as there is
   * progress. After the signal the rest stays to be closed.
   */
  closeSequences(signal: AbortSignal): Promise<void>;
  readonly ledger: Ledger;
  readonly sequences: SequenceStore;
  /** What arrived at the embedded destination of the bucket lane; `undefined` when photos go elsewhere. */
  readonly arrived: ObjectStore | undefined;
  /** The embedded Mapillary of the v4 lane; `undefined` when photos go elsewhere. */
  readonly mapillary: V4StandIn | undefined;
  stop(): Promise<void>;
}

/** A person is watching: a photo that fails six times within some seconds is told of as failed. */
export const LAPTOP_RETRIES: RetryPolicy = { baseMs: 250, capMs: 4_000, maxAttempts: 6 };

/** Longest that one batch may take; as long as a Lambda may. */
const TIMEOUT_MS = 900_000;

/** The pipeline gives photos up by itself; the queue only catches what never reached it. */
const MAX_RECEIVES = 1_000;

/**
 * Starts the cloud; nothing runs before `drain`.
 *
 * @throws naming every account of the fleet that `destinations` is given without
 */
export async function startCloud(options: CloudOptions): Promise<Cloud> {
  await using parts = new AsyncDisposableStack();
  const home = await openHome(options.stateDirectory);
  parts.defer(home.close);
  const table = await startTableSandbox({ directory: join(home.directory, "table") });
  parts.defer(table.stop);
  const queue = await startQueueSandbox({
    directory: join(home.directory, "queue"),
    visibilitySeconds: TIMEOUT_MS / 1000,
    maxReceives: MAX_RECEIVES,
  });
  parts.defer(queue.stop);
  const photos = await startS3Sandbox({
    buckets: { [options.bucket]: options.photos },
    ...(options.faults?.photos && { faults: options.faults.photos }),
  });
  parts.defer(photos.stop);
  const destination = await openDestination(options, home.directory);
  parts.defer(destination.stop);
  const source = createSandboxPhotoSource(photos.url);
  parts.defer(source.stop);
  const { log, stopped } = watchForStop(options.log);
  const deps = createDeps({
    fleet: options.fleet,
    table: table.table,
    source,
    accounts: destination.accounts,
    retries: options.retries ?? LAPTOP_RETRIES,
    relayLifetimeMs: TIMEOUT_MS,
    indexLagMs: 0,
    log,
  });
  await releaseLeasesOfTheDead(deps);
  // Whoever starts a run wants it tried again, also with the credentials that were refused last time.
  for (const { key } of deps.accounts.values()) await deps.gates.open(key);
  const running = parts.move();
  return {
    ledger: deps.ledger,
    sequences: deps.sequences,
    arrived: destination.arrived,
    mapillary: destination.mapillary,
    announce: (object) =>
      queue.send(s3EventBody({ bucket: options.bucket, ...object, eventTime: new Date().toISOString() })),
    drain: (signal, feeding = Promise.resolve()) =>
      drain({ deps, queue, timeoutMs: TIMEOUT_MS, stopped }, signal, feeding),
    closeSequences: (signal) => closeEverything(deps, signal),
    stop: () => running.disposeAsync(),
  };
}

interface OpenDestination extends Pick<Cloud, "arrived" | "mapillary"> {
  readonly accounts: ReadonlyMap<string, Account>;
  readonly stop: () => Promise<void>;
}

/** Where photos go: to the accounts that are given, or to a stand-in with an account for every name. */
async function openDestination(options: CloudOptions, directory: string): Promise<OpenDestination> {
  const { destinations, fleet } = options;
  const accountNames = accountNamesOf(fleet);
  if (destinations === undefined) return await openStandIn(options, directory, accountNames);
  const missing = accountNames.filter((name) => !destinations.has(name));
  if (missing.length > 0)
    throw new TypeError(`there are no credentials for the account(s) ${missing.join(", ")}`);
  return { accounts: destinations, arrived: undefined, mapillary: undefined, stop: async () => {} };
}

async function openStandIn(
  { fleet, faults }: CloudOptions,
  directory: string,
  accountNames: readonly string[],
): Promise<OpenDestination> {
  if (fleet.destination === "v4") {
    const organizationIds = fleet.rules.flatMap(({ organizationId }) => organizationId ?? []);
    const v4 = { directory, accountNames, organizationIds, longestUploadMs: TIMEOUT_MS };
    const { accounts, standIn, stop } = await startCloudV4({
      ...v4,
      ...(faults?.v4 && { faults: faults.v4 }),
    });
    return { accounts, arrived: undefined, mapillary: standIn, stop };
  }
  const ofDestination = faults?.destination;
  const { accounts, ...destination } = await startCloudDestination({
    directory,
    accountNames,
    ...(ofDestination && { faults: ofDestination }),
  });
  const ready = Array.from(
    accounts,
    ([name, account]) => [name, createBucketAccount(name, account, TIMEOUT_MS)] as const,
  );
  return { ...destination, accounts: new Map(ready), mapillary: undefined };
}
