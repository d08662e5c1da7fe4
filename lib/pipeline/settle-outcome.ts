import type { PhotoRow, Trouble } from "../ledger/ledger.ts";
import type { Outcome } from "../mapillary/destination.ts";
import type { Warning } from "../photo/photo.ts";
import { backoffMs } from "./backoff.ts";
import { type Account, type Deps, stopAccount } from "./deps.ts";
import { type Result, SETTLED, waiting } from "./result.ts";
import { giveUp } from "./set-aside.ts";

const LEASE_LOST: Trouble = { code: "lease-lost", message: "another worker took over" };

/** One attempt that was made. */
export interface Attempt {
  readonly deps: Deps;
  readonly account: Account;
  /** The row as the attempt has it, lease included. */
  readonly row: PhotoRow;
  readonly startedMs: number;
  /** The account is stopped, and tried once more. */
  readonly isProbe: boolean;
  /** What was noticed while the photo went by. */
  readonly warnings: () => readonly Warning[];
}

/** Records what came of an attempt to send a photo. */
export async function settleOutcome(attempt: Attempt, outcome: Outcome): Promise<Result> {
  switch (outcome.kind) {
    case "done":
      return await settleDone(attempt, outcome.destination);
    case "resume":
      return await tryLater(attempt, { code: "resume", message: "the upload stands at another offset" }, 0);
    case "later":
      return await settleLater(attempt, outcome);
    case "never":
      if (outcome.scope === "photo") return await giveUp(attempt.deps, attempt.row.ref, outcome, attempt.row);
      await stopAccount(attempt.deps, attempt.account, { code: outcome.code, message: outcome.message });
      return await tryLater(attempt, outcome);
  }
}

async function settleDone(attempt: Attempt, destination: string): Promise<Result> {
  const { deps, account, row, startedMs, isProbe, warnings } = attempt;
  const handle = account.lane === "v4" ? destination : undefined;
  if (isProbe) {
    await deps.gates.open(account.key);
    deps.log("account.opened", { account: account.name });
  }
  const recorded = await deps.ledger.recordRelayed(row, [...row.warnings, ...warnings()], handle);
  if (!recorded) {
    return waiting(0, LEASE_LOST);
  }
  deps.log("photo.relayed", {
    photo: row.ref,
    sequenceId: row.binding?.sequenceId ?? "",
    destinationKey: row.binding?.destinationKey ?? "",
    attempts: row.attempts,
    durationMs: deps.now() - startedMs,
  });
  return SETTLED;
}

async function settleLater(attempt: Attempt, outcome: Extract<Outcome, { kind: "later" }>): Promise<Result> {
  const { deps, account, row } = attempt;
  const { code, message, afterMs, gate } = outcome;
  if (row.attempts >= deps.retries.maxAttempts) return await giveUp(deps, row.ref, { code, message }, row);
  const ownMs = backoffMs(deps.retries, row.attempts, deps.random());
  // A server that asks for no time at all would have every attempt within seconds.
  const delayMs = afterMs === undefined || afterMs < deps.retries.baseMs ? ownMs : afterMs;
  if (gate === "rate-limit") {
    const untilMs = deps.now() + delayMs;
    await deps.gates.pause(account.key, untilMs);
    deps.log("account.paused", { account: account.name, untilMs });
  }
  return await tryLater(attempt, { code, message }, delayMs);
}

async function tryLater(
  { deps, row }: Attempt,
  { code, message }: Trouble,
  delayMs?: number,
): Promise<Result> {
  const trouble = { code, message };
  await deps.ledger.releaseRelay(row, trouble);
  return waiting(delayMs ?? backoffMs(deps.retries, row.attempts, deps.random()), trouble);
}
