import type { PhotoRow, Trouble } from "../lib/ledger/ledger.ts";
import type { PhotoFacts, Reason, Warning } from "../lib/photo/photo.ts";
import type { SequenceStatus } from "../lib/sequence/sequence.ts";
import { type Outcome, outcomeOf } from "./tally.ts";

/**
 * What became of one file. Field names are a contract: other tools read them. What is not known is `null`; measures
 * are in degrees, metres, pixels and bytes, times ISO 8601 UTC.
 */
export interface ReportedRow {
  /** The object key: the path below the folder, with slashes. */
  readonly key: string;
  /** As in the ledger; `waiting`: nothing is recorded of it yet. */
  readonly status: PhotoRow["status"] | "waiting";
  /** Why it was rejected, before it was sent or (v4) when its sequence was made; empty otherwise. */
  readonly reasons: readonly Reason[];
  readonly warnings: readonly Warning[];
  /** Path of its track, once it has a place on it. */
  readonly track: string | null;
  readonly sequenceId: string | null;
  /** 0-based place in the sequence. */
  readonly slot: number | null;
  /** Bucket lane: the object key at the destination. v4: the upload session. */
  readonly destinationKey: string | null;
  /** v4: what Mapillary gave for its bytes. */
  readonly handle: string | null;
  /** v4: the sequence at Mapillary that it is in. */
  readonly clusterId: string | null;
  readonly latitude: number | null;
  readonly longitude: number | null;
  readonly capturedAt: string | null;
  readonly capturedAtSource: PhotoFacts["capturedAtSource"] | null;
  readonly headingDeg: number | null;
  readonly sizeBytes: number | null;
  readonly etag: string | null;
  /** How often it was tried. */
  readonly attempts: number;
  /** What went wrong last. */
  readonly error: Trouble | null;
  /** Key of the photo that has the same bytes. */
  readonly duplicateOf: string | null;
  readonly relayedAt: string | null;
}

/** One sequence that photos of the run are in. */
export interface ReportedSequence {
  readonly id: string;
  /** Path of its track; empty for the top of the folder. */
  readonly track: string;
  /** Photos of the run that arrived in it. */
  readonly photos: number;
  readonly status: SequenceStatus;
  /** v4: what became of it at Mapillary, as far as that is known; none in the bucket lane. */
  readonly clusters: readonly string[];
  /** Why it is held, or what became of the last attempt to finish it. */
  readonly note: string | null;
}

/** What `run --json` prints. */
export interface RunReport {
  /** `relayed` counts the published ones too; `waiting`: neither settled nor given up, another run goes on with them. */
  readonly photos: Readonly<Record<Outcome | "waiting", number>>;
  readonly sequences: readonly ReportedSequence[];
  readonly rows: readonly ReportedRow[];
}

/** Puts a report together. */
export function makeReport(
  rows: readonly ReportedRow[],
  sequences: readonly Omit<ReportedSequence, "photos">[],
): RunReport {
  const photos = { relayed: 0, rejected: 0, duplicate: 0, failed: 0, waiting: 0 };
  const arrived = new Map<string, number>();
  for (const { status, sequenceId } of rows) {
    const outcome = (status === "waiting" ? undefined : outcomeOf(status)) ?? "waiting";
    photos[outcome] += 1;
    if (outcome === "relayed" && sequenceId !== null)
      arrived.set(sequenceId, (arrived.get(sequenceId) ?? 0) + 1);
  }
  return {
    photos,
    sequences: sequences.map((sequence) => ({ ...sequence, photos: arrived.get(sequence.id) ?? 0 })),
    rows,
  };
}

const NOTHING_KNOWN = {
  reasons: [],
  warnings: [],
  track: null,
  sequenceId: null,
  slot: null,
  destinationKey: null,
  handle: null,
  clusterId: null,
  latitude: null,
  longitude: null,
  capturedAt: null,
  capturedAtSource: null,
  headingDeg: null,
  sizeBytes: null,
  etag: null,
  attempts: 0,
  error: null,
  duplicateOf: null,
  relayedAt: null,
} satisfies Omit<ReportedRow, "key" | "status">;

/** A file that the run did not get to. */
export function reportWaiting(key: string): ReportedRow {
  return { key, status: "waiting", ...NOTHING_KNOWN };
}

/** A file that could not be read: no bucket could have got it. */
export function reportUnreadable(key: string, error: Trouble): ReportedRow {
  return { key, status: "failed", ...NOTHING_KNOWN, error };
}

/** A photo by its row in the ledger. */
export function reportRow(row: PhotoRow): ReportedRow {
  const { ref, binding, facts = {} } = row;
  return {
    key: ref.key,
    status: row.status,
    reasons: row.reasons,
    warnings: row.warnings,
    track: binding?.trackPath ?? null,
    sequenceId: binding?.sequenceId ?? null,
    slot: binding?.slot ?? null,
    destinationKey: binding?.destinationKey ?? null,
    handle: row.handle ?? null,
    clusterId: row.clusterId ?? null,
    latitude: facts.latitudeDeg ?? null,
    longitude: facts.longitudeDeg ?? null,
    capturedAt: facts.capturedAt ?? null,
    capturedAtSource: facts.capturedAtSource ?? null,
    headingDeg: facts.headingDeg ?? null,
    sizeBytes: ref.sizeBytes,
    etag: ref.etag,
    attempts: row.attempts,
    error: row.error ?? null,
    duplicateOf: row.duplicateOf?.key ?? null,
    relayedAt: row.relayedAt ?? null,
  };
}
