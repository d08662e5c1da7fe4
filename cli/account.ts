import type { Command } from "commander";
import { addAccountCheckCommand } from "./account-check.ts";
import { addAccountLoginCommand } from "./account-login.ts";
import { addAccountResumeCommand } from "./account-resume.ts";
import type { ExitCode } from "./exit-code.ts";

/** Adds `account` to the program, with its subcommands. */
export function addAccountCommand(program: Command, end: (code: ExitCode) => void): void {
  const group = program
    .command("account")
    .description("look at the accounts photos are sent with, let stopped ones go on, get access tokens");
  addAccountCheckCommand(group, end);
  addAccountResumeCommand(group, end);
  addAccountLoginCommand(group, end);
}
