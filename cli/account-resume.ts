import type { Command } from "commander";
import { resumeAccount } from "../lib/pipeline/resume-account.ts";
import { assertIsAccount, readAccountName } from "./account-name.ts";
import { EXIT, type ExitCode } from "./exit-code.ts";
import { loadFleet } from "./fleet-file.ts";
import { addLedgerOptions, type LedgerFlags, ledgerWordsOf, withLedger } from "./open-ledger.ts";

interface ResumeFlags extends LedgerFlags {
  readonly config?: string;
}

const HELP = `
An account is stopped when its credentials are refused: its photos wait, and no photo is given up. New credentials let it
go on by themselves, and the same ones are tried once an hour; this is for what cannot be told from the credentials, such
as a token in SSM that was mended, when an hour is too long. Photos go on as the queue brings them back.

Examples:
  npm run -s relay -- account resume --table TABLE --region eu-west-1
  npm run -s relay -- account resume north --state .relay

Exit codes: 0 the account is open, 2 wrong usage, or there is no such ledger.`;

/** Adds `resume` to `account`. */
export function addAccountResumeCommand(group: Command, end: (code: ExitCode) => void): void {
  addLedgerOptions(
    group
      .command("resume")
      .description("let an account go on that was stopped")
      .argument("[name]", "of the account, in the fleet's rules", readAccountName, "default"),
  )
    .option("--config <file>", "fleet configuration (default: fleet.config.ts, when it is there)")
    .addHelpText("after", HELP)
    .action(async (name: string, flags: ResumeFlags) => end(await resume(name, flags)));
}

async function resume(name: string, flags: ResumeFlags): Promise<ExitCode> {
  const [flag] = ledgerWordsOf(flags);
  // A name that nobody has would be opened without a word.
  assertIsAccount(await loadFleet(flags.config), name);
  await withLedger(flags, async ({ gates }) => resumeAccount({ gates, log: () => {} }, name));
  const how =
    flag === "--state"
      ? "Run the same command as before again; its photos wait in the queue."
      : "Its photos go on as the queue brings them back, the last of them within an hour or so.";
  process.stdout.write(`The account ${name} is open. ${how}\n`);
  return EXIT.ok;
}
