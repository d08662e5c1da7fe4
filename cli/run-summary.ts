import Table from "cli-table3";
import { variableOf } from "../lib/config/settings.ts";
import type { Reason } from "../lib/photo/photo.ts";
import { INTERRUPTED } from "./interruption.ts";
import type { Refusal } from "./relay-photos.ts";
import type { ReportedRow, ReportedSequence, RunReport } from "./run-report.ts";
import { countOf, formatBytes, formatDuration, printable } from "./terminal-text.ts";
import { widthOf, wrapText } from "./wrap-text.ts";

/** What a summary tells beside the report. */
export interface SummaryOptions {
  /** Bytes that arrived in this run. */
  readonly bytesRelayed: number;
  readonly durationMs: number;
  /** Width to fit tables to, in characters. */
  readonly columns: number;
  /** Accounts that were refused, and why: their photos wait. */
  readonly refusals: readonly Refusal[];
}

/** Most rows of one table; what a person reads. The report as JSON has them all. */
export const MOST_TABLE_ROWS = 1_000;

/** The outcome of a run for a person: totals, sequences, and every file that was not relayed with its reasons. */
export function describeReport(report: RunReport, options: SummaryOptions): string {
  const leftOut = report.rows.filter((row) => !isRelayed(row.status) && !isUntouched(row));
  const warned = report.rows.filter(({ warnings, status }) => warnings.length > 0 && isRelayed(status));
  return [
    describeTotals(report, options),
    ...options.refusals.map((refusal) => describeRefusal(refusal, options)),
    ...section(
      "Sequences",
      ["Track", "Photos", "Status", "Sequence"],
      report.sequences.map(tellSequence),
      options,
    ),
    ...section("Not relayed", ["File", "Status", "Why"], leftOut.map(tellLeftOut), options),
    ...section("Relayed with a warning", ["File", "Warning"], warned.map(tellWarned), options),
  ].join("\n");
}

function describeTotals({ photos }: RunReport, { bytesRelayed, durationMs }: SummaryOptions): string {
  const { waiting, ...settled } = photos;
  const total = Object.values(photos).reduce((sum, count) => sum + count, 0);
  const counts = Object.entries(settled).map(([outcome, count]) => `${count} ${outcome}`);
  const rate = durationMs > 0 ? `, ${formatBytes((bytesRelayed * 1_000) / durationMs)}/s` : "";
  return [
    `${countOf(total, "file")}: ${counts.join(", ")}${waiting > 0 ? `, ${waiting} waiting` : ""}`,
    `${formatBytes(bytesRelayed)} sent in ${formatDuration(durationMs)}${rate}`,
  ].join("\n");
}

/** Most of the files that wait have no line of their own: here is why, and how that ends. */
function describeRefusal({ account, trouble }: Refusal, { columns }: SummaryOptions): string {
  const variables = (["USERNAME", "PERMISSION_HASH", "SIGNATURE_HASH", "AWS_ACCESS_KEY_ID"] as const).map(
    (name) => variableOf(name, account),
  );
  const text = [
    "",
    `The account ${account} was refused, so the run stopped; files that were not done by then wait, unfit ones too.`,
    `Why: ${tellFinding(trouble)}`,
    `To do: mend the account's credentials (${variables.join(", ")}), and run the same command again.`,
  ];
  return wrapText(text.join("\n"), columns);
}

function tellSequence({ track, photos, status, id, note }: ReportedSequence): string[] {
  const told = note === null || status === "published" ? status : `${status}: ${printable(note)}`;
  return [track === "" ? "(top folder)" : printable(track), String(photos), told, id];
}

function tellLeftOut(row: ReportedRow): string[] {
  return [printable(row.key), row.status === "relaying" ? "waiting" : row.status, explain(row)];
}

function tellWarned({ key, warnings }: ReportedRow): string[] {
  return [printable(key), warnings.map(tellFinding).join("\n")];
}

function explain({ status, reasons, duplicateOf, error }: ReportedRow): string {
  if (status === "rejected") return tellReasons(reasons).join("\n");
  if (status === "duplicate") return `the same bytes as ${printable(duplicateOf ?? "another photo")}`;
  return error === null ? "" : tellFinding(error);
}

/**
 * The reasons of a rejection, a line each, without what a person can do without: where there is no EXIF, whatever
 * would be in it is missing; and several tags that are missing need one line, for their codes say all.
 */
export function tellReasons(reasons: readonly Reason[]): string[] {
  const missing = reasons.filter(({ code }) => code.endsWith("-missing"));
  const others = reasons.filter(({ code }) => !code.endsWith("-missing")).map(tellFinding);
  if (missing.length === 0 || reasons.some(({ code }) => code === "no-exif")) return others;
  if (missing.length === 1) return [...others, ...missing.map(tellFinding)];
  return [...others, `${missing.map(({ code }) => code).join(", ")}: not in its EXIF`];
}

/** One finding in one line. */
export function tellFinding({ code, message }: { readonly code: string; readonly message: string }): string {
  return `${code}: ${printable(message)}`;
}

/** Nothing can be said of it but that it waits, which the totals do: after an interruption that may be most files. */
function isUntouched({ status, error }: ReportedRow): boolean {
  return (status === "waiting" || status === "relaying") && (error === null || error.code === INTERRUPTED);
}

function isRelayed(status: ReportedRow["status"]): boolean {
  return status === "relayed" || status === "published";
}

function section(
  title: string,
  head: string[],
  rows: readonly string[][],
  { columns }: SummaryOptions,
): string[] {
  if (rows.length === 0) return [];
  const shown = rows.slice(0, MOST_TABLE_ROWS);
  const widths = fitColumns([head, ...shown], columns);
  const table = new Table({ head, style: { head: [], border: [], compact: true } });
  // Wrapped here: the table's own wrapping cuts words that are longer than a line, and file names are.
  table.push(...shown.map((row) => row.map((cell, nth) => wrapText(cell, widths[nth] ?? LEAST_WIDTH))));
  const rest = rows.length - shown.length;
  return ["", title, table.toString(), ...(rest > 0 ? [`and ${rest} more: --json names them all`] : [])];
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
