import { type CloudDestination, startCloudDestination } from "../../../sandbox/cloud-destination.ts";
import { openTemporaryHome } from "../../../sandbox/cloud-home.ts";
import { createFaults, type Faults } from "../../../sandbox/faults.ts";
import type { S3Operation } from "../../../sandbox/s3/service.ts";

/** The bucket lane's destination, with faults on a dial. */
export interface BucketDestination extends CloudDestination, AsyncDisposable {
  readonly faults: Faults<S3Operation>;
  /** The default account's secrets, as a stage takes them. */
  readonly secrets: Readonly<Record<string, string>>;
}

/** Starts it: before the stage is tried, which takes its credentials for secrets. */
export async function startBucketDestination(): Promise<BucketDestination> {
  await using parts = new AsyncDisposableStack();
  const home = await openTemporaryHome();
  parts.defer(home.close);
  const faults = createFaults<S3Operation>();
  const options = { directory: home.directory, accountNames: ["default"], faults };
  const destination = await startCloudDestination(options);
  parts.defer(destination.stop);
  const account = destination.accounts.get("default");
  const secrets = {
    MAPILLARY_USERNAME: account?.username ?? "",
    MAPILLARY_PERMISSION_HASH: account?.permissionHash ?? "",
    MAPILLARY_SIGNATURE_HASH: account?.signatureHash ?? "",
    MAPILLARY_AWS_ACCESS_KEY_ID: account?.accessKeyId ?? "",
    MAPILLARY_UPLOAD_URL: account?.uploadUrl ?? "",
  };
  const kept = parts.move();
  return { ...destination, faults, secrets, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}
