import type { PhotoRow, Trouble } from "../ledger/ledger.ts";
import type { Outcome } from "../mapillary/destination.ts";
import { PhotoGoneError } from "../photo/photo.ts";
import type { SequenceRow } from "../sequence/sequence.ts";
import { stopAccount, troubleOf } from "./deps.ts";
import { type Finishing, named } from "./finish-sequence.ts";
import { isWrappedAnew } from "./parcel.ts";
import { createPayload } from "./payload.ts";
import { shipmentOf } from "./send-photo.ts";
import { wrapAnew } from "./wrap-anew.ts";

/**
 * How long a handle is trusted. Mapillary's own client trusts one for 48 h; they were seen to last some four days. An
 * hour less leaves room for the finish.
 */
const TRUSTED_MS = 47 * 3_600_000;

/** Photos sent again side by side: mostly the bytes are still there, and nothing but a handle is asked for. */
const RENEWED_AT_ONCE = 8;

/**
 * Makes fresh the handles that are too old to finish with. A photo whose bytes can no longer be had, or
 * that is refused for good, is given up.
 *
 * @returns whether every photo is ready now; if not, what was renewed stays so for the next round
 */
export async function renewHandles(
  work: Finishing,
  sequence: SequenceRow,
  photos: readonly PhotoRow[],
): Promise<boolean> {
  const { deps, account } = work;
  if (account.lane === "bucket") return true;
  const trustedFrom = [new Date(deps.now() - TRUSTED_MS).toISOString(), sequence.handlesRefusedAt ?? ""];
  const stale = photos.filter((row) => isStale(row, trustedFrom));
  for (let at = 0; at < stale.length; at += RENEWED_AT_ONCE) {
    if (work.signal.aborted) return false;
    const troubles = await Promise.all(stale.slice(at, at + RENEWED_AT_ONCE).map((row) => renew(work, row)));
    const trouble = troubles.find((trouble) => trouble !== undefined);
    if (trouble === undefined) continue;
    deps.log("sequence.postponed", { ...named(sequence), trouble });
    return false;
  }
  // What was renewed is read again in the next round, with its new handles.
  return stale.length === 0;
}

/** @param trustedFrom ISO 8601 UTC: a handle is too old unless it is later than all of them */
function isStale({ status, handledAt = "" }: PhotoRow, trustedFrom: readonly string[]): boolean {
  return status === "relayed" && trustedFrom.some((from) => handledAt <= from);
}

/** @returns what stands in the way */
async function renew(work: Finishing, row: PhotoRow): Promise<Trouble | undefined> {
  try {
    const outcome = await sendAgain(work, row);
    return outcome.kind === "done" ? undefined : await heed(work, row, outcome);
  } catch (error) {
    if (error instanceof PhotoGoneError) return await giveUp(work, row, troubleOf(error));
    return troubleOf(error);
  }
}

async function sendAgain({ deps, account, signal }: Finishing, row: PhotoRow): Promise<Outcome> {
  const anew = isWrappedAnew(account, row) ? await wrapAnew(deps, account, row, signal) : undefined;
  const bound = anew === undefined ? row : { ...row, binding: anew.binding };
  const payload = createPayload(deps, account, bound, anew);
  try {
    const outcome = await account.destination.send(shipmentOf(deps, bound), payload, signal);
    if (outcome.kind === "done") await deps.ledger.renewHandle(row, outcome.destination, anew?.binding);
    return outcome;
  } finally {
    payload.close();
  }
}

async function heed(
  { deps, account, ...work }: Finishing,
  row: PhotoRow,
  outcome: Exclude<Outcome, { kind: "done" }>,
): Promise<Trouble | undefined> {
  if (outcome.kind === "resume") return { code: "resume", message: "the upload stands at another offset" };
  const trouble = { code: outcome.code, message: outcome.message };
  if (outcome.kind === "never" && outcome.scope === "photo")
    return await giveUp({ deps, account, ...work }, row, trouble);
  if (outcome.kind === "never") await stopAccount(deps, account, trouble);
  else if (outcome.gate === "rate-limit")
    await deps.gates.pause(account.key, deps.now() + (outcome.afterMs ?? deps.retries.baseMs));
  return trouble;
}

/** Its upload is lost: as any photo that failed, it is tried again when its event is fed again. */
async function giveUp({ deps }: Finishing, row: PhotoRow, { code, message }: Trouble): Promise<undefined> {
  const trouble = { code, message: `its upload has expired, and cannot be repeated: ${message}` };
  if (await deps.ledger.loseUpload(row, trouble)) deps.log("photo.failed", { photo: row.ref, trouble });
  return undefined;
}
