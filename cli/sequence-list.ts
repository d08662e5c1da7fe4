import { type Command, InvalidArgumentError, Option } from "commander";
import { UNFINISHED } from "../lib/pipeline/resolve-sequence.ts";
import type { SequenceRow, SequenceStatus } from "../lib/sequence/sequence.ts";
import { EXIT, type ExitCode } from "./exit-code.ts";
import {
  addLedgerOptions,
  type LedgerFlags,
  ledgerWordsOf,
  type OpenLedger,
  withLedger,
} from "./open-ledger.ts";
import { tellHowToRelease, tellHowToResolve, tellTrack } from "./sequence-text.ts";
import { printable } from "./terminal-text.ts";
import { tableOf } from "./text-table.ts";
import { UsageError } from "./usage-error.ts";

interface ListFlags extends LedgerFlags {
  readonly json?: true;
  readonly status?: SequenceStatus;
  readonly day?: string;
}

const HELP = `
Without --status, every sequence that is not published is listed. Published ones are kept by day.

Examples:
  npm run -s relay -- sequence list --state .relay
  npm run -s relay -- sequence list --table TABLE --region eu-west-1 --status unknown
  npm run -s relay -- sequence list --table TABLE --status published --day 2026-11-22 --json

With --json, one object: {"sequences":[{"id","status","track","bucket","account","photos","clusters","parts","note",…}]}.

Exit codes: 0 listed, 2 wrong usage, or there is no such ledger.`;

/** One sequence of the list. Field names are a contract: other tools read them. Times are ISO 8601 UTC. */
interface ListedSequence {
  readonly id: string;
  readonly status: SequenceStatus;
  /** Path of its track; empty for the top of the bucket. */
  readonly track: string;
  readonly bucket: string;
  readonly account: string;
  readonly organizationId: string | null;
  /** Photos in it when it was finished; before, the places that were given out, lost ones included. */
  readonly photos: number;
  /** v4: what it became at Mapillary, as far as that is known. */
  readonly clusters: readonly string[];
  /** What Mapillary is told to make of it, from its first finish on. */
  readonly parts: readonly {
    readonly status: string;
    readonly photos: number;
    readonly clusterId: string | null;
  }[];
  /** Why it is held, or what became of the last finish. */
  readonly note: string | null;
  readonly openedAt: string;
  /** When its status last changed, or how far it is was noted. */
  readonly changedAt: string;
}

/** How wide the table gets where nobody says how wide it is. */
const COLUMNS_OF_A_FILE = 140;

/** Adds `list` to `sequence`. */
export function addSequenceListCommand(group: Command, end: (code: ExitCode) => void): void {
  addLedgerOptions(
    group
      .command("list")
      .description("list sequences with their status, track, photos and what became of them"),
  )
    .option("--json", "print one JSON object")
    .addOption(new Option("--status <status>", "only those").choices([...UNFINISHED, "published"]))
    .option("--day <day>", "with --status published: when, UTC (default: today)", readDay)
    .addHelpText("after", HELP)
    .action(async (flags: ListFlags) => end(await list(flags)));
}

async function list(flags: ListFlags): Promise<ExitCode> {
  const words = ledgerWordsOf(flags);
  if (flags.day !== undefined && flags.status !== "published")
    throw new UsageError("--day is for published sequences; add --status published");
  const rows = await withLedger(flags, (open) => readSequences(open, flags));
  if (flags.json) {
    process.stdout.write(`${JSON.stringify({ sequences: rows.map(listed) })}\n`);
    return EXIT.ok;
  }
  const columns = process.stdout.isTTY ? process.stdout.columns : COLUMNS_OF_A_FILE;
  const idsIn = (status: SequenceStatus) => rows.flatMap((row) => (row.status === status ? [row.id] : []));
  const lines = [
    rows.length === 0 ? "There are no such sequences." : describe(rows.map(listed), columns),
    ...tellHowToResolve(idsIn("unknown"), words, columns),
    ...tellHowToRelease(idsIn("held"), words, columns),
  ];
  process.stdout.write(`${lines.join("\n")}\n`);
  return EXIT.ok;
}

async function readSequences(
  { sequences, now }: OpenLedger,
  { status, day }: ListFlags,
): Promise<SequenceRow[]> {
  if (status === "published") {
    const today = new Date(now()).toISOString().slice(0, "2026-11-22".length);
    return await sequences.publishedOn(day ?? today);
  }
  const wanted = UNFINISHED.filter((candidate) => status === undefined || candidate === status);
  return (await Promise.all(wanted.map((each) => sequences.withStatus(each)))).flat();
}

function listed(row: SequenceRow): ListedSequence {
  const { id, status, track, sender, slotsTaken, photos = slotsTaken, note, openedAt, changedAt } = row;
  const parts = (row.parts ?? []).map(({ status, slots, clusterId }) => ({
    status,
    photos: slots === "all" ? photos : slots.length,
    clusterId: clusterId ?? null,
  }));
  return {
    id,
    status,
    track: track.path,
    bucket: track.bucket,
    account: sender.account,
    organizationId: sender.organizationId ?? null,
    photos,
    clusters: parts.flatMap(({ clusterId }) => clusterId ?? []),
    parts,
    note: note ?? null,
    openedAt,
    changedAt,
  };
}

function describe(sequences: readonly ListedSequence[], columns: number): string {
  const rows = sequences.map(({ status, track, photos, clusters, note, id }) => [
    status,
    tellTrack(track),
    String(photos),
    [...clusters, ...(note === null ? [] : [note])].map(printable).join("\n"),
    id,
  ]);
  return tableOf(["Status", "Track", "Photos", "Note", "Sequence"], rows, columns);
}

function readDay(text: string): string {
  const isDay = /^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(Date.parse(text));
  if (isDay) return text;
  throw new InvalidArgumentError("Expected a day such as 2026-11-22.");
}
