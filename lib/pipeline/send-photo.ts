import { ruleFor } from "../config/rules.ts";
import type { Lease, PhotoRow } from "../ledger/ledger.ts";
import type { Shipment } from "../mapillary/destination.ts";
import { type Account, type Deps, troubleOf } from "./deps.ts";
import { sentBytesOf } from "./parcel.ts";
import { createPayload, type OpenedPhoto } from "./payload.ts";
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
 * @param opened the photo when it is open already
 */
export async function sendPhoto(
  deps: Deps,
  turn: Turn,
  account: Account,
  row: PhotoRow,
  opened?: OpenedPhoto,
): Promise<Result> {
  const startedMs = deps.now();
  const { isProbe } = await turn.leaveOf(account);
  const payload = createPayload(deps, account, row, opened);
  try {
    return await givingBackLease(deps, row, async () => {
      const outcome = await account.destination.send(shipmentOf(deps, row), payload, turn.signal);
      const { warnings } = payload;
      return await settleOutcome({ deps, account, row, startedMs, isProbe, warnings }, outcome);
    });
  } finally {
    payload.close();
  }
}

/** A bound photo as its destination wants to know of it. @throws for one that is not bound: a defect in our code */
export function shipmentOf({ fleet }: Pick<Deps, "fleet">, { ref, binding }: PhotoRow): Shipment {
  if (binding === undefined) throw new TypeError("a photo is to be sent that has no destination");
  const { destinationKey, rewrite, trackPath } = binding;
  const { organizationId } = ruleFor(fleet, `${trackPath}/`);
  return {
    destinationKey,
    filename: destinationKey.slice(destinationKey.lastIndexOf("/") + 1),
    sizeBytes: sentBytesOf(ref, rewrite),
    ...(organizationId !== undefined && { organizationId }),
  };
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
