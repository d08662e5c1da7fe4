/** The daily look at an account's token: whether it still holds, and a fresh one well before it is over. */
import type { Later } from "./destination.ts";
import { type StoredToken, type TokenStore, TokenUnusableError } from "./token.ts";
import { TOKEN_REFUSED } from "./v4-answer.ts";
import type { Graph } from "./v4-graph.http.ts";
import type { GraphRefusal } from "./v4-graph-answer.ts";

const DAY_MS = 24 * 3_600_000;

/** A token with less left is refreshed; Mapillary's live some 60 days, so there are 20 tries. */
export const REFRESH_BEFORE_MS = 20 * DAY_MS;

/** A token of unknown end is refreshed when it is older: half of the 60 days. */
export const REFRESH_AFTER_MS = 30 * DAY_MS;

/** What the look came to. The caller stops the account and raises the alarms. */
export type RefreshVerdict =
  /** It holds, and for long. */
  | { readonly kind: "fresh"; readonly expiresAt?: string }
  /** A fresh one is in the store. */
  | { readonly kind: "refreshed"; readonly expiresAt?: string }
  /**
   * `token`: the one in the store does not hold: the account is to be stopped. `refresh`: it holds, and cannot be
   * replaced: a person has until `expiresAt`, if that is known.
   */
  | (Omit<GraphRefusal, "kind"> & {
      readonly kind: "refused";
      readonly what: "token" | "refresh";
      readonly expiresAt?: string;
    })
  /** The graph could not be asked; tomorrow is another try. */
  | Later;

/** What a refresh is done with. */
export interface RefreshOptions {
  /** ms since 1970. */
  readonly now: () => number;
  /** Of the application that got the token. Absent: the token is only looked at, and a person is told when it is time. */
  readonly clientSecret?: string;
  readonly signal: AbortSignal;
}

/** Says whether it is time for a fresh token. One of which nothing is known is due: it may be over tomorrow. */
export function isRefreshDue({ expiresAt, obtainedAt }: StoredToken, nowMs: number): boolean {
  if (expiresAt !== undefined) return Date.parse(expiresAt) - nowMs < REFRESH_BEFORE_MS;
  return obtainedAt === undefined || nowMs - Date.parse(obtainedAt) > REFRESH_AFTER_MS;
}

/**
 * Looks at the token in the store and replaces it when it is time. The new one is written only after the graph has taken
 * it, for the same user.
 *
 * @throws what the store throws, or the signal's reason
 */
export async function refreshIfDue(
  store: TokenStore,
  graph: Pick<Graph, "readMe" | "refreshToken">,
  { now, clientSecret, signal }: RefreshOptions,
): Promise<RefreshVerdict> {
  const token = await store.read();
  const { accessToken, expiresAt } = token;
  const end = expiresAt === undefined ? {} : { expiresAt };
  const me = await graph.readMe(accessToken, signal);
  if (me.kind === "later") return me;
  if (me.kind === "refused") return { ...me, what: "token", ...end };
  if (!isRefreshDue(token, now())) return { kind: "fresh", ...end };
  if (clientSecret === undefined)
    return cannotRefresh("client-secret-missing", "there is no client secret to refresh it with", end);
  const fresh = await graph.refreshToken({ clientSecret, accessToken }, signal);
  if (fresh.kind === "later") return fresh;
  if (fresh.kind === "refused") return { ...fresh, what: "refresh", ...end };
  const taken = await tryFresh(graph, fresh.value, signal);
  if (taken.kind === "later") return taken;
  if (taken.kind === "refused") return cannotRefresh(TOKEN_REFUSED, "the fresh token is refused", end);
  if (taken.value.id !== me.value.id)
    return cannotRefresh("other-user", "the fresh token is another user's", end);
  try {
    await store.write(fresh.value);
  } catch (error) {
    // The token that is there still holds: no reason to stop the account.
    if (error instanceof TokenUnusableError) return cannotRefresh(error.code, error.message, end);
    throw error;
  }
  const freshEnd = fresh.value.expiresAt;
  return { kind: "refreshed", ...(freshEnd !== undefined && { expiresAt: freshEnd }) };
}

/**
 * More than once, and at once: what becomes of a token when a fresh one was given for it is not known, so a fresh one is
 * not thrown away for a moment's trouble.
 */
async function tryFresh(
  graph: Pick<Graph, "readMe">,
  { accessToken }: StoredToken,
  signal: AbortSignal,
): Promise<Awaited<ReturnType<Graph["readMe"]>>> {
  let result = await graph.readMe(accessToken, signal);
  for (let tries = 1; tries < MAX_TRIES && result.kind === "later"; tries += 1)
    result = await graph.readMe(accessToken, signal);
  return result;
}

/** How often the graph is asked about a fresh token. */
const MAX_TRIES = 3;

function cannotRefresh(
  code: string,
  message: string,
  end: { readonly expiresAt?: string },
): Extract<RefreshVerdict, { kind: "refused" }> {
  return { kind: "refused", what: "refresh", code, message, ...end };
}
