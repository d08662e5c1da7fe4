/** Access tokens: what is known of one, and where a worker gets the one that holds. */
import { credentialProblem } from "./bucket-account.ts";
import { type Redactor, redactorOf } from "./redact.ts";

/** A user's access token. */
export interface StoredToken {
  readonly accessToken: string;
  /** ISO 8601 UTC. Absent when Mapillary did not say. */
  readonly expiresAt?: string;
  /** ISO 8601 UTC. Absent for a token that somebody typed in. */
  readonly obtainedAt?: string;
}

/** Where a token is kept. */
export interface TokenStore {
  /**
   * @throws {TokenUnusableError} when there is none
   * @throws anything else when the store does not answer
   */
  read(): Promise<StoredToken>;
  write(token: StoredToken): Promise<void>;
}

/** Where workers get the token they send with. */
export interface TokenSource {
  /** The token to use now. @throws as {@link TokenStore.read} */
  current(): Promise<string>;
  /**
   * To be asked after Mapillary refused a token: somebody may have put another one in its place.
   *
   * @returns another token, or `undefined` when there is none
   * @throws as {@link TokenStore.read}
   */
  renewed(refused: string): Promise<string | undefined>;
}

/** There is no token to be had until a person has done something: every photo of the account would meet the same. */
export class TokenUnusableError extends Error {
  override readonly name = "TokenUnusableError";
  readonly code: "token-missing" | "token-misshapen" | "token-forbidden";

  /** @param message without any part of a token */
  constructor(code: TokenUnusableError["code"], message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** Takes a token out of what the services say. */
export function redactorOfToken(accessToken: string): Redactor {
  return redactorOf([{ name: "accessToken", value: accessToken }]);
}

/** How long a token that was read is used before the store is asked again, in ms. */
export const TOKEN_CACHE_MS = 5 * 60_000;

/** A token that stays what it is. */
export function createFixedTokenSource(accessToken: string): TokenSource {
  return {
    async current() {
      const problem = credentialProblem(accessToken);
      if (problem === undefined) return accessToken;
      throw new TokenUnusableError("token-misshapen", `the access token ${problem}`);
    },
    renewed: async () => undefined,
  };
}

/**
 * The token of a store, read at most once in {@link TOKEN_CACHE_MS}, and by one caller for all that ask meanwhile. A
 * store that does not answer leaves the last token in use.
 *
 * @param now ms since 1970
 */
export function createStoredTokenSource(store: Pick<TokenStore, "read">, now: () => number): TokenSource {
  let last: { readonly accessToken: string; readonly readMs: number } | undefined;
  let reading: Promise<string> | undefined;

  async function read(): Promise<string> {
    const { accessToken } = await store.read();
    last = { accessToken, readMs: now() };
    return accessToken;
  }

  function readOnce(): Promise<string> {
    reading ??= read().finally(() => {
      reading = undefined;
    });
    return reading;
  }

  return {
    async current() {
      if (last !== undefined && now() - last.readMs < TOKEN_CACHE_MS) return last.accessToken;
      try {
        return await readOnce();
      } catch (error) {
        if (last === undefined || error instanceof TokenUnusableError) throw error;
        return last.accessToken;
      }
    },
    async renewed(refused) {
      // Another caller may have read the new one already.
      if (last !== undefined && last.accessToken !== refused) return last.accessToken;
      const accessToken = await readOnce();
      return accessToken === refused ? undefined : accessToken;
    },
  };
}

/**
 * Reads what a store holds: `{"accessToken","expiresAt"?,"obtainedAt"?}`, or a bare token as a person types it in. Dates
 * that are none are left out.
 *
 * @throws {TokenUnusableError} telling no part of it
 */
export function readStoredToken(text: string): StoredToken {
  const trimmed = text.trim();
  const token = trimmed.startsWith("{") ? readTokenJson(trimmed) : { accessToken: trimmed };
  const problem = credentialProblem(token.accessToken);
  if (problem !== undefined) throw new TokenUnusableError("token-misshapen", `the stored token ${problem}`);
  return token;
}

/** What a store is to hold of a token; read back by {@link readStoredToken}. */
export function writeStoredToken({ accessToken, expiresAt, obtainedAt }: StoredToken): string {
  return JSON.stringify({ accessToken, expiresAt, obtainedAt });
}

function readTokenJson(json: string): StoredToken {
  const { accessToken, expiresAt, obtainedAt } = parsed(json);
  if (typeof accessToken !== "string")
    throw new TokenUnusableError("token-misshapen", "what is stored is JSON without a text accessToken");
  return {
    accessToken,
    ...(isDate(expiresAt) && { expiresAt }),
    ...(isDate(obtainedAt) && { obtainedAt }),
  };
}

/** The error that JSON.parse throws would quote the text. */
function parsed(json: string): Record<string, unknown> {
  try {
    return JSON.parse(json);
  } catch {
    throw new TokenUnusableError("token-misshapen", "what is stored begins like JSON and is none");
  }
}

const ISO_UTC = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?Z$/u;

function isDate(value: unknown): value is string {
  return typeof value === "string" && ISO_UTC.test(value) && !Number.isNaN(Date.parse(value));
}
