import type { Fleet } from "../lib/config/fleet.ts";
import type { Environment } from "../lib/config/settings.ts";
import {
  DEFAULT_GRAPH_ENDPOINT,
  DEFAULT_UPLOAD_ENDPOINT,
  type V4Account,
} from "../lib/mapillary/v4-account.ts";
import { createBucketAccount } from "../lib/pipeline/bucket-account.node.ts";
import type { Account } from "../lib/pipeline/deps.ts";
import { createV4Account } from "../lib/pipeline/v4-account.node.ts";
import { defaultFleet } from "./fleet-file.ts";
import { type Endpoints, readUploadAccounts, readV4Accounts } from "./upload-account.ts";
import { UsageError } from "./usage-error.ts";

/** What the command line says of where photos go. */
export interface DestinationFlags {
  readonly destination?: Fleet["destination"];
  readonly uploadUrl?: string;
  readonly uploadEndpoint?: string;
  readonly graphEndpoint?: string;
}

/** Where a run relays to. */
export interface RunDestination {
  /** With the lane that was chosen. */
  readonly fleet: Fleet;
  /** Absent: a stand-in on this machine. */
  readonly elsewhere?: Elsewhere;
}

/** Somebody else's endpoint. */
export interface Elsewhere {
  /** Its address, for a person. */
  readonly url: string;
  /** By name. */
  readonly accounts: ReadonlyMap<string, Account>;
  /** v4: what can be asked about before a photo is sent, by name. */
  readonly v4Accounts: ReadonlyMap<string, V4Account>;
}

/** As long as a Lambda may take. */
const LONGEST_UPLOAD_MS = 900_000;

/**
 * Decides where a run relays to. The command line overrules the configuration; where there is neither, endpoints of v4
 * choose v4, and all else is the bucket lane.
 *
 * @param configured `undefined` when there is no configuration
 * @throws {UsageError} when flags do not go together, or an account is incomplete: saying what to do
 */
export function chooseDestination(
  flags: DestinationFlags,
  configured: Fleet | undefined,
  environment: Environment,
): RunDestination {
  const { uploadUrl } = flags;
  const endpoints = readEndpoints(flags);
  if (uploadUrl !== undefined && endpoints !== undefined) {
    throw new UsageError(
      "--upload-url is for the bucket lane, --upload-endpoint and --graph-endpoint are for v4; give one or the others",
    );
  }
  const lane = flags.destination ?? configured?.destination ?? (endpoints ? "v4" : "bucket");
  const fleet: Fleet = configured ? { ...configured, destination: lane } : defaultFleet(lane);
  if (uploadUrl !== undefined) {
    if (lane === "v4") throw new UsageError(tellOtherLane("--upload-url", "bucket", flags));
    return { fleet, elsewhere: overBucketLane(uploadUrl, environment, fleet) };
  }
  if (endpoints === undefined) return { fleet };
  if (lane === "bucket") throw new UsageError(tellOtherLane("--upload-endpoint", "v4", flags));
  return { fleet, elsewhere: overV4(endpoints, environment, fleet) };
}

function readEndpoints({ uploadEndpoint, graphEndpoint }: DestinationFlags): Endpoints | undefined {
  if (uploadEndpoint !== undefined && graphEndpoint !== undefined) return { uploadEndpoint, graphEndpoint };
  if (uploadEndpoint === undefined && graphEndpoint === undefined) return undefined;
  const [given, missing, usual] =
    uploadEndpoint === undefined
      ? ["--graph-endpoint", "--upload-endpoint", DEFAULT_UPLOAD_ENDPOINT]
      : ["--upload-endpoint", "--graph-endpoint", DEFAULT_GRAPH_ENDPOINT];
  throw new UsageError(`${given} goes with ${missing}, which is not given; Mapillary's is ${usual}`);
}

function tellOtherLane(
  flag: string,
  needed: Fleet["destination"],
  { destination }: DestinationFlags,
): string {
  const found = needed === "v4" ? "bucket" : "v4";
  if (destination !== undefined)
    return `${flag} is for ${nameOf(needed)}, and --destination is ${found}; expected --destination ${needed}`;
  return `${flag} is for ${nameOf(needed)}, and the fleet's configuration says ${found}; add --destination ${needed} to overrule it`;
}

function nameOf(lane: Fleet["destination"]): string {
  return lane === "v4" ? "v4" : "the bucket lane";
}

function overBucketLane(uploadUrl: string, environment: Environment, fleet: Fleet): Elsewhere {
  const accounts = readUploadAccounts(uploadUrl, environment, fleet);
  const ready = [...accounts].map(
    ([name, account]) => [name, createBucketAccount(name, account, LONGEST_UPLOAD_MS)] as const,
  );
  return { url: uploadUrl, accounts: new Map(ready), v4Accounts: new Map() };
}

function overV4(endpoints: Endpoints, environment: Environment, fleet: Fleet): Elsewhere {
  const v4Accounts = readV4Accounts(endpoints, environment, fleet);
  const ready = [...v4Accounts].map(
    ([name, account]) => [name, createV4Account(name, account, LONGEST_UPLOAD_MS)] as const,
  );
  return { url: endpoints.uploadEndpoint, accounts: new Map(ready), v4Accounts };
}
