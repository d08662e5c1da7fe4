import Table from "cli-table3";
import type { Spread } from "./start/spread.ts";

/** A table for a terminal: the first column to the left, figures to the right. */
export function drawTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const table = new Table({
    head: [...head],
    colAligns: head.map((_, at) => (at === 0 ? "left" : "right")),
    style: { head: [], border: [], compact: true },
  });
  table.push(...rows.map((row) => [...row]));
  return table.toString();
}

/** Median, and behind it the least and the most when there was more than one measurement: `2.44 (2.40–2.51)`. */
export function tellSpread({ count, median, min, max }: Spread, digits: number): string {
  const [middle, least, most] = [median, min, max].map((value) => value.toFixed(digits));
  return count === 1 ? `${middle}` : `${middle} (${least}–${most})`;
}
