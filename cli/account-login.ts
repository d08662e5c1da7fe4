import type { Command } from "commander";
import { type Environment, variableOf } from "../lib/config/settings.ts";
import { credentialProblem } from "../lib/mapillary/bucket-account.ts";
import { createSsmTokenStore } from "../lib/mapillary/token.ssm.ts";
import {
  redactorOfToken,
  type StoredToken,
  type TokenStore,
  TokenUnusableError,
} from "../lib/mapillary/token.ts";
import { DEFAULT_GRAPH_ENDPOINT, parameterNameProblem } from "../lib/mapillary/v4-account.ts";
import { readAccountName } from "./account-name.ts";
import { callOf, quoteForShell } from "./call.ts";
import { EXIT, type ExitCode } from "./exit-code.ts";
import { watchInterruption } from "./interruption.ts";
import { DEFAULT_CONNECT_URL, type LoggedIn, LoginFailedError, type LoginOptions, logIn } from "./login.ts";
import { readPort, readWholeNumber } from "./read-number.ts";
import { formatDuration, printable } from "./terminal-text.ts";
import { readEndpoint } from "./upload-account.ts";
import { UsageError } from "./usage-error.ts";

interface LoginFlags {
  readonly clientId: string;
  readonly port: number;
  readonly paste?: true;
  readonly timeout: number;
  readonly parameter?: string;
  readonly print?: true;
  readonly graphEndpoint: string;
  readonly connectUrl: string;
}

/** Of the callback address, where nobody says otherwise: one that nothing else is known for. */
const DEFAULT_PORT = 4_790;

/** Codes live for 10 minutes at most (RFC 6749, 4.1.2), and people look for their passwords. */
const DEFAULT_TIMEOUT_SECONDS = 600;

const HELP = `
Sends you to Mapillary's page to let your application upload in your name, and keeps the token it gives. The application
is one that you registered at Mapillary: its callback address is to be http://127.0.0.1:${DEFAULT_PORT}/callback, or with
another --port that one, and its secret is read from MAPILLARY_CLIENT_SECRET. On a machine without a browser --paste lets
you open the page anywhere, and paste the address that it leads to.

Examples:
  npm run -s relay -- account login --client-id 1234567890 --parameter /mapillary-relay/production/mapillary/default/token
  eval "$(npm run -s relay -- account login --client-id 1234567890 --print)"

--parameter writes a SecureString of AWS SSM, with the AWS credentials of the environment; the deployment's parameters are
called /mapillary-relay/STAGE/mapillary/ACCOUNT/token. The token is shown by --print, and nowhere else.

Exit codes: 0 the token is where it was to go, 1 it was denied, refused or could not be stored, 2 wrong usage,
130 interrupted.`;

/** Adds `login` to `account`. */
export function addAccountLoginCommand(group: Command, end: (code: ExitCode) => void): void {
  group
    .command("login")
    .description("get an access token of API v4, by way of Mapillary's page")
    .argument("[name]", "of the account, in the fleet's rules", readAccountName, "default")
    .requiredOption("--client-id <id>", "of your application at Mapillary")
    .option("--parameter <name>", "write the token to this SSM parameter, as a SecureString")
    .option("--print", "print a line for the shell that exports the token")
    .option("--paste", "paste the answer instead of listening for the browser")
    .option("--port <port>", "of the callback address on 127.0.0.1", readPort, DEFAULT_PORT)
    .option(
      "--timeout <seconds>",
      "how long to wait for the answer",
      readWholeNumber("a time in seconds", 1, 86_400),
      DEFAULT_TIMEOUT_SECONDS,
    )
    .option("--graph-endpoint <url>", "where codes are exchanged", DEFAULT_GRAPH_ENDPOINT)
    .option("--connect-url <url>", "the page", DEFAULT_CONNECT_URL)
    .addHelpText("after", HELP)
    .action(async (name: string, flags: LoginFlags) => end(await login(name, flags)));
}

