import { callOf } from "./call.ts";
import type { ReportedSequence } from "./run-report.ts";
import { printable } from "./terminal-text.ts";
import { section } from "./text-table.ts";
import { wrapText } from "./wrap-text.ts";

/** How a person names the ledger: `--state DIR` or `--table NAME`. */
export type LedgerWords = readonly [flag: "--state" | "--table", value: string];

/** The sequences of a run, as a table in lines. */
export function describeSequences(sequences: readonly ReportedSequence[], columns: number): string[] {
  const hasClusters = sequences.some(({ clusters }) => clusters.length > 0);
  const head = ["Track", "Photos", "Status", "Sequence", ...(hasClusters ? ["Cluster"] : [])];
  const rows = sequences.map((sequence) => [
    tellTrack(sequence.track),
    String(sequence.photos),
    tellStatus(sequence),
    sequence.id,
    ...(hasClusters ? [sequence.clusters.map(printable).join("\n")] : []),
  ]);
  return section("Sequences", head, rows, columns);
}

/** A track's path for a person. */
export function tellTrack(path: string): string {
  return path === "" ? "(top folder)" : printable(path);
}

function tellStatus({ note, status }: ReportedSequence): string {
  return note === null || status === "published" ? status : `${status}: ${printable(note)}`;
}

/** Which sequences go on only when a person says so, and how that is said. */
export function describeWaitingForPerson(
  sequences: readonly Pick<ReportedSequence, "id" | "track" | "status">[],
  { stateDirectory, columns }: { readonly stateDirectory?: string; readonly columns: number },
): string[] {
  const unknown = sequences.filter(({ status }) => status === "unknown");
  const held = sequences.filter(({ status }) => status === "held");
  if (stateDirectory === undefined) return tellUnkept(unknown.length, held.length, columns);
  const ledger = ["--state", stateDirectory] as const;
  return [
    ...tellHowToResolve(
      unknown.map(({ id }) => id),
      ledger,
      columns,
    ),
    ...tellHowToRelease(
      held.map(({ id }) => id),
      ledger,
      columns,
    ),
  ];
}

/** How each unknown sequence is resolved, in lines. */
export function tellHowToResolve(ids: readonly string[], ledger: LedgerWords, columns: number): string[] {
  if (ids.length === 0) return [];
  const why =
    "Whether Mapillary made these sequences cannot be told, and asking again could make them twice. Look what the " +
    "account has there, and say for each whether it happened:";
  const calls = ids.flatMap((id) => [
    `  ${callOf("sequence", "resolve", id, ...ledger, "--happened", "CLUSTER_ID")}`,
    `  ${callOf("sequence", "resolve", id, ...ledger, "--again")}`,
  ]);
  return ["", wrapText(why, columns), ...calls];
}

/** How each held sequence is released, in lines. */
export function tellHowToRelease(ids: readonly string[], ledger: LedgerWords, columns: number): string[] {
  if (ids.length === 0) return [];
  const calls = ids.map((id) => `  ${callOf("sequence", "release", id, ...ledger)}`);
  return ["", wrapText("These sequences are held until somebody lets them go on:", columns), ...calls];
}

function tellUnkept(unknown: number, held: number, columns: number): string[] {
  const texts = [
    ...(unknown > 0
      ? [
          "Whether Mapillary made the unknown sequences cannot be told. Look what the account has there before these " +
            "photos are relayed once more: nothing of this run is kept, so they would make sequences anew. With --state DIR " +
            "another run goes on once it was said what happened.",
        ]
      : []),
    ...(held > 0
      ? ["Held sequences can be released where a run is kept: --state DIR, then sequence release."]
      : []),
  ];
  return texts.flatMap((text) => ["", wrapText(text, columns)]);
}
