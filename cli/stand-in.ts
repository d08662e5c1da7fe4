import { randomBytes } from "node:crypto";
import { join } from "node:path";
import type { BucketAccount } from "../lib/mapillary/bucket-account.ts";
import { openHome } from "../sandbox/cloud-home.ts";
import { createFaults, type FaultDial } from "../sandbox/faults.ts";
import type { Listen } from "../sandbox/listen.ts";
import { createDiskStore } from "../sandbox/s3/disk-store.ts";
import { makeUploadHashes } from "../sandbox/s3/policy-maker.ts";
import { startS3Sandbox } from "../sandbox/s3/server.ts";
import type { ObjectCreated, S3Operation } from "../sandbox/s3/service.ts";
import { openSharedPort } from "../sandbox/shared-port.ts";
import type { V4Dials } from "../sandbox/v4/dials.ts";
import { openFolderStorage } from "../sandbox/v4/folder-storage.ts";
import type { V4RequestEntry } from "../sandbox/v4/request-log.ts";
import { startV4StandIn, type V4StandIn } from "../sandbox/v4/stand-in.ts";

/** What the stand-in shall be. */
export interface StandInOptions {
  /** TCP port on 127.0.0.1; any free one when 0. */
  readonly port: number;
  /** Who uploads. Bucket lane: keys begin with it. */
  readonly username: string;
  /** Where what arrived is kept. Absent: a temporary directory that is removed in the end. */
  readonly stateDirectory?: string;
  /** Bucket lane. */
  readonly faults: FaultDial<S3Operation>;
  /** v4. Default: nothing goes wrong. */
  readonly v4Faults?: Partial<V4Dials>;
  /** v4: numbers of the organizations that the user is in. Default: none. */
  readonly organizationIds?: readonly string[];
  /** Bucket lane: called for every object, after it was stored. */
  readonly onReceived: (object: ObjectCreated) => void;
  /** v4: called for every request, when it is certain what becomes of it. */
  readonly onV4Request?: (entry: V4RequestEntry) => void;
}

/** A running stand-in for Mapillary, both lanes on one port. */
export interface StandIn extends AsyncDisposable {
  /** Bucket lane: what a client needs to upload to it. Made for this run, and good for nothing else. */
  readonly account: BucketAccount;
  /** Bucket lane: ISO 8601 UTC; uploads are refused after that. */
  readonly expiresAt: string;
  readonly v4: V4StandIn;
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
 * What the v4 lane serves, in a bucket's place: its own names, and things of the graph, whose ids are numbers. S3 has no
 * bucket of such a name here.
 */
const V4_PATH = /^\/(?:mapillary_public_uploads|finish_upload|token|me|connect|__sandbox|\d+)(?:[/?]|$)/;

/**
 * Starts the other side of both lanes: an S3 that takes forms with a policy, and checks the policy, its signature and
 * every field as S3 does; and the services of API v4.
 *
 * @throws when the port is taken
 */
export async function startStandIn(options: StandInOptions): Promise<StandIn> {
  await using parts = new AsyncDisposableStack();
  const home = await openHome(options.stateDirectory);
  parts.defer(home.close);
  // Opened first and closed first: what is under way ends with the port, and the lanes have nothing to wait for.
  const port = await openSharedPort(options.port);
  const lanes = parts.use(new AsyncDisposableStack());
  parts.defer(port.stop);
  const v4 = await startV4Lane(
    options,
    home.directory,
    port.place((url) => V4_PATH.test(url)),
  );
  lanes.defer(v4.stop);
  const { account, expiresAt, stop } = await startBucketLane(
    options,
    home.directory,
    port.place(() => true),
  );
  lanes.defer(stop);
  const running = parts.move();
  return { account, expiresAt, v4, [Symbol.asyncDispose]: () => running.disposeAsync() };
}

async function startV4Lane(options: StandInOptions, directory: string, listen: Listen): Promise<V4StandIn> {
  const { username, organizationIds = [], v4Faults, onV4Request } = options;
  return await startV4StandIn({
    listen,
    storage: await openFolderStorage(join(directory, "mapillary")),
    usernames: [username],
    organizations: organizationIds.map((id) => ({ id, slug: `org-${id}`, name: id, description: "" })),
    ...(v4Faults && { faults: v4Faults }),
    ...(onV4Request && { onRequest: onV4Request }),
  });
}

async function startBucketLane(options: StandInOptions, directory: string, listen: Listen) {
  const secret = randomBytes(24).toString("base64url");
  const { url, stop } = await startS3Sandbox({
    listen,
    buckets: { [BUCKET]: await createDiskStore(join(directory, "arrived")) },
    postAccounts: { [ACCESS_KEY_ID]: secret },
    faults: createFaults(options.faults),
    onCreated: options.onReceived,
  });
  const expiresAt = new Date(Date.now() + POLICY_LIFETIME_MS).toISOString();
  const { username } = options;
  const wish = { bucket: BUCKET, username, expiration: expiresAt, maxBytes: MAX_POST_BYTES, secret };
  const account: BucketAccount = {
    uploadUrl: `${url}/${BUCKET}`,
    username,
    accessKeyId: ACCESS_KEY_ID,
    ...makeUploadHashes(wish),
  };
  return { account, expiresAt, stop };
}
