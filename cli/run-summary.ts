import type { Fleet } from "../lib/config/fleet.ts";
import { variableOf } from "../lib/config/settings.ts";
import { ORGANIZATION_REFUSED } from "../lib/mapillary/v4-checks.ts";
import type { Reason } from "../lib/photo/photo.ts";
import { INTERRUPTED } from "./interruption.ts";
import type { Refusal } from "./relay-photos.ts";
import type { ReportedRow, RunReport } from "./run-report.ts";
import { describeSequences, describeWaitingForPerson } from "./sequence-text.ts";
import { countOf, formatBytes, formatDuration, printable } from "./terminal-text.ts";
import { section } from "./text-table.ts";
import { wrapText } from "./wrap-text.ts";

/** What a summary tells beside the report. */
export interface SummaryOptions {
  readonly lane: Fleet["destination"];
  /** Where the run is kept; absent when it is not. */
  readonly stateDirectory?: string;
  /** Bytes that arrived in this run. */
  readonly bytesRelayed: number;
  readonly durationMs: number;
  /** Width to fit tables to, in characters. */
  readonly columns: number;
  /** Accounts that were refused, and why: their photos wait. */
  readonly refusals: readonly Refusal[];
}

/** The outcome of a run for a person: totals, sequences, and every file that was not relayed with its reasons. */
export function describeReport(report: RunReport, options: SummaryOptions): string {
  const { columns } = options;
  const notRelayed = report.rows.filter((row) => !isRelayed(row) && !isLeftOut(row) && !isUntouched(row));
  const warned = report.rows.filter((row) => row.warnings.length > 0 && isRelayed(row));
  const leftOut = report.rows.filter(isLeftOut);
  return [
    describeTotals(report, options),
    ...options.refusals.map((refusal) => describeRefusal(refusal, options)),
    ...describeSequences(report.sequences, columns),
    ...describeWaitingForPerson(report.sequences, options),
    ...section("Not relayed", ["File", "Status", "Why"], notRelayed.map(tellNotRelayed), columns),
    ...section("Sent, and left out of every sequence", ["File", "Why"], leftOut.map(tellLeftOut), columns),
    ...section("Relayed with a warning", ["File", "Warning"], warned.map(tellWarned), columns),
  ].join("\n");
}

function describeTotals({ photos }: RunReport, { bytesRelayed, durationMs }: SummaryOptions): string {
  const { waiting, ...settled } = photos;
  const total = Object.values(photos).reduce((sum, count) => sum + count, 0);
  const counts = Object.entries(settled).map(([outcome, count]) => `${count} ${outcome}`);
  const rate = durationMs > 0 ? `, ${formatBytes((bytesRelayed * 1_000) / durationMs)}/s` : "";
  // A run that found everything done has nothing to tell of bytes.
  const sent = `${formatBytes(bytesRelayed)} sent in ${formatDuration(durationMs)}${rate}`;
  return [
    `${countOf(total, "file")}: ${counts.join(", ")}${waiting > 0 ? `, ${waiting} waiting` : ""}`,
    ...(bytesRelayed > 0 ? [sent] : []),
  ].join("\n");
}

const CREDENTIALS = {
  bucket: ["USERNAME", "PERMISSION_HASH", "SIGNATURE_HASH", "AWS_ACCESS_KEY_ID"],
  v4: ["ACCESS_TOKEN"],
} as const;

/** Most of the files that wait have no line of their own: here is why, and how that ends. */
function describeRefusal({ account, trouble }: Refusal, { columns, lane }: SummaryOptions): string {
  const variables = CREDENTIALS[lane].map((name) => variableOf(name, account)).join(", ");
  const toDo =
    trouble.code === ORGANIZATION_REFUSED
      ? "let the account's user join the organization, or mend organizationId in the fleet's rules"
      : `mend the account's credentials (${variables})`;
  const text = [
    "",
    `The account ${account} was refused, so the run stopped; files that were not done by then wait, unfit ones too.`,
    `Why: ${tellFinding(trouble)}`,
    `To do: ${toDo}, and run the same command again.`,
  ];
  return wrapText(text.join("\n"), columns);
}

function tellNotRelayed(row: ReportedRow): string[] {
  return [printable(row.key), row.status === "relaying" ? "waiting" : row.status, explain(row)];
}

function tellLeftOut({ key, reasons }: ReportedRow): string[] {
  return [printable(key), reasons.map(tellFinding).join("\n")];
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

/** It arrived, and was found superfluous when the sequence was made of all of them. */
function isLeftOut({ status, sequenceId }: ReportedRow): boolean {
  return status === "rejected" && sequenceId !== null;
}

function isRelayed({ status }: ReportedRow): boolean {
  return status === "relayed" || status === "published";
}
