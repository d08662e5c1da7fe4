/** A relay worker in a process of its own; prints what its memory was as JSON. */
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import { readFleet } from "../../lib/config/fleet.ts";
import { DEFAULT_ACCESS_KEY_ID } from "../../lib/mapillary/bucket-account.ts";
import { CLOUD_RETRIES } from "../../lib/pipeline/backoff.ts";
import { createBucketAccount } from "../../lib/pipeline/bucket-account.node.ts";
import { createDeps } from "../../lib/pipeline/deps.node.ts";
import type { Account } from "../../lib/pipeline/deps.ts";
import { relayMessages } from "../../lib/pipeline/relay-messages.ts";
import { createV4Account } from "../../lib/pipeline/v4-account.node.ts";
import { createSandboxPhotoSource } from "../../sandbox/photo-source.ts";
import { makeUploadHashes } from "../../sandbox/s3/policy-maker.ts";
import { s3EventBody } from "../../sandbox/s3-event.ts";
import { peakRssBytes } from "../support/peak-rss.ts";

const { SOURCE_URL = "", UPLOAD_URL = "", TABLE_URL = "", COUNT = "", SIZE_MIB = "" } = process.env;
const { LANE = "bucket", GRAPH_URL = "", ACCESS_TOKEN = "" } = process.env;
const LONGEST_MS = 900_000;
const MIB = 2 ** 20;
const common = { region: "eu-west-1", credentials: { accessKeyId: "x", secretAccessKey: "x" } };
const hashes = makeUploadHashes({
  bucket: "inbox",
  username: "driver",
  expiration: "2100-01-01T00:00:00Z",
  maxBytes: 2 ** 32,
  secret: "x",
});
const inbox = { uploadUrl: UPLOAD_URL, username: "driver", accessKeyId: DEFAULT_ACCESS_KEY_ID, ...hashes };
function createAccount(): Account {
  if (LANE === "bucket") return createBucketAccount("default", inbox, LONGEST_MS);
  const credential = { kind: "token", accessToken: ACCESS_TOKEN } as const;
  const v4 = { credential, uploadEndpoint: UPLOAD_URL, graphEndpoint: GRAPH_URL };
  return createV4Account("default", v4, LONGEST_MS);
}

const source = createSandboxPhotoSource(SOURCE_URL);
const dynamo = new DynamoDBClient({ ...common, endpoint: TABLE_URL });
const deps = createDeps({
  fleet: readFleet({ destination: LANE }),
  table: {
    client: DynamoDBDocumentClient.from(dynamo, { marshallOptions: { removeUndefinedValues: true } }),
    name: "mapillary-relay",
  },
  source,
  accounts: new Map([["default", createAccount()]]),
  retries: CLOUD_RETRIES,
  relayLifetimeMs: 900_000,
  indexLagMs: 0,
  log: () => {},
});

async function relay(keys: readonly string[], sizeMib: number): Promise<number> {
  const messages = keys.map((key, at) => ({
    messageId: String(at),
    body: s3EventBody({
      bucket: "photos",
      key,
      etag: `etag-of-${key}`,
      sizeBytes: sizeMib * MIB,
      eventTime: "",
    }),
    receiveCount: 1,
    sentAtMs: Date.now(),
  }));
  const shift = { remainingMs: () => 900_000, signal: new AbortController().signal };
  const results = await relayMessages(deps, messages, shift);
  return results.filter(({ kind }) => kind === "settled").length;
}

await relay([`1-warm-${process.pid}`], 1);
const idleMb = process.memoryUsage().rss / 1e6;
let settled = 0;
for (let at = 0; at < Number(COUNT); at += 10) {
  const keys = Array.from(
    { length: Math.min(10, Number(COUNT) - at) },
    (_, n) => `${SIZE_MIB}-${process.pid}-${at + n}`,
  );
  settled += await relay(keys, Number(SIZE_MIB));
}
const { userCPUTime, systemCPUTime } = process.resourceUsage();
const cpuSeconds = (userCPUTime + systemCPUTime) / 1e6;
process.stdout.write(JSON.stringify({ idleMb, peakMb: peakRssBytes() / 1e6, cpuSeconds, settled }));
source.stop();
dynamo.destroy();
