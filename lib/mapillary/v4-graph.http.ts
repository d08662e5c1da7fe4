/** What is asked of the graph API beside the finish: who somebody is, what an organization is called, and tokens. */
import type { Timeouts } from "./attempt.http.ts";
import { type Redactor, redactorOf, type Secret } from "./redact.ts";
import { redactorOfToken, type StoredToken } from "./token.ts";
import { TOKEN_REFUSED } from "./v4-answer.ts";
import type { Fields } from "./v4-error.ts";
import { FORBIDDEN, type GraphResult, graphResultOf } from "./v4-graph-answer.ts";
import { outcomeOfWireFault } from "./v4-upload.http.ts";
import { createWire, type Wire, type WireRequest } from "./v4-wire.http.ts";

/** Whose token it is. */
export interface User {
  /** Digits. */
  readonly id: string;
  /** Empty when the graph does not say. */
  readonly username: string;
}

/** Somebody that photos can be given to. A text is empty when the graph does not say. */
export interface Organization {
  /** Digits. */
  readonly id: string;
  readonly slug: string;
  readonly name: string;
  readonly description: string;
}

/** What an authorization code is exchanged with. */
export interface CodeGrant {
  readonly clientId: string;
  readonly clientSecret: string;
  readonly code: string;
  /** Where the page sent the code, if the page was told (RFC 6749, 4.1.3). */
  readonly redirectUri?: string;
}

/** What a token is refreshed with. */
export interface RefreshGrant {
  readonly clientSecret: string;
  /** The token that there is. */
  readonly accessToken: string;
}

/** Questions to the graph API; each throws the signal's reason when it is aborted, and nothing else. */
export interface Graph {
  readMe(accessToken: string, signal: AbortSignal): Promise<GraphResult<User>>;
  /** An id that is no number is refused unasked. */
  readOrganization(
    accessToken: string,
    organizationId: string,
    signal: AbortSignal,
  ): Promise<GraphResult<Organization>>;
  exchangeCode(grant: CodeGrant, signal: AbortSignal): Promise<GraphResult<StoredToken>>;
  refreshToken(grant: RefreshGrant, signal: AbortSignal): Promise<GraphResult<StoredToken>>;
}

/** What the client needs. */
export interface GraphOptions {
  /** Without a slash at its end. */
  readonly graphEndpoint: string;
  /** Each defaults to {@link DEFAULT_GRAPH_TIMEOUTS}. */
  readonly timeouts?: Partial<Timeouts>;
  /** ms since 1970. Default: the system's clock. */
  readonly now?: () => number;
  /** Default: one of its own. */
  readonly wire?: Wire;
}

/** Small questions: whoever asks has something to do. */
const DEFAULT_GRAPH_TIMEOUTS: Timeouts = { connectMs: 5_000, idleMs: 20_000, overallMs: 30_000 };

/** Makes a client of the graph API. */
export function createGraph(options: GraphOptions): Graph {
  const { graphEndpoint, now = Date.now, wire = createWire() } = options;
  const timeouts = { ...DEFAULT_GRAPH_TIMEOUTS, ...options.timeouts };

  async function ask<T>(
    request: Omit<WireRequest, "url" | "timeouts"> & { readonly path: string },
    redactor: Redactor,
    read: (fields: Fields) => T | undefined,
    signal: AbortSignal,
  ): Promise<GraphResult<T>> {
    const { path, ...rest } = request;
    const result = await wire.call({ ...rest, url: `${graphEndpoint}/${path}`, timeouts }, signal);
    if (result.kind === "answer") return graphResultOf(result, { redactor, nowMs: now() }, read);
    const outcome = outcomeOfWireFault(result, redactor);
    if (outcome.kind === "later") return outcome;
    return { kind: "refused", code: outcome.code, message: outcome.message };
  }

  async function askForToken(
    clientSecret: string,
    fields: Readonly<Record<string, string>>,
    secrets: readonly Secret[],
    signal: AbortSignal,
  ): Promise<GraphResult<StoredToken>> {
    const request = {
      method: "POST",
      path: "token",
      authorization: clientSecret,
      headers: { "Content-Type": "application/x-www-form-urlencoded" },
      body: { bytes: new TextEncoder().encode(new URLSearchParams(fields).toString()) },
    } as const;
    const redactor = redactorOf([{ name: "clientSecret", value: clientSecret }, ...secrets]);
    return await ask(request, redactor, (answer) => tokenOf(answer, now()), signal);
  }

  return {
    async readMe(accessToken, signal) {
      const request = { method: "GET", path: "me?fields=id,username", authorization: accessToken } as const;
      const result = await ask(request, redactorOfToken(accessToken), userOf, signal);
      // Nothing but the token was asked about.
      const isForbidden = result.kind === "refused" && result.code === FORBIDDEN;
      return isForbidden ? { ...result, code: TOKEN_REFUSED } : result;
    },
    async readOrganization(accessToken, organizationId, signal) {
      if (!/^\d{1,32}$/u.test(organizationId))
        return { kind: "refused", code: "id-misshapen", message: "an organization's id has digits only" };
      const path = `${organizationId}?fields=slug,description,name`;
      const request = { method: "GET", path, authorization: accessToken } as const;
      const read = (fields: Fields) => organizationOf(organizationId, fields);
      return await ask(request, redactorOfToken(accessToken), read, signal);
    },
    exchangeCode({ clientId, clientSecret, code, redirectUri }, signal) {
      const fields = { grant_type: "authorization_code", client_id: clientId, code };
      const all = redirectUri === undefined ? fields : { ...fields, redirect_uri: redirectUri };
      return askForToken(clientSecret, all, [{ name: "code", value: code }], signal);
    },
    refreshToken({ clientSecret, accessToken }, signal) {
      const fields = { grant_type: "refresh_token", refresh_token: accessToken };
      return askForToken(clientSecret, fields, [{ name: "accessToken", value: accessToken }], signal);
    },
  };
}

function userOf({ id, username }: Fields): User | undefined {
  return isId(id) ? { id, username: textOf(username) } : undefined;
}

function organizationOf(id: string, fields: Fields): Organization {
  const { slug, name, description } = fields;
  return { id, slug: textOf(slug), name: textOf(name), description: textOf(description) };
}

/** Longest life of a token we believe, in seconds: what is longer is a mistake, and no date would hold it. */
const LONGEST_LIFE_SECONDS = 10 * 365 * 24 * 3_600;

function tokenOf(fields: Fields, nowMs: number): StoredToken | undefined {
  const { access_token: accessToken, expires_in: seconds } = fields;
  if (typeof accessToken !== "string" || !/^[\x21-\x7e]{1,4096}$/u.test(accessToken)) return undefined;
  const isLife = typeof seconds === "number" && seconds > 0 && seconds <= LONGEST_LIFE_SECONDS;
  return {
    accessToken,
    obtainedAt: new Date(nowMs).toISOString(),
    ...(isLife && { expiresAt: new Date(nowMs + seconds * 1_000).toISOString() }),
  };
}

function isId(value: unknown): value is string {
  return typeof value === "string" && /^\d{1,32}$/u.test(value);
}

/** For people to read; control characters would not be, on a terminal. */
function textOf(value: unknown): string {
  return typeof value === "string" ? value.replaceAll(/[\p{Cc}\p{Cf}]/gu, " ").slice(0, 300) : "";
}
