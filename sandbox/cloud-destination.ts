import { randomBytes } from "node:crypto";
import { join } from "node:path";
import type { BucketAccount } from "../lib/mapillary/bucket-account.ts";
import type { Faults } from "./faults.ts";
import { createDiskStore } from "./s3/disk-store.ts";
import type { ObjectStore } from "./s3/object-store.ts";
import { makeUploadHashes } from "./s3/policy-maker.ts";
import { startS3Sandbox } from "./s3/server.ts";
import type { S3Operation } from "./s3/service.ts";

/** A stand-in for Mapillary's bucket that checks policies. */
export interface CloudDestination {
  /** Credentials by account name, made for this run. Each account is a user of its own, who has the account's name. */
  readonly accounts: ReadonlyMap<string, BucketAccount>;
  /** Everything that was uploaded, by whichever account. */
  readonly arrived: ObjectStore;
  stop(): Promise<void>;
}

/** What the embedded destination shall be. */
export interface CloudDestinationOptions {
  /** What arrived is kept in a folder in it. */
  readonly directory: string;
  /** Names of the accounts that may upload, each only below its own name. */
  readonly accountNames: readonly string[];
  /** Default: nothing goes wrong. */
  readonly faults?: Faults<S3Operation>;
}

const BUCKET = "mapillary.uploads.manual.images";

/** One for all accounts, as Mapillary had it: what tells them apart is the policy. */
const ACCESS_KEY_ID = "SANDBOX";

/** The largest object S3 takes in one POST. */
const MAX_POST_BYTES = 5 * 2 ** 30;

/** Longer than any run. */
const POLICY_LIFETIME_MS = 30 * 24 * 3_600_000;

/** Starts the stand-in on a free port of 127.0.0.1. */
export async function startCloudDestination(options: CloudDestinationOptions): Promise<CloudDestination> {
  const arrived = await createDiskStore(join(options.directory, "arrived"));
  const secret = randomBytes(24).toString("base64url");
  const server = await startS3Sandbox({
    buckets: { [BUCKET]: arrived },
    postAccounts: { [ACCESS_KEY_ID]: secret },
    ...(options.faults && { faults: options.faults }),
  });
  const expiration = new Date(Date.now() + POLICY_LIFETIME_MS).toISOString();
  const accountOf = (username: string): BucketAccount => ({
    uploadUrl: `${server.url}/${BUCKET}`,
    username,
    accessKeyId: ACCESS_KEY_ID,
    ...makeUploadHashes({ bucket: BUCKET, username, expiration, maxBytes: MAX_POST_BYTES, secret }),
  });
  const accounts = new Map(options.accountNames.map((name) => [name, accountOf(name)] as const));
  return { accounts, arrived, stop: server.stop };
}
