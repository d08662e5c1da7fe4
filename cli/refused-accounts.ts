import type { Fleet } from "../lib/config/fleet.ts";
import type { Log } from "../lib/pipeline/log.ts";
import type { Refusal } from "./relay-photos.ts";
import type { Elsewhere } from "./run-destination.ts";
import { printable } from "./terminal-text.ts";
import { lookAtV4Account, organizationsOf } from "./v4-look.ts";

/** Whom to tell of what was found. */
export interface Told {
  /** Gets `account.stopped` for each that is refused. */
  readonly log: Log;
  /** Gets a line for each that could not be asked about. */
  readonly note: (text: string) => void;
}

/**
 * Asks Mapillary about every account before the first photo is opened, and tells at once of those that are refused. What
 * cannot be asked now stands against nobody: the pipeline asks again.
 *
 * @returns none when the signal is aborted meanwhile
 */
export async function findRefusedAccounts(
  { v4Accounts }: Elsewhere,
  fleet: Pick<Fleet, "rules">,
  { log, note }: Told,
  signal: AbortSignal,
): Promise<readonly Refusal[]> {
  const looks = [...v4Accounts].map(async ([account, settings]): Promise<Refusal[]> => {
    const { objections } = await lookAtV4Account(settings, organizationsOf(fleet, account), signal);
    const objection = objections.find(({ kind }) => kind === "refused") ?? objections[0];
    if (objection === undefined) return [];
    const { kind, code, message } = objection;
    if (kind === "refused") return [{ account, trouble: { code, message } }];
    const text = `Mapillary cannot be asked about the account ${account} now; its photos are tried: ${code}: ${message}`;
    note(printable(text));
    return [];
  });
  try {
    const refusals = (await Promise.all(looks)).flat();
    for (const refusal of refusals) log("account.stopped", refusal);
    return refusals;
  } catch (error) {
    if (!signal.aborted) throw error;
    return [];
  }
}
