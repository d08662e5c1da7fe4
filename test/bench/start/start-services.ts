/** What a function needs when it starts: an environment that it accepts, and services that answer its first calls. */
import { randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startCloudDestination } from "../../../sandbox/cloud-destination.ts";
import { makePhoto } from "../../../sandbox/photo-maker.ts";
import { createMemoryStore } from "../../../sandbox/s3/memory-store.ts";
import { startS3Sandbox } from "../../../sandbox/s3/server.ts";
import { s3EventBody } from "../../../sandbox/s3-event.ts";
import { startTableSandbox } from "../../../sandbox/table.ts";

/** Services on 127.0.0.1, over plain HTTP, in this process. */
export interface StartServices extends AsyncDisposable {
  /** Everything that any of the functions reads. */
  readonly environment: Readonly<Record<string, string>>;
  /** For files; removed in the end. */
  readonly directory: string;
  /** An event of the intake queue that names one new photo, which is in its bucket. */
  newPhotoEvent(): Promise<unknown>;
  /** How many photos the destination has got so far. */
  countArrived(): Promise<number>;
}

const BUCKET = "photos";

/** Starts them on free ports. */
export async function startServices(): Promise<StartServices> {
  await using parts = new AsyncDisposableStack();
  const directory = await mkdtemp(join(tmpdir(), "relay-start-bench-"));
  parts.defer(() => rm(directory, { recursive: true, force: true }));
  const photos = createMemoryStore();
  const source = await startS3Sandbox({ buckets: { [BUCKET]: photos } });
  parts.defer(source.stop);
  const table = await startTableSandbox();
  parts.defer(table.stop);
  const destination = await startCloudDestination({ directory, accountNames: ["default"] });
  parts.defer(destination.stop);
  const account = destination.accounts.get("default");
  if (account === undefined) throw new Error("the stand-in was started without its account");
  const environment = {
    FLEET: JSON.stringify({ destination: "bucket", track: "{vehicle}/" }),
    TABLE_NAME: table.table.name,
    // Nothing here is postponed, so nobody calls it.
    INTAKE_QUEUE_URL: "http://127.0.0.1:9/000000000000/intake",
    RELAY_TIMEOUT_SECONDS: "60",
    MAPILLARY_USERNAME: account.username,
    MAPILLARY_PERMISSION_HASH: account.permissionHash,
    MAPILLARY_SIGNATURE_HASH: account.signatureHash,
    MAPILLARY_AWS_ACCESS_KEY_ID: account.accessKeyId,
    MAPILLARY_UPLOAD_URL: account.uploadUrl,
    AWS_REGION: "us-east-1",
    AWS_ACCESS_KEY_ID: "sandbox",
    AWS_SECRET_ACCESS_KEY: "sandbox",
    AWS_ENDPOINT_URL_S3: source.url,
    AWS_ENDPOINT_URL_DYNAMODB: table.url,
    HOME: directory,
  };
  let made = 0;
  const newPhotoEvent = async () => {
    made += 1;
    const bytes = makePhoto({ seed: made, latitudeDeg: 50 + made / 10_000 });
    const key = `van-1/IMG_${made}.jpg`;
    const { etag, sizeBytes } = await photos.put({
      key,
      body: inOnePiece(bytes),
      modifiedMs: 0,
      headers: {},
      tags: [],
    });
    return sqsEventOf(
      s3EventBody({ bucket: BUCKET, key, etag, sizeBytes, eventTime: "2026-11-22T12:00:00Z" }),
    );
  };
  const countArrived = async () => {
    let count = 0;
    for await (const _key of destination.arrived.keys({ prefix: "", after: undefined })) count += 1;
    return count;
  };
  const running = parts.move();
  return {
    environment,
    directory,
    newPhotoEvent,
    countArrived,
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

async function* inOnePiece(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

function sqsEventOf(body: string): unknown {
  const attributes = { ApproximateReceiveCount: "1", SentTimestamp: String(Date.now()) };
  return { Records: [{ messageId: randomUUID(), receiptHandle: "none", body, attributes }] };
}
