import { TokenUnusableError } from "../mapillary/token.ts";
import type { RefreshVerdict } from "../mapillary/token-refresh.ts";
import { type Account, type Deps, stopAccount, troubleOf } from "./deps.ts";

/** Looks at an account's token, and replaces it when it is time. */
export type TokenKeeper = (signal: AbortSignal) => Promise<RefreshVerdict>;

/** What the daily look needs. */
export interface CredentialsWorker extends Deps {
  /** By account name; none for accounts whose credentials cannot be replaced by a machine. */
  readonly keepers: ReadonlyMap<string, TokenKeeper>;
}

/**
 * The daily look at every account's credentials, so that somebody knows before photos wait: what is wrong stops the
 * account, a token that will soon be over is replaced, and one that cannot be is told of until it is.
 */
export async function checkCredentials(worker: CredentialsWorker, signal: AbortSignal): Promise<void> {
  for (const account of worker.accounts.values()) {
    const objection = account.destination.accountObjection(worker.now());
    if (objection !== undefined) {
      const { code, message } = objection;
      await stopAccount(worker, account, { code, message });
      continue;
    }
    const keep = worker.keepers.get(account.name);
    if (keep !== undefined) await lookAfter(worker, account, () => keep(signal));
  }
}

/** What goes wrong with one account's token is no reason not to look at the others'. */
async function lookAfter(
  worker: CredentialsWorker,
  account: Account,
  keep: () => Promise<RefreshVerdict>,
): Promise<void> {
  try {
    await heed(worker, account, await keep());
  } catch (error) {
    const trouble = troubleOf(error);
    if (error instanceof TokenUnusableError) await stopAccount(worker, account, trouble);
    else worker.log("token.not-refreshed", { account: account.name, trouble });
  }
}

async function heed(worker: CredentialsWorker, account: Account, verdict: RefreshVerdict): Promise<void> {
  if (verdict.kind === "refreshed")
    worker.log("token.refreshed", { account: account.name, ...until(verdict) });
  if (verdict.kind === "fresh" || verdict.kind === "refreshed") return await letGoOn(worker, account);
  const trouble = { code: verdict.code, message: verdict.message };
  if (verdict.kind === "refused" && verdict.what === "token") await stopAccount(worker, account, trouble);
  else worker.log("token.not-refreshed", { account: account.name, trouble, ...until(verdict) });
}

/** A token that holds again opens an account that was stopped for its token. */
async function letGoOn(worker: CredentialsWorker, account: Account): Promise<void> {
  const gate = await worker.gates.read(account.key, worker.now());
  if (gate.kind !== "stopped" || !gate.why.code.startsWith("token-")) return;
  await worker.gates.open(account.key);
  worker.log("account.opened", { account: account.name });
}

function until(verdict: RefreshVerdict): { readonly expiresAt?: string } {
  return "expiresAt" in verdict && verdict.expiresAt !== undefined ? { expiresAt: verdict.expiresAt } : {};
}
