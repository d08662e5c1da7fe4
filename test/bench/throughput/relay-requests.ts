import type { PeerRun } from "../run-peer.ts";
import { type Spread, spreadOf } from "../start/spread.ts";

/** What the relay asks of others, for one photo. */
export interface RequestFigures {
  /** Of the source. */
  readonly gets: Spread;
  /** Of the destination. */
  readonly posts: Spread;
  /** Single-item writes; those of a condition that did not hold are paid for, and count. */
  readonly tableWrites: Spread;
  readonly tableReads: Spread;
}

const WRITES = ["PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem", "TransactWriteItems"];
const READS = ["GetItem", "BatchGetItem", "Query", "Scan", "TransactGetItems"];

/**
 * Divides what the servers counted by the photos.
 *
 * @param photos of each run, warm-up included: servers count from the first on
 * @returns `undefined` when there was no run
 */
export function requestsOf(
  runs: readonly Pick<PeerRun, "source" | "destination" | "table">[],
  photos: number,
): RequestFigures | undefined {
  if (runs.length === 0) return undefined;
  const perPhoto = (server: "source" | "destination" | "table", operations: readonly string[]) =>
    spreadOf(
      runs.map((run) => {
        const counts = operations.map((operation) => run[server].requests[operation] ?? 0);
        return counts.reduce((sum, count) => sum + count, 0) / photos;
      }),
    );
  return {
    gets: perPhoto("source", ["GET", "HEAD"]),
    posts: perPhoto("destination", ["POST"]),
    tableWrites: perPhoto("table", WRITES),
    tableReads: perPhoto("table", READS),
  };
}
