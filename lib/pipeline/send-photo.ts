import type { Lease, PhotoRow } from "../ledger/ledger.ts";
import { createEndMarkWatch } from "../photo/end-mark.ts";
import type { OpenPhoto } from "../photo/photo.ts";
import { type Account, type Deps, troubleOf } from "./deps.ts";
import type { Result } from "./result.ts";
import { settleOutcome } from "./settle-outcome.ts";
import type { Turn } from "./turn.ts";

/** A lease for the attempt that begins now; it lasts as long as this worker can live. */
export function newLease(deps: Deps): Lease {
  return { owner: deps.newId(), untilMs: deps.now() + deps.relayLifetimeMs };
}

/**
 * Sends a photo to where it is bound, and records what came of it.
 *
 * @param row as the attempt has it, lease included
 * @param head what was read of the photo already
 */
export async function sendPhoto(
  deps: Deps,
  turn: Turn,
  account: Account,
  row: PhotoRow,
  photo: OpenPhoto,
  head: readonly Uint8Array[],
): Promise<Result> {
  const startedMs = deps.now();
  const { isProbe } = await turn.leaveOf(account);
  const endMark = createEndMarkWatch();
  const rest = watched(photo.body, endMark.push);
  for (const chunk of head) endMark.push(chunk);
  const destinationKey = row.binding?.destinationKey;
  if (destinationKey === undefined) throw new TypeError("a photo is to be sent that has no destination");
  const filename = destinationKey.slice(destinationKey.lastIndexOf("/") + 1);
  const shipment = { destinationKey, filename, sizeBytes: row.ref.sizeBytes };
  return await givingBackLease(deps, row, async () => {
    const outcome = await account.destination.send(shipment, { head, rest }, turn.signal);
    return await settleOutcome(
      { deps, account, row, startedMs, isProbe, warnings: endMark.warnings },
      outcome,
    );
  });
}

/** Does work that needs the lease; when it throws, the photo is free for another attempt at once. */
export async function givingBackLease<T>(deps: Deps, row: PhotoRow, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    await deps.ledger.releaseRelay(row, troubleOf(error));
    throw error;
  }
}

/** Shows every chunk to `see` as it goes by. */
function watched(
  body: AsyncIterator<Uint8Array>,
  see: (chunk: Uint8Array) => void,
): AsyncIterator<Uint8Array> {
  return {
    async next() {
      const result = await body.next();
      if (!result.done) see(result.value);
      return result;
    },
  };
}
