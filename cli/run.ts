import { type Command, Option } from "commander";
import type { SequenceStatus } from "../lib/sequence/sequence.ts";
import type { ObjectStore } from "../sandbox/s3/object-store.ts";
import { EXIT, type ExitCode } from "./exit-code.ts";
import { findFleet } from "./fleet-file.ts";
import { type FolderListing, listFolder, tellToolFiles } from "./folder-listing.ts";
import { tellIdleRules } from "./idle-rules.ts";
import { type Interruption, watchInterruption } from "./interruption.ts";
import { assertStateIsApart, openPhotoFolder } from "./photo-folder.ts";
import { type Progress, type ProgressOptions, showProgress } from "./progress.ts";
import { findRefusedAccounts } from "./refused-accounts.ts";
import type { RelayOptions, RelayResult } from "./relay-photos.ts";
import { chooseDestination, type DestinationFlags, type RunDestination } from "./run-destination.ts";
import { createRunLog } from "./run-log.ts";
import { makeReport, type RunReport, reportWaiting } from "./run-report.ts";
import { describeReport } from "./run-summary.ts";
import { keepDestination } from "./state-destination.ts";
import { lockStateDirectory } from "./state-lock.ts";
import { createTally, type Tally } from "./tally.ts";

interface RunFlags extends DestinationFlags {
  readonly json?: true;
  readonly quiet?: true;
  readonly state?: string;
  readonly config?: string;
}

const HELP = `
FOLDER plays the photo bucket: every file in it, below every sub-folder, ends in one row that says what became of
it. Files of tools (dot-files, Thumbs.db, desktop.ini) are passed over. Without FOLDER, a sample drive is made.

Examples:
  npm start                                  the sample drive, through a cloud on this machine
  npm start -- --destination v4              the same over what Mapillary takes today
  npm start -- photos --state .relay         a folder; run it again to go on where it stopped
  npm run -s relay -- run photos --json      one JSON object on standard output
  npm run -s relay -- run photos --state .relay --destination v4 \\
    --upload-endpoint https://rupload.facebook.com/mapillary_public_uploads \\
    --graph-endpoint https://graph.mapillary.com
  npm run -s relay -- run photos --upload-url https://s3.example.org/uploads

Photos go to a stand-in on this machine, unless it is said where else. What the account is to be is read from the
environment: with --upload-endpoint and --graph-endpoint MAPILLARY_ACCESS_TOKEN (account login gets one); with
--upload-url MAPILLARY_USERNAME, MAPILLARY_PERMISSION_HASH and MAPILLARY_SIGNATURE_HASH, and MAPILLARY_AWS_ACCESS_KEY_ID
when it is not the one Mapillary published. For each further account that rules of the configuration name, its name comes
behind, as in MAPILLARY_ACCESS_TOKEN_NORTH for the account north.

Exit codes: 0 everything accounted for (rejected photos are), 1 something failed or waits, 2 wrong usage,
130 interrupted (Ctrl-C: once to stop in good order, again to stop at once).`;

/** How wide tables get where nobody says how wide it is: file names whole, long reasons in several lines. */
const COLUMNS_OF_A_FILE = 140;

/** Another run closes and finishes these. */
const ON_THEIR_WAY: ReadonlySet<SequenceStatus> = new Set(["open", "closing", "finishing"]);

/** Adds `run` to the program. */
export function addRunCommand(program: Command, end: (code: ExitCode) => void): void {
  program
    .command("run")
    .description("relay a folder of photos through a cloud on this machine, and say what became of each")
    .argument("[folder]", "folder with photos; a sample drive when left out")
    .option("--json", "print the outcome as one JSON object")
    .option("--quiet", "show no progress")
    .option("--state <dir>", "keep table and queue there, so that another run goes on where this one stopped")
    .option("--config <file>", "fleet configuration (default: fleet.config.ts, when it is there)")
    .addOption(
      new Option("--destination <lane>", "the way to Mapillary; overrules the configuration").choices([
        "bucket",
        "v4",
      ]),
    )
    .option("--upload-endpoint <url>", "v4: relay to this upload service instead of the stand-in")
    .option("--graph-endpoint <url>", "v4: and finish sequences at this graph API")
    .option("--upload-url <url>", "bucket lane: relay to this S3 endpoint and bucket instead of the stand-in")
    .addHelpText("after", HELP)
    .action(async (folder: string | undefined, flags: RunFlags) => end(await run(folder, flags)));
}

async function run(folder: string | undefined, flags: RunFlags): Promise<ExitCode> {
  const destination = chooseDestination(flags, await findFleet(flags.config), process.env);
  const { fleet, elsewhere } = destination;
  const photos = folder === undefined ? await makeSampleDrive() : await openPhotoFolder(folder);
  if (flags.state !== undefined && folder !== undefined) await assertStateIsApart(flags.state, folder);
  await using held = new AsyncDisposableStack();
  if (flags.state !== undefined) {
    held.defer(await lockStateDirectory(flags.state));
    const at = elsewhere === undefined ? "stand-in" : "elsewhere";
    await keepDestination(flags.state, { lane: fleet.destination, at });
  }
  const listing = await listFolder(photos);
  tell(folder ?? "the sample drive (name a folder to relay your own photos)", listing, destination, flags);
  const idleRules = folder === undefined ? undefined : tellIdleRules(fleet, listing.photos);
  if (idleRules !== undefined) note(idleRules);
  if (listing.photos.length === 0) return tellNothing(folder ?? "the sample drive", flags);
  return await relay(
    {
      photos,
      listing,
      fleet,
      ...(elsewhere && { destinations: elsewhere.accounts }),
      ...(flags.state !== undefined && { stateDirectory: flags.state }),
    },
    destination,
    flags,
  );
}

