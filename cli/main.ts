import { readFileSync } from "node:fs";
import { Command, CommanderError } from "commander";
import { addAccountCommand } from "./account.ts";
import { CALL } from "./call.ts";
import { addCheckCommand } from "./check.ts";
import { EXIT, type ExitCode } from "./exit-code.ts";
import { addRunCommand } from "./run.ts";
import { addSandboxCommand } from "./sandbox.ts";
import { addSequenceCommand } from "./sequence.ts";
import { printable } from "./terminal-text.ts";
import { UsageError } from "./usage-error.ts";

// The reader of a pipe may leave first, as `head` does: that is no failure.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
  process.exit(process.exitCode ?? EXIT.ok);
});

goWhereNpmWasCalled(process.env);
process.exitCode = await runProgram(process.argv);

/** npm runs scripts in the package's folder; what a person names counts from the folder that the person is in. */
function goWhereNpmWasCalled({ npm_lifecycle_event: script, INIT_CWD: folder }: NodeJS.ProcessEnv): void {
  const isOurs = script === "start" || script === "relay";
  if (isOurs && folder !== undefined) process.chdir(folder);
}

async function runProgram(argv: readonly string[]): Promise<ExitCode> {
  let exitCode: ExitCode = EXIT.ok;
  const end = (code: ExitCode) => {
    exitCode = code;
  };
  const program = new Command("relay")
    .usage("<command> [options]")
    .description("Relays street-level photos to Mapillary and accounts for every one of them.")
    .version(readVersion())
    .exitOverride()
    .addHelpText("after", `\nCall it as ${CALL} <command>; npm start is short for the command run.`);
  addRunCommand(program, end);
  addCheckCommand(program, end);
  addSequenceCommand(program, end);
  addAccountCommand(program, end);
  addSandboxCommand(program, end);
  pointToHelp(program, CALL);
  try {
    await program.parseAsync(argv);
    return exitCode;
  } catch (error) {
    return tellError(error);
  }
}

/** What is wrong with a command line is told with the way to the help of its own command. */
function pointToHelp(command: Command, call: string): void {
  command.showHelpAfterError(`(${call} --help shows what there is)`);
  for (const subcommand of command.commands) pointToHelp(subcommand, `${call} ${subcommand.name()}`);
}

function tellError(error: unknown): ExitCode {
  // Commander has said it already: the help that was asked for, or what is wrong with the command line.
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  if (error instanceof UsageError) {
    process.stderr.write(`error: ${error.message.split("\n").map(printable).join("\n")}\n`);
    return EXIT.usage;
  }
  const told = error instanceof Error ? (error.stack ?? error.message) : String(error);
  process.stderr.write(`error: ${told.split("\n").map(printable).join("\n")}\n`);
  return EXIT.incomplete;
}

function readVersion(): string {
  const text = readFileSync(new URL("../package.json", import.meta.url), "utf8");
  const { version }: { version: string } = JSON.parse(text);
  return version;
}
