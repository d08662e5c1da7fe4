import { type Command, Option } from "commander";
import type { Fleet } from "../lib/config/fleet.ts";
import { accountNamesOf } from "../lib/config/rules.ts";
import {
  createSettingsReader,
  type Environment,
  readBucketAccount,
  readV4Account,
  SettingsError,
} from "../lib/config/settings.ts";
import { assertIsAccount, readAccountName } from "./account-name.ts";
import {
  type CheckedAccount,
  checkBucketAccount,
  checkV4Account,
  tellCheckedAccount,
} from "./checked-account.ts";
import { EXIT, type ExitCode } from "./exit-code.ts";
import { defaultFleet, findFleet } from "./fleet-file.ts";
import { watchInterruption } from "./interruption.ts";
import { readEndpoint } from "./upload-account.ts";
import { UsageError } from "./usage-error.ts";

interface CheckFlags {
  readonly json?: true;
  readonly config?: string;
  readonly destination?: Fleet["destination"];
  readonly graphEndpoint?: string;
}

const HELP = `
v4: asks Mapillary whether the token holds, whose it is, and whether it sees the organizations that the fleet's rules
name; MAPILLARY_ACCESS_TOKEN holds the token, or MAPILLARY_TOKEN_PARAMETER names the SSM parameter of a deployment.
Bucket lane: says what stands against the credentials without sending anything: an expired policy, another bucket, a
demand that no photo of ours meets. Without NAME every account that the fleet's rules name is looked at.

Examples:
  npm run -s relay -- account check --destination v4
  MAPILLARY_TOKEN_PARAMETER=/mapillary-relay/production/mapillary/default/token npm run -s relay -- account check

With --json, one line per account: {"account","destination","verdict","user","expiresAt","organizations","objections"}.

Exit codes: 0 all are accepted, 1 one is refused or could not be asked about, 2 wrong usage, or credentials are missing,
130 interrupted.`;

/** Adds `check` to `account`. */
export function addAccountCheckCommand(group: Command, end: (code: ExitCode) => void): void {
  group
    .command("check")
    .description("say whether an account would be let in, before anything is sent")
    .argument("[name]", "of the account, in the fleet's rules (default: all of them)", readAccountName)
    .option("--json", "print one JSON object per line and account")
    .option("--config <file>", "fleet configuration (default: fleet.config.ts, when it is there)")
    .addOption(
      new Option("--destination <lane>", "the way to Mapillary; overrules the configuration").choices([
        "bucket",
        "v4",
      ]),
    )
    .option("--graph-endpoint <url>", "v4: whom to ask (default: MAPILLARY_GRAPH_ENDPOINT, or Mapillary's)")
    .addHelpText("after", HELP)
    .action(async (name: string | undefined, flags: CheckFlags) => end(await check(name, flags)));
}

async function check(name: string | undefined, flags: CheckFlags): Promise<ExitCode> {
  const fleet = await fleetOf(flags);
  if (name !== undefined) assertIsAccount(fleet, name);
  const checks = prepareChecks(fleet, name, flags, process.env);
  using interruption = watchInterruption(() => process.stderr.write("Stopping …\n"));
  const { signal } = interruption;
  try {
    const checked = await Promise.all(checks.map((checkOne) => checkOne(signal)));
    const tell = flags.json ? JSON.stringify : tellCheckedAccount;
    for (const account of checked) process.stdout.write(`${tell(account)}\n`);
    return checked.every(({ verdict }) => verdict === "accepted") ? EXIT.ok : EXIT.incomplete;
  } catch (error) {
    if (signal.aborted) return EXIT.interrupted;
    throw error;
  }
}

/** The fleet, with the lane that is meant. */
async function fleetOf({ config, destination, graphEndpoint }: CheckFlags): Promise<Fleet> {
  const configured = await findFleet(config);
  const isV4Asked = graphEndpoint !== undefined;
  const lane = destination ?? configured?.destination ?? (isV4Asked ? "v4" : undefined);
  if (lane === undefined) {
    throw new UsageError(
      "there is no fleet.config.ts that says which lane; add --destination v4 or --destination bucket",
    );
  }
  if (lane === "bucket" && isV4Asked)
    throw new UsageError("--graph-endpoint is for v4, and the lane is bucket; add --destination v4");
  return configured ? { ...configured, destination: lane } : defaultFleet(lane);
}

type CheckOne = (signal: AbortSignal) => Promise<CheckedAccount>;

/** @throws {UsageError} naming every variable of every account that is missing or wrong */
function prepareChecks(
  fleet: Fleet,
  only: string | undefined,
  flags: CheckFlags,
  environment: Environment,
): readonly CheckOne[] {
  const overruling =
    flags.graphEndpoint === undefined
      ? {}
      : { graphEndpoint: readEndpoint("--graph-endpoint", flags.graphEndpoint) };
  const reader = createSettingsReader(environment);
  const names = only === undefined ? accountNamesOf(fleet) : [only];
  const checks = names.map((name): CheckOne => {
    if (fleet.destination === "bucket") {
      const account = readBucketAccount(reader, environment, name);
      return async () => checkBucketAccount(name, account, Date.now());
    }
    const account = { ...readV4Account(reader, environment, name), ...overruling };
    return async (signal) => await checkV4Account(name, account, fleet, signal);
  });
  try {
    reader.finish();
  } catch (error) {
    if (error instanceof SettingsError) throw new UsageError(error.message, { cause: error });
    throw error;
  }
  return checks;
}
