import { once } from "node:events";
import { type Command, InvalidArgumentError } from "commander";
import { type BucketAccount, usernameProblem } from "../lib/mapillary/bucket-account.ts";
import type { FaultDial } from "../sandbox/faults.ts";
import type { ObjectCreated, S3Operation } from "../sandbox/s3/service.ts";
import { EXIT, type ExitCode } from "./exit-code.ts";
import { watchInterruption } from "./interruption.ts";
import type { StandIn, StandInOptions } from "./stand-in.ts";
import { lockStateDirectory } from "./state-lock.ts";
import { formatBytes, printable } from "./terminal-text.ts";
import { UsageError } from "./usage-error.ts";

interface SandboxFlags {
  readonly json?: true;
  readonly port: number;
  readonly username: string;
  readonly state?: string;
  readonly failShare: number;
  readonly slowMs: number;
}

const HELP = `
Serves a stand-in for Mapillary's upload bucket on 127.0.0.1 until Ctrl-C, so that this or any other client can be
tried against it. Forms are checked as S3 does: policy, signature, every field. It prints what a client needs as lines
to paste into a shell; the values are made for this run and are good for nothing else.

Examples:
  npm run -s relay -- sandbox --port 9000
  npm run -s relay -- sandbox --fail-share 0.1 --slow-ms 200      every tenth upload is answered 503

With --json, the first line on standard output is one JSON object with the values, and one more follows per object.

Exit codes: 0 ended by Ctrl-C, 2 wrong usage, or the port is taken.`;

/** Adds `sandbox` to the program. */
export function addSandboxCommand(program: Command, end: (code: ExitCode) => void): void {
  program
    .command("sandbox")
    .description("serve a stand-in for Mapillary's upload bucket on this machine")
    .option("--json", "print one JSON object at the start, and one per object received")
    .option("--port <port>", "TCP port on 127.0.0.1, 0 for any free one", readNumber("a port", 0, 65_535), 0)
    .option("--username <name>", "whose uploads are permitted", readUsername, "sandbox")
    .option("--state <dir>", "keep what arrives there (default: a temporary directory, removed in the end)")
    .option("--fail-share <share>", "part of the uploads answered 503 SlowDown, 0 to 1", readShare, 0)
    .option(
      "--slow-ms <ms>",
      "answer every upload so much later",
      readNumber("a time in ms", 0, 3_600_000),
      0,
    )
    .addHelpText("after", HELP)
    .action(async (flags: SandboxFlags) => end(await serve(flags)));
}

async function serve(flags: SandboxFlags): Promise<ExitCode> {
  await using held = new AsyncDisposableStack();
  if (flags.state !== undefined) held.defer(await lockStateDirectory(flags.state));
  const standIn = held.use(await startOrExplain(flags));
  using interruption = watchInterruption(() => process.stderr.write("Stopping …\n"));
  process.stdout.write(
    flags.json ? `${JSON.stringify(describeAsJson(standIn))}\n` : describe(standIn.account),
  );
  if (!interruption.signal.aborted) await once(interruption.signal, "abort");
  return EXIT.ok;
}

async function startOrExplain(flags: SandboxFlags): Promise<StandIn> {
  const options: StandInOptions = {
    port: flags.port,
    username: flags.username,
    ...(flags.state !== undefined && { stateDirectory: flags.state }),
    faults: faultsOf(flags),
    onReceived: (object) =>
      process.stdout.write(`${flags.json ? JSON.stringify(object) : describeObject(object)}\n`),
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

/** Failing comes first: of a request that the dial has struck once, it hands out nothing else. */
function faultsOf({ failShare, slowMs }: SandboxFlags): FaultDial<S3Operation> {
  const shares: FaultDial<S3Operation>["shares"] = [
    {
      on: "PostObject",
      share: failShare,
      fault: { kind: "answer", when: "before", status: 503, code: "SlowDown" },
    },
    { on: "PostObject", share: slowMs > 0 ? 1 : 0, fault: { kind: "slow", delayMs: slowMs } },
  ];
  return { shares };
}

function describe({
  uploadUrl,
  username,
  permissionHash,
  signatureHash,
  accessKeyId,
}: BucketAccount): string {
  return [
    `Mapillary's stand-in is at ${uploadUrl}`,
    "",
    `export MAPILLARY_USERNAME=${quoteForShell(username)}`,
    `export MAPILLARY_PERMISSION_HASH=${quoteForShell(permissionHash)}`,
    `export MAPILLARY_SIGNATURE_HASH=${quoteForShell(signatureHash)}`,
    `export MAPILLARY_AWS_ACCESS_KEY_ID=${quoteForShell(accessKeyId)}`,
    `npm run -s relay -- run FOLDER --upload-url ${uploadUrl}`,
    "",
    "",
  ].join("\n");
}

function describeAsJson({ account, expiresAt }: StandIn) {
  const { uploadUrl, username, permissionHash, signatureHash, accessKeyId } = account;
  const env = {
    MAPILLARY_USERNAME: username,
    MAPILLARY_PERMISSION_HASH: permissionHash,
    MAPILLARY_SIGNATURE_HASH: signatureHash,
    MAPILLARY_AWS_ACCESS_KEY_ID: accessKeyId,
  };
  return { uploadUrl, expiresAt, env };
}

function describeObject({ eventTime, key, sizeBytes, etag }: ObjectCreated): string {
  return `${eventTime} received ${printable(key)} (${formatBytes(sizeBytes)}, ${etag})`;
}

function quoteForShell(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

function readNumber(what: string, least: number, most: number): (text: string) => number {
  return (text) => {
    const number = Number(text);
    if (/^\d+$/.test(text) && number >= least && number <= most) return number;
    throw new InvalidArgumentError(`Expected ${what}, a whole number from ${least} to ${most}.`);
  };
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
