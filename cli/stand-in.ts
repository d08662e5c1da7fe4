import { randomBytes } from "node:crypto";
import { join } from "node:path";
import type { BucketAccount } from "../lib/mapillary/bucket-account.ts";
import { openHome } from "../sandbox/cloud-home.ts";
import { createFaults, type FaultDial } from "../sandbox/faults.ts";
import { createDiskStore } from "../sandbox/s3/disk-store.ts";
import { makeUploadHashes } from "../sandbox/s3/policy-maker.ts";
import { startS3Sandbox } from "../sandbox/s3/server.ts";
import type { ObjectCreated, S3Operation } from "../sandbox/s3/service.ts";

/** What the stand-in shall be. */
export interface StandInOptions {
  /** TCP port on 127.0.0.1; any free one when 0. */
  readonly port: number;
  /** Whose uploads are permitted: keys begin with it. */
  readonly username: string;
  /** Where what arrived is kept. Absent: a temporary directory that is removed in the end. */
  readonly stateDirectory?: string;
  readonly faults: FaultDial<S3Operation>;
  /** Called for every object, after it was stored. */
  readonly onReceived: (object: ObjectCreated) => void;
}

/** A running stand-in for Mapillary. */
export interface StandIn extends AsyncDisposable {
  /** What a client needs to upload to it. Made for this run, and good for nothing else. */
  readonly account: BucketAccount;
  /** ISO 8601 UTC; uploads are refused after that. */
  readonly expiresAt: string;
}

/** The bucket that Mapillary had. */
const BUCKET = "mapillary.uploads.manual.images";

/** What its policies are said to be signed with. */
const ACCESS_KEY_ID = "SANDBOX";

/** The largest object S3 takes in one POST. */
const MAX_POST_BYTES = 5 * 2 ** 30;

/** Longer than anybody leaves it running, and short enough that hashes left in a shell do not last. */
const POLICY_LIFETIME_MS = 7 * 24 * 3_600_000;

/**
 * Starts the bucket lane's other side: an S3 that takes forms with a policy, and checks the policy, its signature and
 * every field as S3 does.
 *
 * @throws when the port is taken
 */
export async function startStandIn(options: StandInOptions): Promise<StandIn> {
  await using parts = new AsyncDisposableStack();
  const home = await openHome(options.stateDirectory);
  parts.defer(home.close);
  const secret = randomBytes(24).toString("base64url");
  const server = await startS3Sandbox({
    port: options.port,
    buckets: { [BUCKET]: await createDiskStore(join(home.directory, "arrived")) },
    postAccounts: { [ACCESS_KEY_ID]: secret },
    faults: createFaults(options.faults),
    onCreated: options.onReceived,
  });
  parts.defer(() => server.stop());
  const expiresAt = new Date(Date.now() + POLICY_LIFETIME_MS).toISOString();
  const { username } = options;
  const wish = { bucket: BUCKET, username, expiration: expiresAt, maxBytes: MAX_POST_BYTES, secret };
  const account = {
    uploadUrl: `${server.url}/${BUCKET}`,
    username,
    accessKeyId: ACCESS_KEY_ID,
    ...makeUploadHashes(wish),
  };
  const running = parts.move();
  return { account, expiresAt, [Symbol.asyncDispose]: () => running.disposeAsync() };
}
