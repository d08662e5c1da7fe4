import { type Command, InvalidArgumentError, Option } from "commander";
import {
  type Decision,
  readUnknownPart,
  releaseSequence,
  resolveSequence,
  type UnknownPart,
} from "../lib/pipeline/resolve-sequence.ts";
import { callOf } from "./call.ts";
import { EXIT, type ExitCode } from "./exit-code.ts";
import { addLedgerOptions, type LedgerFlags, ledgerWordsOf, withLedger } from "./open-ledger.ts";
import { addSequenceListCommand } from "./sequence-list.ts";
import type { LedgerWords } from "./sequence-text.ts";
import { countOf, printable } from "./terminal-text.ts";
import { UsageError } from "./usage-error.ts";

interface ResolveFlags extends LedgerFlags {
  readonly happened?: string;
  readonly again?: true;
}

const RESOLVE_HELP = `
A sequence is unknown when Mapillary was told of it and the answer was lost, or made no sense: it may or may not have
made the sequence, and telling it again could make it twice. Look what the account has there, and say which it is. Of a
sequence that is several at Mapillary, one is asked about after the other; without --happened and --again the photos of
the next one are named.

Examples:
  npm run -s relay -- sequence resolve ID --state .relay --happened 1234567890123456
  npm run -s relay -- sequence resolve ID --table TABLE --region eu-west-1 --again

Exit codes: 0 it was noted, 2 wrong usage, or the sequence is not unknown.`;

const RELEASE_HELP = `
A sequence is held when the fleet's configuration wants somebody to look at it first. Released, it goes on to be finished.

Examples:
  npm run -s relay -- sequence release ID --state .relay
  npm run -s relay -- sequence release ID --table TABLE --region eu-west-1

Exit codes: 0 it was noted, 2 wrong usage, or the sequence is not held.`;

/** Adds `sequence` to the program, with its subcommands. */
export function addSequenceCommand(program: Command, end: (code: ExitCode) => void): void {
  const group = program
    .command("sequence")
    .description("list sequences, and decide about those that wait for a person");
  addSequenceListCommand(group, end);
  addLedgerOptions(
    group
      .command("resolve")
      .description("say what became of a sequence whose finish was left unknown")
      .argument("<id>", "of the sequence, as sequence list has it"),
  )
    .addOption(
      new Option("--happened <cluster-id>", "Mapillary made it, and calls it so")
        .argParser(readClusterId)
        .conflicts("again"),
    )
    .option("--again", "Mapillary made nothing of it, and is to be told again")
    .addHelpText("after", RESOLVE_HELP)
    .action(async (id: string, flags: ResolveFlags) => end(await resolve(id, flags)));
  addLedgerOptions(
    group
      .command("release")
      .description("let a held sequence go on")
      .argument("<id>", "of the sequence, as sequence list has it"),
  )
    .addHelpText("after", RELEASE_HELP)
    .action(async (id: string, flags: LedgerFlags) => end(await release(id, flags)));
}

async function resolve(id: string, flags: ResolveFlags): Promise<ExitCode> {
  const words = ledgerWordsOf(flags);
  return await withLedger(flags, async (open) => {
    const { happened } = flags;
    if (happened === undefined && flags.again === undefined) {
      const part = await readUnknownPart(open, id);
      throw new UsageError("kind" in part ? explain(id, part, words) : tellChoice(part, words));
    }
    const finding =
      happened === undefined
        ? { kind: "again" as const }
        : { kind: "happened" as const, clusterId: happened };
    const decision = await resolveSequence(open, id, finding);
    if (decision.kind === "part-settled") {
      const next = await readUnknownPart(open, id);
      process.stdout.write(`Noted. The sequence has more that is unknown.\n`);
      if (!("kind" in next)) process.stdout.write(`${tellChoice(next, words)}\n`);
      return EXIT.ok;
    }
    return tellDecision(id, decision, words);
  });
}

async function release(id: string, flags: LedgerFlags): Promise<ExitCode> {
  const words = ledgerWordsOf(flags);
  return await withLedger(flags, async (open) => tellDecision(id, await releaseSequence(open, id), words));
}

/** @throws {UsageError} when nothing came of it */
function tellDecision(id: string, decision: Decision, words: LedgerWords): ExitCode {
  if (decision.kind !== "goes-on") throw new UsageError(explain(id, decision, words));
  const how =
    words[0] === "--state"
      ? "Run the same command as before again to finish it."
      : "It is finished within some minutes, by the deployment.";
  process.stdout.write(`Noted. The sequence ${printable(id)} goes on. ${how}\n`);
  return EXIT.ok;
}

function explain(id: string, decision: Decision, words: LedgerWords): string {
  const list = callOf("sequence", "list", ...words);
  switch (decision.kind) {
    case "not-found":
      return `there is no sequence ${id} on its way; it is published, or of another ledger (${list} names those there are)`;
    case "other-status":
      return `the sequence ${id} is ${decision.status}; ${EXPECTED[decision.status]}`;
    case "nothing-told":
      return `Mapillary was never told of the sequence ${id}; expected --again`;
    case "cluster-taken":
      return `--happened names a cluster that another part of the sequence ${id} has already`;
    case "changed":
      return `the sequence ${id} changed meanwhile; look at it again (${list})`;
    case "goes-on":
    case "part-settled":
      return `the sequence ${id} is settled`;
  }
}

/** What can be done about a sequence in a status. */
const EXPECTED: Readonly<Record<Extract<Decision, { kind: "other-status" }>["status"], string>> = {
  open: "it still takes photos, and nobody has to decide anything",
  closing: "it goes on by itself",
  finishing: "it is being told to Mapillary; if that was broken off, another round of closing finds out",
  held: "it is let go on by sequence release",
  unknown: "it is let go on by sequence resolve",
  published: "it is done",
};

/** Which photos a person has to look for, and what may be said of them. */
function tellChoice({ sequence, photos, unknownParts }: UnknownPart, words: LedgerWords): string {
  const [first, last] = [photos[0], photos.at(-1)];
  const nameOf = (photo: typeof first) =>
    photo === undefined ? "?" : `${photo.ref.key} (${photo.facts?.capturedAt ?? "without a time"})`;
  const of = unknownParts > 1 ? `, the first of ${unknownParts} unknown parts` : "";
  return [
    `expected --happened CLUSTER_ID or --again for ${countOf(photos.length, "photo")} of ${sequence.id}${of}:`,
    `from ${nameOf(first)} to ${nameOf(last)}`,
    ...(sequence.note === undefined ? [] : [`What was answered: ${sequence.note}`]),
    callOf("sequence", "resolve", sequence.id, ...words, "--happened", "CLUSTER_ID"),
    callOf("sequence", "resolve", sequence.id, ...words, "--again"),
  ]
    .map(printable)
    .join("\n");
}

/** As the graph's answers are read: real ones are digits, as far as anybody has seen. */
function readClusterId(text: string): string {
  if (/^[\x21-\x7e]{1,200}$/.test(text) && text !== "CLUSTER_ID") return text;
  throw new InvalidArgumentError("Expected what Mapillary calls the sequence, such as 1234567890123456.");
}
