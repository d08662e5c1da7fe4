import type { PhotoRef } from "../photo/photo.ts";
import { type Ledger, type PhotoRow, type Place, photoTagOf, type Sighting } from "./ledger.ts";
import { type PhotoItem, rowOf } from "./photo-item.ts";
import { type IndexQuery, queryKeys, readItems, type Table } from "./table.dynamo.ts";
import { type Duplicates, keyPathOf, photoKeyOf, photoStatusDay, placeOf } from "./table.ts";

type Queries = Pick<Ledger, "look" | "ofSequence" | "ofKey" | "dismissedOn" | "troubled">;

/** The questions a ledger answers. Indexes only find items; what is told is read consistently from the table. */
export function createLedgerQueries(options: {
  readonly table: Table;
  readonly duplicates: Duplicates;
}): Queries {
  const { table, duplicates } = options;

  async function look(refs: readonly PhotoRef[]): Promise<Sighting[]> {
    const keys = refs.flatMap((ref) => PLACES.map((place) => photoKeyOf(ref, place)));
    const items = await readItems<PhotoItem>(table, keys);
    const found = Map.groupBy(items, ({ pk }) => pk);
    return refs.map((ref) => sightingOf(ref, found.get(photoKeyOf(ref, "resting").pk) ?? [], duplicates));
  }

  async function rowsFound(query: IndexQuery): Promise<PhotoRow[]> {
    const keys = await queryKeys(table, query);
    const items = await readItems<PhotoItem>(table, keys);
    return onePerPhoto(items.filter((item) => item.tag !== undefined)).map(rowOf);
  }

  /** Rows found by a status they had when the index was written; kept when they have it still. */
  async function rowsStill(status: PhotoRow["status"], statusDay: string): Promise<PhotoRow[]> {
    const rows = await rowsFound({ index: "byStatus", hash: "statusDay", value: statusDay });
    const sightings = await look(rows.map(({ ref }) => ref));
    return sightings
      .flatMap(({ row }) => (row?.status === status ? [row] : []))
      .sort((a, b) => compare(a.updatedAt, b.updatedAt));
  }

  return {
    look,
    async ofSequence(sequenceId) {
      const rows = await rowsFound({ index: "bySequence", hash: "sequenceId", value: sequenceId });
      return rows.sort((a, b) => (a.binding?.slot ?? 0) - (b.binding?.slot ?? 0));
    },
    async ofKey(bucket, key) {
      const rows = await rowsFound({ index: "byKey", hash: "keyPath", value: keyPathOf(bucket, key) });
      return rows.sort((a, b) => compare(a.createdAt, b.createdAt));
    },
    dismissedOn: (status, day) => rowsStill(status, photoStatusDay(status, day)),
    troubled: () => rowsStill("relaying", photoStatusDay("troubled", "")),
  };
}

const PLACES = ["sent", "sent-apart", "resting"] as const satisfies readonly Place[];

/** A photo may stand in two places for a moment; the sent one counts. */
function sightingOf(ref: PhotoRef, items: readonly PhotoItem[], duplicates: Duplicates): Sighting {
  const tag = photoTagOf(ref);
  const own = items.filter((item) => item.tag === tag);
  const row = own.find((item) => placeOf(item) !== "resting") ?? own[0];
  const other = items.find(
    (item) => item.tag !== tag && placeOf(item) === "sent" && item.status !== "failed",
  );
  if (row !== undefined && placeOf(row) !== "resting") return { row: rowOf(row) };
  return {
    ...(row && { row: rowOf(row) }),
    // One that was given up holds nobody back, and nobody is held back where duplicates are sent.
    ...(other && duplicates === "skip" && { twin: rowOf(other) }),
  };
}

function onePerPhoto(items: readonly PhotoItem[]): PhotoItem[] {
  const chosen = new Map<string, PhotoItem>();
  for (const item of items) {
    const other = chosen.get(item.tag);
    if (other === undefined || placeOf(item) !== "resting") chosen.set(item.tag, item);
  }
  return [...chosen.values()];
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
