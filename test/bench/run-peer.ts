import { DEFAULT_ACCESS_KEY_ID } from "../../lib/mapillary/bucket-account.ts";
import { makeUploadHashes } from "../../sandbox/s3/policy-maker.ts";
import type { PeerJob, PeerResult } from "./peers/peer-job.ts";
import type { Peer } from "./peers.ts";
import { runReporting } from "./reporting-process.ts";
import type { ServerReport } from "./servers/counts.ts";
import type { Stage } from "./stage.ts";

/** What a peer is to do. */
export interface Work {
  readonly sizeBytes: number;
  /** How many photos at a time. */
  readonly concurrency: number;
  readonly photos: number;
  /** See {@link PeerJob.smallPhotos}. */
  readonly smallPhotos: number;
  /** Relayed before, and not measured. */
  readonly warmUpPhotos: number;
  /** Photos in one event of the relay. */
  readonly batchPhotos: number;
}

/** What the destination does with a file: count its bytes, or hold it against the photo. */
export type Attention = "measured" | "verified";

/** What one run of a peer came to. */
export interface PeerRun extends PeerResult {
  readonly source: ServerReport;
  readonly destination: ServerReport;
  readonly table: ServerReport;
}

let runs = 0;

/**
 * Runs a peer once, in a process of its own.
 *
 * @throws when it fails, when not every photo arrived, or when what arrived was wrong
 * @throws the signal's reason
 */
export async function runPeer(
  stage: Stage,
  peer: Peer,
  work: Work,
  attention: Attention,
  signal: AbortSignal,
): Promise<PeerRun> {
  const servers = [stage.source, stage.destination, stage.table] as const;
  runs += 1;
  const job = await jobOf(stage, work, attention, `run-${process.pid}-${runs}`);
  await Promise.all(servers.map((server) => server.report()));
  const result = await runProcess(stage, peer, work, job, signal);
  const [source, destination, table] = await Promise.all([
    stage.source.report(),
    stage.destination.report(),
    stage.table.report(),
  ]);
  const complaints = [source, destination, table].flatMap(({ complaints }) => complaints);
  if (complaints.length > 0) throw new Error(`${peer.name}: ${complaints.slice(0, 5).join("; ")}`);
  const expected = work.warmUpPhotos + work.photos;
  const arrived = attention === "verified" ? destination.verified : (destination.requests.POST ?? 0);
  if (arrived < expected) throw new Error(`${peer.name}: ${arrived} of ${expected} photos arrived`);
  return { ...result, source, destination, table };
}

async function jobOf(stage: Stage, work: Work, bucket: Attention, run: string): Promise<PeerJob> {
  const username = "driver";
  const wish = { bucket, username, expiration: "2100-01-01T00:00:00Z", maxBytes: 2 ** 32, secret: run };
  const { sizeBytes, smallPhotos, warmUpPhotos, photos, concurrency } = work;
  return {
    run,
    sizeBytes,
    smallPhotos,
    warmUpPhotos,
    photos,
    concurrency,
    sourceUrl: stage.source.url,
    uploadUrl: `${stage.destination.url}/${bucket}`,
    file: await stage.photoFile(sizeBytes),
    certificateFile: stage.certificateFile,
    credentials: { username, accessKeyId: DEFAULT_ACCESS_KEY_ID, ...makeUploadHashes(wish) },
  };
}

async function runProcess(
  stage: Stage,
  peer: Peer,
  work: Work,
  job: PeerJob,
  signal: AbortSignal,
): Promise<PeerResult> {
  const command = peer.nodeFlags === undefined ? "python3" : process.execPath;
  const args = [...(peer.nodeFlags ?? []), stage.fileOf(peer)];
  const environment = { ...inherited(), ...peer.environment, ...environmentOf(stage, work, job) };
  const { code, result, errors } = await runReporting(command, args, environment, signal);
  if (code !== 0 || result === "") throw new Error(`${peer.name} ended with ${code}:\n${errors}`);
  return JSON.parse(result);
}

/** What a program needs to run at all; nothing of the user's that would change how. */
function inherited(): NodeJS.ProcessEnv {
  const foreign = /^(NODE_|AWS_|MAPILLARY_|npm_)|_proxy$/i;
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !foreign.test(name)));
}

function environmentOf(stage: Stage, work: Work, job: PeerJob): Record<string, string> {
  const { username, accessKeyId, permissionHash, signatureHash } = job.credentials;
  return {
    BENCH_JOB: JSON.stringify(job),
    BENCH_HANDLER: stage.handlerFile,
    BENCH_BATCH: String(work.batchPhotos),
    NODE_EXTRA_CA_CERTS: stage.certificateFile,
    NO_PROXY: "*",
    AWS_REGION: "eu-west-1",
    AWS_ACCESS_KEY_ID: "bench",
    AWS_SECRET_ACCESS_KEY: "bench",
    AWS_ENDPOINT_URL_S3: stage.source.url,
    AWS_ENDPOINT_URL_DYNAMODB: stage.table.url,
    FLEET: JSON.stringify({ destination: "bucket", photosAtOnce: work.concurrency }),
    TABLE_NAME: "mapillary-relay",
    // Nobody is there: a message that goes back to the queue ends the run.
    INTAKE_QUEUE_URL: "https://127.0.0.1:9/intake",
    RELAY_TIMEOUT_SECONDS: "900",
    MAPILLARY_USERNAME: username,
    MAPILLARY_PERMISSION_HASH: permissionHash,
    MAPILLARY_SIGNATURE_HASH: signatureHash,
    MAPILLARY_AWS_ACCESS_KEY_ID: accessKeyId,
    MAPILLARY_UPLOAD_URL: job.uploadUrl,
  };
}
