import type { BucketAccount } from "../lib/mapillary/bucket-account.ts";
import type { ObjectCreated } from "../sandbox/s3/service.ts";
import type { V4RequestEntry } from "../sandbox/v4/request-log.ts";
import { CALL, callOf, quoteForShell } from "./call.ts";
import type { StandIn } from "./stand-in.ts";
import { formatBytes, printable } from "./terminal-text.ts";

/** Something that arrived over v4. */
export interface V4Arrival {
  /** ISO 8601 UTC. */
  readonly eventTime: string;
  /** The upload session; absent for a finished sequence. */
  readonly sessionKey?: string;
  readonly sizeBytes?: number;
  /** A manifest was made a sequence. */
  readonly finished?: true;
}

/** What a request over v4 brought; `undefined` when it brought nothing, or not all of a file. */
export function v4ArrivalOf(
  { operation, status, key, offset = 0, bytesKept }: V4RequestEntry,
  now: Date,
): V4Arrival | undefined {
  const eventTime = now.toISOString();
  if (status !== 200) return undefined;
  if (operation === "FinishUpload") return { eventTime, finished: true };
  if (operation !== "PostBytes" || key === undefined) return undefined;
  return { eventTime, sessionKey: key, sizeBytes: offset + bytesKept };
}

/** One line for a person. */
export function tellV4Arrival({ eventTime, sessionKey, sizeBytes = 0 }: V4Arrival): string {
  if (sessionKey === undefined) return `${eventTime} finished a sequence`;
  return `${eventTime} received ${printable(sessionKey)} (${formatBytes(sizeBytes)})`;
}

/** One line for a person. */
export function tellObject({ eventTime, key, sizeBytes, etag }: ObjectCreated): string {
  return `${eventTime} received ${printable(key)} (${formatBytes(sizeBytes)}, ${etag})`;
}

/** What clients of both lanes need, to be pasted into a shell. */
export function describeStandIn({ account, v4 }: StandIn): string {
  const { uploadUrl: uploadEndpoint, url: graphEndpoint, connectUrl, client } = v4;
  const { accessToken } = tokenOf(v4);
  const login = ["account", "login", "--client-id", client.id, "--graph-endpoint", graphEndpoint];
  return [
    `Mapillary's stand-in is at ${graphEndpoint}`,
    "",
    "# API v4",
    ...exportsOf(v4Environment(accessToken, uploadEndpoint, graphEndpoint)),
    `${CALL} run FOLDER --destination v4 --upload-endpoint ${uploadEndpoint} --graph-endpoint ${graphEndpoint}`,
    `# what was finished: ${graphEndpoint}/__sandbox/clusters`,
    "",
    "# API v4: an application that people log in with",
    ...exportsOf({ MAPILLARY_CLIENT_SECRET: client.secret }),
    callOf(...login, "--connect-url", connectUrl, "--print"),
    "",
    "# bucket lane",
    ...exportsOf(bucketEnvironment(account)),
    `${CALL} run FOLDER --upload-url ${account.uploadUrl}`,
    "",
    "",
  ].join("\n");
}

/** The same for a program. Field names are a contract. */
export function standInAsJson({ account, expiresAt, v4 }: StandIn) {
  const { accessToken, expiresAtMs } = tokenOf(v4);
  return {
    url: v4.url,
    uploadUrl: account.uploadUrl,
    expiresAt,
    uploadEndpoint: v4.uploadUrl,
    graphEndpoint: v4.url,
    connectUrl: v4.connectUrl,
    clientId: v4.client.id,
    tokenExpiresAt: new Date(expiresAtMs).toISOString(),
    env: {
      ...bucketEnvironment(account),
      ...v4Environment(accessToken, v4.uploadUrl, v4.url),
      MAPILLARY_CLIENT_SECRET: v4.client.secret,
    },
  };
}

function tokenOf({ users }: StandIn["v4"]) {
  const [user] = users;
  if (user === undefined) throw new TypeError("the stand-in has no user");
  return user;
}

function v4Environment(accessToken: string, uploadEndpoint: string, graphEndpoint: string) {
  return {
    MAPILLARY_ACCESS_TOKEN: accessToken,
    // As Mapillary's own client has it too, which calls the graph by another name.
    MAPILLARY_UPLOAD_ENDPOINT: uploadEndpoint,
    MAPILLARY_GRAPH_ENDPOINT: graphEndpoint,
    MAPILLARY_GRAPH_API_ENDPOINT: graphEndpoint,
  };
}

function bucketEnvironment({ username, permissionHash, signatureHash, accessKeyId }: BucketAccount) {
  return {
    MAPILLARY_USERNAME: username,
    MAPILLARY_PERMISSION_HASH: permissionHash,
    MAPILLARY_SIGNATURE_HASH: signatureHash,
    MAPILLARY_AWS_ACCESS_KEY_ID: accessKeyId,
  };
}

function exportsOf(variables: Readonly<Record<string, string>>): string[] {
  return Object.entries(variables).map(([name, value]) => `export ${name}=${quoteForShell(value)}`);
}
