import type { Fleet } from "../config/fleet.ts";
import { ruleFor } from "../config/rules.ts";
import type { AccountKey, Gates } from "../ledger/gate.ts";
import type { Ledger, Trouble } from "../ledger/ledger.ts";
import type { Destination } from "../mapillary/destination.ts";
import type { PhotoSource } from "../photo/photo.ts";
import type { Sender, SequenceStore, Track } from "../sequence/sequence.ts";
import { readTrackPattern, trackOf } from "../sequence/track.ts";
import type { RetryPolicy } from "./backoff.ts";
import type { Log } from "./log.ts";

/** An account at Mapillary: its gate and its way in. */
export interface Account {
  /** In the fleet's rules. */
  readonly name: string;
  /** Of its gate. */
  readonly key: AccountKey;
  readonly lane: Fleet["destination"];
  /** Bucket lane: first part of every destination key. v4: the account's name. */
  readonly username: string;
  readonly destination: Destination;
}

/** Everything the pipeline touches. The same set in a Lambda, on a laptop and under test. */
export interface Deps {
  readonly fleet: Fleet;
  readonly source: PhotoSource;
  readonly ledger: Ledger;
  readonly sequences: SequenceStore;
  readonly gates: Gates;
  /** By name; every account that the fleet's rules name is there. */
  readonly accounts: ReadonlyMap<string, Account>;
  readonly retries: RetryPolicy;
  /** Longest that a relay can live, in ms: the function's time-out. A lease lasts as long. */
  readonly relayLifetimeMs: number;
  /** Longest that the table's indexes may lag behind it, in ms; nothing is concluded from a missing row before. */
  readonly indexLagMs: number;
  readonly log: Log;
  /** ms since 1970. */
  readonly now: () => number;
  /** 0 ≤ random < 1. */
  readonly random: () => number;
  /** A name that nothing else has. */
  readonly newId: () => string;
  /** Resolves after so many ms. */
  readonly delay: (ms: number) => Promise<void>;
}

/** The track of an object, by the fleet's pattern. */
export function trackOfObject(fleet: Pick<Fleet, "track">, bucket: string, key: string): Track {
  const pattern = fleet.track === undefined ? undefined : readTrackPattern(fleet.track);
  return { bucket, path: trackOf(key, pattern) };
}

/**
 * The account that sends a track's photos: one for the whole track.
 *
 * @throws when the fleet names an account that was not set up
 */
export function accountOfTrack(deps: Pick<Deps, "fleet" | "accounts">, track: Track): Account {
  return accountNamed(deps, ruleFor(deps.fleet, `${track.path}/`).account);
}

/** Who sends a track's photos, as its sequences have it. @throws as {@link accountOfTrack} */
export function senderOfTrack(deps: Pick<Deps, "fleet" | "accounts">, track: Track): Sender {
  const { name: account, username } = accountOfTrack(deps, track);
  const { organizationId } = ruleFor(deps.fleet, `${track.path}/`);
  return { account, username, ...(organizationId !== undefined && { organizationId }) };
}

/** @throws when it was not set up */
export function accountNamed(deps: Pick<Deps, "accounts">, name: string): Account {
  const account = deps.accounts.get(name);
  if (account === undefined) throw new Error(`the account ${name} has no credentials`);
  return account;
}

/** Closes an account's gate, raising the alarm if nobody has yet. */
export async function stopAccount(deps: Deps, account: Account, trouble: Trouble): Promise<void> {
  if (await deps.gates.stop(account.key, trouble)) {
    deps.log("account.stopped", { account: account.name, trouble });
  }
}

const LONGEST_MESSAGE = 300;

/** What an exception says, fit for a row and a log: one line, of bounded length. */
export function troubleOf(error: unknown): Trouble {
  const { name, message, code }: NodeJS.ErrnoException =
    error instanceof Error ? error : new Error(String(error));
  // A DOMException has a number there.
  return {
    code: typeof code === "string" ? code : name,
    message: message.replaceAll(/\p{Cc}+/gu, " ").slice(0, LONGEST_MESSAGE),
  };
}