async function login(name: string, flags: LoginFlags): Promise<ExitCode> {
  const options = readOptions(flags, process.env);
  const store = flags.parameter === undefined ? undefined : createSsmTokenStore(flags.parameter);
  if (store !== undefined) await assertIsReachable(store, `--parameter ${flags.parameter}`);
  using interruption = watchInterruption(() => note("Stopping …"));
  const { signal } = interruption;
  const patience = AbortSignal.timeout(flags.timeout * 1_000);
  try {
    const loggedIn = await logIn({ ...options, say: note, patience, signal });
    tellUser(loggedIn);
    if (store !== undefined) await keep(store, loggedIn.token, name, flags);
    if (flags.print) process.stdout.write(`${exportOf(name, loggedIn.token)}\n`);
    return EXIT.ok;
  } catch (error) {
    if (signal.aborted) return EXIT.interrupted;
    if (error instanceof LoginFailedError) return fail(error.message);
    if (patience.aborted && error === patience.reason)
      return fail(`nobody has answered within ${formatDuration(flags.timeout * 1_000)}; nothing was stored`);
    throw isPortTaken(error) ? new UsageError(tellPortTaken(flags), { cause: error }) : error;
  }
}

/** @throws {UsageError} naming what is missing or wrong */
function readOptions(
  flags: LoginFlags,
  environment: Environment,
): Omit<LoginOptions, "say" | "patience" | "signal"> {
  const { clientId, port, parameter } = flags;
  if (parameter === undefined && flags.print === undefined)
    throw new UsageError("the token has nowhere to go; add --parameter NAME, or --print to see it");
  const nameProblem = parameter === undefined ? undefined : parameterNameProblem(parameter);
  if (nameProblem !== undefined) throw new UsageError(`--parameter ${nameProblem}`);
  const idProblem = credentialProblem(clientId);
  if (idProblem !== undefined) throw new UsageError(`--client-id ${idProblem}`);
  if (flags.paste && port === 0)
    throw new UsageError("--paste needs the --port of the application's callback address; found 0");
  return {
    clientId,
    clientSecret: readSecret(environment),
    port,
    graphEndpoint: readEndpoint("--graph-endpoint", flags.graphEndpoint),
    connectUrl: readEndpoint("--connect-url", flags.connectUrl),
    ...(flags.paste && { pasted: process.stdin }),
  };
}

/** From the environment, which unlike a command line no process list shows. */
function readSecret({ MAPILLARY_CLIENT_SECRET: secret }: Environment): string {
  const problem =
    secret === undefined ? "is not set; expected the application's secret" : credentialProblem(secret);
  if (problem !== undefined) throw new UsageError(`MAPILLARY_CLIENT_SECRET ${problem}`);
  return secret ?? "";
}

/** Found out before somebody agrees to anything: a code is good for one token. */
async function assertIsReachable(store: TokenStore, what: string): Promise<void> {
  try {
    await store.read();
  } catch (cause) {
    // There is none yet, or it may be written and not read.
    if (cause instanceof TokenUnusableError) return;
    const message = cause instanceof Error ? cause.message : String(cause);
    throw new UsageError(`${what} cannot be reached: ${message}`, { cause });
  }
}

/** @throws {LoginFailedError} when it cannot be stored */
async function keep(store: TokenStore, token: StoredToken, name: string, flags: LoginFlags): Promise<void> {
  try {
    await store.write(token);
  } catch (cause) {
    const why = redactorOfToken(token.accessToken).line(
      cause instanceof Error ? cause.message : String(cause),
    );
    throw new LoginFailedError(`the token could not be stored, log in again when this is mended: ${why}`, {
      cause,
    });
  }
  const resume = callOf("account", "resume", ...(name === "default" ? [] : [name]), "--table", "TABLE");
  note(`The token is in ${flags.parameter}; workers read it within five minutes.`);
  note(`Was the account stopped, let it go on: ${resume}`);
}

function tellUser({ user, token: { expiresAt } }: LoggedIn): void {
  const until = expiresAt === undefined ? "it was not said for how long" : `until ${expiresAt}`;
  note(`Logged in as ${user.username === "" ? "the user" : user.username} (${user.id}), ${until}.`);
}

function exportOf(name: string, { accessToken }: StoredToken): string {
  return `export ${variableOf("ACCESS_TOKEN", name)}=${quoteForShell(accessToken)}`;
}

/** To standard error: standard output is for the token. */
function note(text: string): void {
  process.stderr.write(`${text.split("\n").map(printable).join("\n")}\n`);
}

function fail(message: string): ExitCode {
  note(`error: ${message}`);
  return EXIT.incomplete;
}

function isPortTaken(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "EADDRINUSE";
}

function tellPortTaken({ port }: LoginFlags): string {
  return `--port ${port} is taken; free it, or register another callback address and name its port`;
}
