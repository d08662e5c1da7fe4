/** Users, the application that logs them in, access tokens and authorization codes. */
import { createHash, randomBytes } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import type { ClientRow, TokenRow, V4State } from "./state.ts";

/** Somebody who uploads. */
export interface User {
  /** Digits, the same for the same name every time. */
  readonly id: string;
  readonly username: string;
}

/** An access token as it is handed out. */
export interface IssuedToken {
  readonly accessToken: string;
  /** Epoch milliseconds. */
  readonly expiresAtMs: number;
}

/** Who may do what. */
export interface Accounts {
  readonly client: ClientRow;
  readonly users: readonly User[];
  /** The user whose token this is; undefined when it is unknown, expired or revoked. */
  userOf(accessToken: string): User | undefined;
  /** Makes a token. */
  issue(userId: string): IssuedToken;
  /** From now on the token opens nothing. Does nothing when it opens nothing already. */
  revoke(accessToken: string): void;
  /** Makes an authorization code, good for one exchange within {@link CODE_LIFETIME_MS}. */
  issueCode(userId: string): string;
  /** The user who gave the code; undefined when it is unknown, used or expired, or was given to another application. */
  redeemCode(code: string, clientId: string): User | undefined;
}

/** What accounts are made of. */
export interface AccountsOptions {
  readonly state: V4State;
  readonly usernames: readonly string[];
  /** Default: one of the stand-in's own, kept in its state. */
  readonly client: ClientRow | undefined;
  readonly tokenLifetimeMs: number;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

/** RFC 6749, 4.1.2: "A maximum authorization code lifetime of 10 minutes is RECOMMENDED". */
export const CODE_LIFETIME_MS = 600_000;

/** Opens the accounts that the state holds. */
export function openAccounts({ state, now, tokenLifetimeMs, ...options }: AccountsOptions): Accounts {
  const users = options.usernames.map((username) => ({ id: userIdOf(username), username }));
  const client = options.client ?? state.clients.get("client") ?? makeClient();
  if (!isDeepStrictEqual(state.clients.get("client"), client)) state.clients.put("client", client);
  const userById = (id: string | undefined) => users.find((user) => user.id === id);
  const isGood = (token: TokenRow) => !token.revoked && now() < token.expiresAtMs;

  return {
    client,
    users,
    userOf(accessToken) {
      const token = state.tokens.get(accessToken);
      return token !== undefined && isGood(token) ? userById(token.userId) : undefined;
    },
    issue(userId) {
      const accessToken = `MLY|${client.id}|${randomBytes(16).toString("hex")}`;
      const expiresAtMs = now() + tokenLifetimeMs;
      state.tokens.put(accessToken, { userId, issuedAtMs: now(), expiresAtMs, revoked: false });
      return { accessToken, expiresAtMs };
    },
    revoke(accessToken) {
      const token = state.tokens.get(accessToken);
      if (token !== undefined) state.tokens.put(accessToken, { ...token, revoked: true });
    },
    issueCode(userId) {
      const code = `AQ${randomBytes(48).toString("base64url")}`;
      state.codes.put(code, { userId, clientId: client.id, expiresAtMs: now() + CODE_LIFETIME_MS });
      return code;
    },
    redeemCode(code, clientId) {
      const row = state.codes.get(code);
      if (row === undefined || row.clientId !== clientId) return undefined;
      state.codes.delete(code);
      return now() < row.expiresAtMs ? userById(row.userId) : undefined;
    },
  };
}

/** The newest token of a user that still opens something, or a new one: a stand-in that is started again knows both. */
export function currentToken(accounts: Accounts, state: V4State, user: User): IssuedToken {
  const tokens = [...state.tokens.entries()].toReversed();
  const [accessToken, row] = tokens.find(([token]) => accounts.userOf(token)?.id === user.id) ?? [];
  if (accessToken === undefined || row === undefined) return accounts.issue(user.id);
  return { accessToken, expiresAtMs: row.expiresAtMs };
}

/** Sixteen digits, as Facebook's ids have. */
function userIdOf(username: string): string {
  const hash = createHash("sha256").update(username).digest().readUIntBE(0, 6);
  return `1${String(hash).padStart(15, "0")}`;
}

function makeClient(): ClientRow {
  const id = String(1e15 + randomBytes(6).readUIntBE(0, 6));
  return { id, secret: `MLY|${id}|${randomBytes(16).toString("hex")}` };
}
