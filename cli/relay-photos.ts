import type { Fleet } from "../lib/config/fleet.ts";
import type { Account } from "../lib/pipeline/deps.ts";
import type { Log, LogEvents } from "../lib/pipeline/log.ts";
import { type Cloud, startCloud } from "../sandbox/cloud.ts";
import type { ObjectStore } from "../sandbox/s3/object-store.ts";
import { type Fed, feedPhotos } from "./feed.ts";
import type { FolderListing } from "./folder-listing.ts";
import {
  makeReport,
  type ReportedRow,
  type ReportedSequence,
  type RunReport,
  reportRow,
  reportUnreadable,
  reportWaiting,
} from "./run-report.ts";
import type { Tally } from "./tally.ts";

/** What one run relays, and with what. */
export interface RelayOptions {
  readonly photos: ObjectStore;
  readonly listing: FolderListing;
  readonly fleet: Fleet;
  /** Credentials by account name; absent: the embedded destination. */
  readonly destinations?: ReadonlyMap<string, Account>;
  /** Absent: nothing is kept. */
  readonly stateDirectory?: string;
  readonly tally: Tally;
  /** Gets every event, after the tally. */
  readonly log: Log;
}

/** An account that was stopped in this run, and why. */
export type Refusal = LogEvents["account.stopped"];

/** What came of a run. */
export interface RelayResult {
  readonly report: RunReport;
  /** `stopped`: the account is refused until somebody mends its credentials. */
  readonly end: Awaited<ReturnType<Cloud["drain"]>>;
  /** In the order they were refused; their photos wait. */
  readonly refusals: readonly Refusal[];
}

/** Name of the photo bucket when the fleet's configuration has none. */
const DEFAULT_BUCKET = "photos";

/** Rows asked for at once. */
const ROWS_AT_ONCE = 50;

/**
 * Takes every photo of a folder through the pipeline, in a cloud on this machine, and closes the sequences.
 *
 * @param signal breaks it off; what was recorded so far is reported
 */
export async function relayPhotos(options: RelayOptions, signal: AbortSignal): Promise<RelayResult> {
  const { photos, listing, fleet, tally } = options;
  const bucket = fleet.bucket ?? DEFAULT_BUCKET;
  const refusals: Refusal[] = [];
  await using parts = new AsyncDisposableStack();
  const cloud = await startCloud({
    bucket,
    photos,
    fleet,
    ...(options.destinations && { destinations: options.destinations }),
    ...(options.stateDirectory !== undefined && { stateDirectory: options.stateDirectory }),
    log: (event, data) => {
      if (event === "account.stopped" && "account" in data && "trouble" in data) refusals.push(data);
      tally.log(event, data);
      options.log(event, data);
    },
  });
  parts.defer(() => cloud.stop());
  const { fed, end: drained } = await feedAndDrain(
    cloud,
    (ending) => feedPhotos({ cloud, bucket, photos, listing, tally }, ending),
    signal,
  );
  if (drained === "empty") await cloud.closeSequences(signal);
  const end = signal.aborted ? "interrupted" : drained;
  const rows = await readRows(cloud, listing, fed);
  return { end, refusals, report: makeReport(rows, await readSequences(cloud, bucket, rows)) };
}

/** Both at once: the first photo is sent while the last is still to be looked at. Neither outlives the other. */
async function feedAndDrain(
  cloud: Cloud,
  feed: (signal: AbortSignal) => Promise<Fed>,
  signal: AbortSignal,
): Promise<{ fed: Fed; end: RelayResult["end"] }> {
  const over = new AbortController();
  const feeding = feed(AbortSignal.any([signal, over.signal]));
  try {
    const end = await cloud.drain(signal, feeding);
    over.abort();
    return { fed: await feeding, end };
  } finally {
    over.abort();
    await Promise.allSettled([feeding]);
  }
}

async function readRows(
  cloud: Cloud,
  listing: FolderListing,
  { refs, unreadable }: Fed,
): Promise<ReportedRow[]> {
  const rows: ReportedRow[] = [];
  for (let at = 0; at < listing.photos.length; at += ROWS_AT_ONCE) {
    const keys = listing.photos.slice(at, at + ROWS_AT_ONCE);
    const known = keys.flatMap((key) => refs.get(key) ?? []);
    const sightings = await cloud.ledger.look(known);
    const recorded = new Map(sightings.flatMap(({ row }) => (row === undefined ? [] : [[row.ref.key, row]])));
    for (const key of keys) {
      const [row, trouble] = [recorded.get(key), unreadable.get(key)];
      if (row !== undefined) rows.push(reportRow(row));
      else rows.push(trouble === undefined ? reportWaiting(key) : reportUnreadable(key, trouble));
    }
  }
  return rows;
}

/** The sequences that the rows are in, by track and in order. */
async function readSequences(cloud: Cloud, bucket: string, rows: readonly ReportedRow[]) {
  const ids = new Set(rows.map(({ sequenceId }) => sequenceId));
  const tracks = new Set(rows.flatMap(({ track }) => track ?? []));
  const sequences: Omit<ReportedSequence, "photos">[] = [];
  for (const path of tracks) {
    for (const row of await cloud.sequences.ofTrack({ bucket, path })) {
      const { id, track, status, note = null, parts = [] } = row;
      const clusters = parts.flatMap(({ clusterId }) => clusterId ?? []);
      if (ids.has(id)) sequences.push({ id, track: track.path, status, clusters, note });
    }
  }
  return sequences;
}