/** Loaded when it is wanted, as everything is here that costs the other commands their time. */
async function makeSampleDrive(): Promise<ObjectStore> {
  const { createSampleDriveStore } = await import("../sandbox/sample-drive.ts");
  return await createSampleDriveStore();
}

async function relay(
  what: Omit<RelayOptions, "tally" | "log">,
  destination: RunDestination,
  flags: RunFlags,
): Promise<ExitCode> {
  const startedMs = performance.now();
  const tally = createTally(what.listing.photos.length);
  const progress = showProgress(tally, {
    stream: process.stderr,
    style: styleOf(flags),
    now: () => performance.now(),
  });
  using interruption = watchInterruption(() => progress.note("Stopping (once more to stop at once) …"));
  const options = { ...what, tally, log: createRunLog(progress.note) };
  const result = await relayShown(options, destination, progress, interruption);
  const durationMs = performance.now() - startedMs;
  tellResult(result, tally, durationMs, what, flags);
  tellHowToGoOn(result, flags);
  return exitCodeOf(result);
}

async function relayShown(
  options: RelayOptions,
  { elsewhere }: RunDestination,
  progress: Progress,
  { signal }: Interruption,
): Promise<RelayResult> {
  const { fleet, listing, log } = options;
  try {
    const told = { log, note: progress.note };
    const refusals = elsewhere ? await findRefusedAccounts(elsewhere, fleet, told, signal) : [];
    if (refusals.length > 0)
      return { refusals, end: "stopped", report: makeReport(listing.photos.map(reportWaiting), []) };
    const { relayPhotos } = await import("./relay-photos.ts");
    return await relayPhotos(options, signal);
  } finally {
    progress.stop();
  }
}

/** Notes go to standard error: results on standard output can be piped. */
function note(text: string): void {
  process.stderr.write(`${text}\n`);
}

function tell(
  what: string,
  { photos, toolFiles }: FolderListing,
  { elsewhere }: RunDestination,
  { quiet }: RunFlags,
): void {
  if (quiet) return;
  const where = elsewhere?.url ?? "a stand-in on this machine, from where nothing reaches Mapillary";
  if (photos.length > 0)
    note(`Relaying ${photos.length.toLocaleString("en")} file(s) of ${what} to ${where}`);
  const toolNote = tellToolFiles(toolFiles);
  if (toolNote !== undefined) note(toolNote);
}

function tellNothing(what: string, flags: RunFlags): ExitCode {
  if (flags.json) printJson(makeReport([], []));
  note(`There is nothing to relay in ${what}: it holds no files.`);
  return EXIT.ok;
}

function styleOf({ json, quiet }: RunFlags): ProgressOptions["style"] {
  if (quiet) return "none";
  if (process.stderr.isTTY) return "bar";
  return json ? "none" : "lines";
}

function tellResult(
  { report, refusals }: RelayResult,
  tally: Tally,
  durationMs: number,
  { fleet, stateDirectory }: Pick<RelayOptions, "fleet" | "stateDirectory">,
  flags: RunFlags,
): void {
  if (flags.json) {
    printJson(report);
    return;
  }
  const columns = process.stdout.isTTY ? process.stdout.columns : COLUMNS_OF_A_FILE;
  const summary = describeReport(report, {
    lane: fleet.destination,
    ...(stateDirectory !== undefined && { stateDirectory }),
    bytesRelayed: tally.bytesRelayed(),
    durationMs,
    columns,
    refusals,
  });
  process.stdout.write(`${summary}\n`);
}

function printJson(report: RunReport): void {
  process.stdout.write(`${JSON.stringify(report)}\n`);
}

function tellHowToGoOn({ end, report: { photos, sequences } }: RelayResult, { state }: RunFlags): void {
  if (end === "interrupted") note("Interrupted.");
  const isOnItsWay = sequences.some(({ status }) => ON_THEIR_WAY.has(status));
  if (photos.waiting + photos.failed === 0 && !isOnItsWay) return;
  if (state === undefined)
    note("Nothing of this run is kept; with --state DIR another run goes on where one stopped.");
  else note(`Run the same command again to go on: ${state} keeps what was done.`);
}

function exitCodeOf({ end, report: { photos, sequences } }: RelayResult): ExitCode {
  if (end === "interrupted") return EXIT.interrupted;
  const isFinished = sequences.every(({ status }) => status === "published" || status === "held");
  return photos.failed + photos.waiting === 0 && isFinished ? EXIT.ok : EXIT.incomplete;
}
