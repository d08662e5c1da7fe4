import type { PhotoRow } from "../lib/ledger/ledger.ts";
import type { Log, LogEvents } from "../lib/pipeline/log.ts";

/** What became of a photo, as it is counted for a person. `published` counts as relayed. */
export type Outcome = "relayed" | "rejected" | "duplicate" | "failed";

/** Counts what the pipeline tells of, while it works. */
export interface Tally {
  /** How many photos there are to account for. */
  readonly total: number;
  /** Photos accounted for, those of earlier runs included. */
  counts(): Readonly<Record<Outcome, number>>;
  /** Photos that were accounted for before this run. */
  readonly settledBefore: () => number;
  /** Bytes that arrived in this run. */
  readonly bytesRelayed: () => number;
  /** Takes the pipeline's events. A photo that is told of twice counts once, as it was told of last. */
  readonly log: Log;
  /** Counts a photo that never enters the pipeline. */
  add(key: string, outcome: Outcome): void;
  /** Counts a photo that an earlier run had settled. */
  addSettled(row: Pick<PhotoRow, "ref" | "status">): void;
}

type SettlingEvent =
  | "photo.relayed"
  | "photo.rejected"
  | "photo.duplicate"
  | "photo.left-out"
  | "photo.failed";
const OUTCOMES: Readonly<Record<SettlingEvent, Outcome>> = {
  "photo.relayed": "relayed",
  "photo.rejected": "rejected",
  "photo.duplicate": "duplicate",
  "photo.left-out": "rejected",
  "photo.failed": "failed",
};

/** Starts at nothing. */
export function createTally(total: number): Tally {
  const outcomes = new Map<string, Outcome>();
  let settledBefore = 0;
  let bytesRelayed = 0;

  return {
    total,
    counts() {
      const counts = { relayed: 0, rejected: 0, duplicate: 0, failed: 0 };
      for (const outcome of outcomes.values()) counts[outcome] += 1;
      return counts;
    },
    settledBefore: () => settledBefore,
    bytesRelayed: () => bytesRelayed,
    log(event, data) {
      if (!isSettling(event) || !("photo" in data)) return;
      if (event === "photo.relayed") bytesRelayed += data.photo.sizeBytes;
      outcomes.set(data.photo.key, OUTCOMES[event]);
    },
    add(key, outcome) {
      outcomes.set(key, outcome);
    },
    addSettled({ ref, status }) {
      settledBefore += 1;
      outcomes.set(ref.key, outcomeOf(status) ?? "relayed");
    },
  };
}

function isSettling(event: keyof LogEvents): event is SettlingEvent {
  return Object.hasOwn(OUTCOMES, event);
}

/** What a status counts as; `undefined` for a photo that is not accounted for yet. */
export function outcomeOf(status: PhotoRow["status"]): Outcome | undefined {
  if (status === "relaying") return undefined;
  return status === "published" ? "relayed" : status;
}
