import { once } from "node:events";
import { type Command, InvalidArgumentError, Option } from "commander";
import { usernameProblem } from "../lib/mapillary/bucket-account.ts";
import type { V4Dials } from "../sandbox/v4/dials.ts";
import { EXIT, type ExitCode } from "./exit-code.ts";
import { watchInterruption } from "./interruption.ts";
import { readPort, readWholeNumber } from "./read-number.ts";
import { bucketFaults, helpOnV4Faults, readV4Fault } from "./sandbox-faults.ts";
import { describeStandIn, standInAsJson, tellObject, tellV4Arrival, v4ArrivalOf } from "./sandbox-text.ts";
import type { StandIn, StandInOptions } from "./stand-in.ts";
import { lockStateDirectory } from "./state-lock.ts";
import { UsageError } from "./usage-error.ts";

interface SandboxFlags {
  readonly json?: true;
  readonly port: number;
  readonly username: string;
  readonly organization: readonly string[];
  readonly state?: string;
  readonly failShare: number;
  readonly slowMs: number;
  readonly v4Fault: Partial<V4Dials>;
}

const HELP = `
Serves a stand-in for Mapillary on 127.0.0.1 until Ctrl-C, so that this or any other client can be tried against it:
what Mapillary takes today (API v4: upload service, graph API and OAuth page), and the upload bucket of 2017, whose
forms are checked as S3 does. Both are on one port. It prints what clients need as lines to paste into a shell; the
values are good for nothing else.

Examples:
  npm run -s relay -- sandbox --port 9000
  npm run -s relay -- sandbox --v4-fault failShare=0.1 --v4-fault finish=500-after
  npm run -s relay -- sandbox --fail-share 0.1 --slow-ms 200      bucket lane: every tenth upload is answered 503

${helpOnV4Faults()}

With --json, the first line on standard output is one JSON object with the values, and one more follows for each object,
file and finished sequence.

Exit codes: 0 ended by Ctrl-C, 2 wrong usage, or the port is taken.`;

/** Adds `sandbox` to the program. */
export function addSandboxCommand(program: Command, end: (code: ExitCode) => void): void {
  program
    .command("sandbox")
    .description("serve a stand-in for Mapillary on this machine, both lanes")
    .option("--json", "print one JSON object at the start, and one for whatever is received")
    .option("--port <port>", "TCP port on 127.0.0.1, 0 for any free one", readPort, 0)
    .option("--username <name>", "whose uploads are permitted", readUsername, "sandbox")
    .addOption(
      new Option("--organization <id>", "v4: number of an organization that the user is in; may be repeated")
        .argParser(readOrganization)
        .default([], "none"),
    )
    .option("--state <dir>", "keep what arrives there (default: a temporary directory, removed in the end)")
    .option("--fail-share <share>", "bucket lane: part of the uploads answered 503 SlowDown", readShare, 0)
    .option(
      "--slow-ms <ms>",
      "bucket lane: answer every upload so much later",
      readWholeNumber("a time in ms", 0, 3_600_000),
      0,
    )
    .addOption(
      new Option("--v4-fault <dial=value>", "v4: let something go wrong, by the dials below; may be repeated")
        .argParser(readV4Fault)
        .default({}, "nothing"),
    )
    .addHelpText("after", HELP)
    .action(async (flags: SandboxFlags) => end(await serve(flags)));
}

async function serve(flags: SandboxFlags): Promise<ExitCode> {
  await using held = new AsyncDisposableStack();
  if (flags.state !== undefined) held.defer(await lockStateDirectory(flags.state));
  const standIn = held.use(await startOrExplain(flags));
  using interruption = watchInterruption(() => process.stderr.write("Stopping …\n"));
  process.stdout.write(flags.json ? `${JSON.stringify(standInAsJson(standIn))}\n` : describeStandIn(standIn));
  if (!interruption.signal.aborted) await once(interruption.signal, "abort");
  return EXIT.ok;
}

async function startOrExplain(flags: SandboxFlags): Promise<StandIn> {
  const tell = (line: string) => process.stdout.write(`${line}\n`);
  const options: StandInOptions = {
    port: flags.port,
    username: flags.username,
    organizationIds: flags.organization,
    ...(flags.state !== undefined && { stateDirectory: flags.state }),
    faults: bucketFaults(flags.failShare, flags.slowMs),
    v4Faults: flags.v4Fault,
    onReceived: (object) => tell(flags.json ? JSON.stringify(object) : tellObject(object)),
    onV4Request(entry) {
      const arrival = v4ArrivalOf(entry, new Date());
      if (arrival !== undefined) tell(flags.json ? JSON.stringify(arrival) : tellV4Arrival(arrival));
    },
  };
  // Loaded when it is wanted: the other commands need no server.
  const { startStandIn } = await import("./stand-in.ts");
  try {
    return await startStandIn(options);
  } catch (error) {
    if (!(error instanceof Error) || !("code" in error) || error.code !== "EADDRINUSE") throw error;
    throw new UsageError(`--port ${flags.port} is taken; name another, or leave it out for a free one`, {
      cause: error,
    });
  }
}

function readShare(text: string): number {
  const share = Number(text);
  if (text.trim() !== "" && share >= 0 && share <= 1) return share;
  throw new InvalidArgumentError("Expected a number from 0 to 1.");
}

function readUsername(text: string): string {
  const problem = usernameProblem(text);
  if (problem === undefined) return text;
  throw new InvalidArgumentError(`It ${problem}.`);
}

function readOrganization(text: string, before: readonly string[]): readonly string[] {
  if (/^\d{1,20}$/.test(text)) return [...before, text];
  throw new InvalidArgumentError("Expected an organization's number.");
}
