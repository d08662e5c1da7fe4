/** A person lets an application upload in his name: OAuth's authorization code grant (RFC 6749, 4.1). */
import { randomBytes } from "node:crypto";
import type { Readable } from "node:stream";
import type { StoredToken } from "../lib/mapillary/token.ts";
import { createGraph, type User } from "../lib/mapillary/v4-graph.http.ts";
import type { GraphResult } from "../lib/mapillary/v4-graph-answer.ts";
import { consentUrl, type OauthAnswer } from "./oauth-answer.ts";
import { CALLBACK_PATH, listenForAnswer } from "./oauth-listener.ts";
import { readPastedAnswer } from "./oauth-paste.ts";

/** Where Mapillary lets people agree, by its documentation. */
export const DEFAULT_CONNECT_URL = "https://www.mapillary.com/connect";

/** How a login is done. */
export interface LoginOptions {
  readonly clientId: string;
  readonly clientSecret: string;
  /** Without a slash at its end. */
  readonly graphEndpoint: string;
  readonly connectUrl: string;
  /** Of the callback address that the application is registered with. Where it is listened on, any free one when 0. */
  readonly port: number;
  /** Where the answer is pasted; absent: the browser comes back to this machine. */
  readonly pasted?: Readable;
  /** Tells the person something. */
  readonly say: (text: string) => void;
  /** Ends the wait for the person. */
  readonly patience: AbortSignal;
  /** Ends everything. */
  readonly signal: AbortSignal;
}

/** What a login gave. */
export interface LoggedIn {
  readonly user: User;
  readonly token: StoredToken;
}

/** It did not come to a token that holds. The message says why, and no secret. */
export class LoginFailedError extends Error {
  override readonly name = "LoginFailedError";
}

/**
 * Sends a person to Mapillary's page and makes the answer a token, which is tried before it is handed out.
 *
 * @throws {LoginFailedError}
 * @throws {UsageError} when nothing was pasted
 * @throws a signal's reason
 * @throws when the port is taken
 */
export async function logIn(options: LoginOptions): Promise<LoggedIn> {
  const state = randomBytes(16).toString("base64url");
  const { answer, redirectUri } = await askForConsent(options, state);
  if (answer.kind === "denied") throw new LoginFailedError(`consent was denied: ${answer.why}`);
  const { clientId, clientSecret, graphEndpoint, signal } = options;
  const graph = createGraph({ graphEndpoint });
  const grant = { clientId, clientSecret, code: answer.code, redirectUri };
  const token = takenFrom(
    "the code could not be exchanged for a token",
    await graph.exchangeCode(grant, signal),
  );
  const user = takenFrom("the fresh token does not hold", await graph.readMe(token.accessToken, signal));
  return { user, token };
}

interface Consent {
  readonly answer: Extract<OauthAnswer, { kind: "code" | "denied" }>;
  /** Where the page was told to go; the exchange repeats it (RFC 6749, 4.1.3). */
  readonly redirectUri: string;
}

async function askForConsent(options: LoginOptions, state: string): Promise<Consent> {
  const { clientId, connectUrl, port, pasted, say } = options;
  const ended = AbortSignal.any([options.patience, options.signal]);
  const invite = (redirectUri: string) =>
    say(
      `Open this address in a browser, and agree:\n\n  ${consentUrl(connectUrl, { clientId, redirectUri, state })}\n`,
    );
  if (pasted !== undefined) {
    const redirectUri = `http://127.0.0.1:${port}${CALLBACK_PATH}`;
    invite(redirectUri);
    say("The browser is then sent to an address it cannot open: paste that address here, or the code in it.");
    return { redirectUri, answer: await readPastedAnswer(pasted, state, say, ended) };
  }
  const onForeign = () => say("Somebody sent an answer that is not to this login; it was refused.");
  await using listener = await listenForAnswer(port, state, onForeign);
  const { redirectUri } = listener;
  invite(redirectUri);
  return { redirectUri, answer: await unlessAborted(listener.answer, ended) };
}

async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  const { promise, reject } = Promise.withResolvers<never>();
  const onAbort = () => reject(signal.reason);
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    return await Promise.race([work, promise]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}

function takenFrom<T>(what: string, result: GraphResult<T>): T {
  if (result.kind === "ok") return result.value;
  throw new LoginFailedError(`${what}: ${result.code}: ${result.message}`);
}
