import type { Command } from "commander";
import type { Fleet } from "../lib/config/fleet.ts";
import { type CheckedFile, checkFile } from "./check-file.ts";
import { type CheckTarget, findTargets } from "./check-targets.ts";
import { EXIT, type ExitCode } from "./exit-code.ts";
import { loadFleet } from "./fleet-file.ts";
import { tellToolFiles } from "./folder-listing.ts";
import { tellIdleRules } from "./idle-rules.ts";
import { tellFinding, tellReasons } from "./run-summary.ts";
import { countOf, printable } from "./terminal-text.ts";

interface CheckFlags {
  readonly json?: true;
  readonly config?: string;
}

const HELP = `
Judges files as the relay would, and sends nothing. Of a folder every file is checked, below every sub-folder; files
of tools (dot-files, Thumbs.db, desktop.ini) and _DONE marks are passed over. Rules of the fleet configuration apply
when there is one, by the path below the folder.

Examples:
  npm run -s relay -- check photos
  npm run -s relay -- check photos/IMG_0001.jpg photos/IMG_0002.jpg --json

With --json, one line per file: {"file","verdict","reasons","warnings","latitude","longitude","capturedAt",…}.

Exit codes: 0 every file would be relayed, 1 some would be rejected, 2 wrong usage, or a file could not be read.`;

/** Files looked at side by side: reading the next overlaps with judging this one. */
const FILES_AT_ONCE = 8;

/** Adds `check` to the program. */
export function addCheckCommand(program: Command, end: (code: ExitCode) => void): void {
  program
    .command("check")
    .description("say which files would be relayed, and why the others would not")
    .argument("<path...>", "files and folders")
    .option("--json", "print one JSON object per line and file")
    .option("--config <file>", "fleet configuration (default: fleet.config.ts, when it is there)")
    .addHelpText("after", HELP)
    .action(async (paths: string[], flags: CheckFlags) => end(await check(paths, flags)));
}

async function check(paths: readonly string[], flags: CheckFlags): Promise<ExitCode> {
  const fleet = await loadFleet(flags.config);
  const { files, toolFiles } = await findTargets(paths);
  const idleRules = tellIdleRules(
    fleet,
    files.map(({ key }) => key),
  );
  if (idleRules !== undefined) process.stderr.write(`${idleRules}\n`);
  const tellFile = flags.json ? JSON.stringify : describe;
  const counts = { accept: 0, reject: 0, unreadable: 0 };
  for await (const result of checkInTurn(files, fleet)) {
    if (result instanceof Error) process.stderr.write(`error: ${printable(result.message)}\n`);
    else process.stdout.write(`${tellFile(result)}\n`);
    counts[result instanceof Error ? "unreadable" : result.verdict] += 1;
  }
  const toolNote = tellToolFiles(toolFiles);
  if (toolNote !== undefined) process.stderr.write(`${toolNote}\n`);
  if (!flags.json) process.stdout.write(`${describeCounts(counts)}\n`);
  return exitCodeOf(counts);
}

interface Counts {
  readonly accept: number;
  readonly reject: number;
  readonly unreadable: number;
}

function exitCodeOf({ reject, unreadable }: Counts): ExitCode {
  if (unreadable > 0) return EXIT.usage;
  return reject > 0 ? EXIT.incomplete : EXIT.ok;
}

/** In the order of the files, some of them looked at side by side. */
async function* checkInTurn(
  files: readonly CheckTarget[],
  fleet: Fleet,
): AsyncGenerator<CheckedFile | Error> {
  for (let at = 0; at < files.length; at += FILES_AT_ONCE) {
    yield* await Promise.all(files.slice(at, at + FILES_AT_ONCE).map((file) => checkOrExplain(file, fleet)));
  }
}

/** A file that cannot be read has no verdict; the others are still checked. */
async function checkOrExplain(target: CheckTarget, fleet: Fleet): Promise<CheckedFile | Error> {
  try {
    return await checkFile(target, fleet);
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    return new Error(`${target.file} cannot be read: ${message}`, { cause });
  }
}

function describe({ file, verdict, reasons, warnings }: CheckedFile): string {
  const mark = verdict === "accept" ? "✓" : "✗";
  const findings = [
    ...tellReasons(reasons),
    ...warnings.map((warning) => `warning: ${tellFinding(warning)}`),
  ];
  return [`${mark} ${printable(file)}`, ...findings.map((finding) => `    ${finding}`)].join("\n");
}

function describeCounts(counts: Counts): string {
  const unreadable = counts.unreadable > 0 ? `, ${counts.unreadable} could not be read` : "";
  const total = counts.accept + counts.reject + counts.unreadable;
  return `${countOf(total, "file")}: ${counts.accept} would be relayed, ${counts.reject} rejected${unreadable}`;
}
