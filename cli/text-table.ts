import Table from "cli-table3";
import { widthOf, wrapText } from "./wrap-text.ts";

/** Most rows of one table; what a person reads. As JSON there are all. */
export const MOST_TABLE_ROWS = 1_000;

/** A table with its title, in lines; none when there are no rows. */
export function section(title: string, head: string[], rows: readonly string[][], columns: number): string[] {
  if (rows.length === 0) return [];
  const rest = rows.length - MOST_TABLE_ROWS;
  return [
    "",
    title,
    tableOf(head, rows.slice(0, MOST_TABLE_ROWS), columns),
    ...(rest > 0 ? [`and ${rest} more: --json names them all`] : []),
  ];
}

/**
 * A table that fits a width where it can.
 *
 * @param columns in characters
 */
export function tableOf(head: string[], rows: readonly string[][], columns: number): string {
  const widths = fitColumns([head, ...rows], columns);
  const table = new Table({ head, style: { head: [], border: [], compact: true } });
  // Wrapped here: the table's own wrapping cuts words that are longer than a line, and file names are.
  table.push(...rows.map((row) => row.map((cell, nth) => wrapText(cell, widths[nth] ?? LEAST_WIDTH))));
  return table.toString();
}

/** A cell's text has a blank on either side and a line behind; the table has one more line in front. */
const CELL_FRAME = 3;
const LEAST_WIDTH = 10;

/** Widths of the columns' texts: the widest are narrowed until the table fits the terminal. */
function fitColumns(rows: readonly string[][], columns: number): number[] {
  const widths = (rows[0] ?? []).map((_, nth) => Math.max(...rows.map((row) => widthOfCell(row[nth] ?? ""))));
  for (let over = sum(widths) + widths.length * CELL_FRAME + 1 - columns; over > 0; over--) {
    const widest = Math.max(...widths);
    if (widest <= LEAST_WIDTH) break;
    widths[widths.indexOf(widest)] = widest - 1;
  }
  return widths;
}

function widthOfCell(text: string): number {
  return Math.max(...text.split("\n").map(widthOf));
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
