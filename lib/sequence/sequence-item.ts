import type { ItemKey } from "../ledger/table.ts";
import type { Sender, SequenceRow, SequenceStatus } from "./sequence.ts";

/** A sequence's item. `names` holds a mark of every file name asked for: `claimMarkOf`. */
export interface SequenceItem
  extends ItemKey,
    Sender,
    Omit<SequenceRow, "track" | "sender" | "changedAt" | "version"> {
  readonly bucket: string;
  readonly trackPath: string;
  readonly names?: Set<Uint8Array>;
  readonly statusDay: string;
  /** When the status last changed. */
  readonly updatedAt: string;
  /** Made up for the write that changed it last, so that a worker knows its own. */
  readonly changeId?: string;
}

/** Says whether a sequence is this sender's. */
export function isOf(item: SequenceItem, { account, username, organizationId }: Sender): boolean {
  return item.account === account && item.username === username && item.organizationId === organizationId;
}

/** Hash key in the index `byStatus`. */
export function sequenceStatusDay(status: SequenceStatus, at: string): string {
  return status === "published" ? `sequence#published#${at.slice(0, 10)}` : `sequence#${status}`;
}

/** Reads an item back. */
export function sequenceRowOf(item: SequenceItem): SequenceRow {
  const { pk, sk, names, bucket, trackPath, account, username, organizationId, statusDay, ...rest } = item;
  const { updatedAt, changeId, ...row } = rest;
  return {
    ...row,
    track: { bucket, path: trackPath },
    sender: { account, username, ...(organizationId !== undefined && { organizationId }) },
    changedAt: updatedAt,
    ...(changeId !== undefined && { version: changeId }),
  };
}
