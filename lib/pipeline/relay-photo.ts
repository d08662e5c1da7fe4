import { ruleFor } from "../config/rules.ts";
import {
  type Dismissal,
  isSamePhoto,
  isSettled,
  type Lease,
  type PhotoRow,
  photoTagOf,
  type Sighting,
} from "../ledger/ledger.ts";
import {
  destinationFilename,
  destinationKey,
  looksSuffixed,
  suffixedFilename,
} from "../mapillary/destination-key.ts";
import { createEndMarkWatch } from "../photo/end-mark.ts";
import { type Inspection, inspectPhoto } from "../photo/inspect.ts";
import type { OpenPhoto, PhotoRef, Verdict } from "../photo/photo.ts";
import type { Slot, Track } from "../sequence/sequence.ts";
import { backoffMs } from "./backoff.ts";
import { type Account, accountOf, type Deps, stopAccount, trackOfObject, troubleOf } from "./deps.ts";
import { reasonsSeen, reasonsUnseen } from "./photo-reasons.ts";
import { type Result, SETTLED, waiting } from "./result.ts";
import { settleOutcome } from "./settle-outcome.ts";
import type { DeskVisit } from "./slot-desk.ts";

/** One delivery of one photo. */
export interface Turn {
  readonly visit: DeskVisit;
  /** Aborted when the worker is about to be ended. */
  readonly signal: AbortSignal;
  /** How often the message came, this time included. */
  readonly receiveCount: number;
  /** Why the account may not send now; read once for all photos of a batch. */
  readonly closedGate: (account: Account) => Promise<Result | undefined>;
}

/** Stands in for the sequence in a shipment that is only asked about: every sequence id is as long. */
const ANY_SEQUENCE = "00000000-0000-0000-0000-000000000000";

/**
 * Takes one photo from its event to its row: row? → open object → head → EXIF verdict → sequence slot → row
 * "relaying" → stream to Mapillary → row "relayed".
 *
 * @param sighting what the ledger knew when the batch began
 * @throws for anything but the photo's own faults: the world is broken, the message comes back
 */
export async function relayPhoto(deps: Deps, turn: Turn, ref: PhotoRef, sighting: Sighting): Promise<Result> {
  const { row, twin } = sighting;
  if (row !== undefined && isSettled(row.status)) return SETTLED;
  if (twin !== undefined) return await standBehind(deps, turn, ref, twin);
  const rule = ruleFor(deps.fleet, ref.key);
  const unseen = reasonsUnseen(ref, rule);
  if (unseen.length > 0)
    return await dismiss(deps, { ref, status: "rejected", reasons: unseen, warnings: [] });
  const track = trackOfObject(deps.fleet, ref.bucket, ref.key);
  const account = accountOf(deps, track);
  const closed = await turn.closedGate(account);
  if (closed !== undefined) return closed;
  const isBound = row?.binding !== undefined && row.status === "relaying";
  const objection = isBound
    ? account.destination.accountObjection(deps.now())
    : account.destination.objection(shipmentOf(account, ref), deps.now());
  if (objection !== undefined) return await heed(deps, turn, account, ref, objection);
  if (isBound) return await relayAgain(deps, turn, account, row);
  const photo = await deps.source.open(ref, turn.signal);
  try {
    const inspection = await inspectPhoto(photo.body, rule);
    const { verdict } = inspection;
    const reasons = reasonsSeen(verdict, rule);
    if (reasons.length > 0)
      return await dismiss(deps, { ref, status: "rejected", reasons, ...told(verdict) });
    return await relayNew(deps, turn, {
      ref,
      track,
      account,
      photo,
      inspection,
      attemptsSoFar: row?.attempts ?? 0,
    });
  } finally {
    photo.close();
  }
}

interface FitPhoto {
  readonly ref: PhotoRef;
  readonly track: Track;
  readonly account: Account;
  readonly photo: OpenPhoto;
  readonly inspection: Inspection;
  readonly attemptsSoFar: number;
}

/** Binds a photo that was found fit to its slot, and sends it. */
async function relayNew(deps: Deps, turn: Turn, fit: FitPhoto): Promise<Result> {
  const { ref, track, account, inspection } = fit;
  const filename = destinationFilename(ref.key);
  const slot = await turn.visit.claim(track, { photoTag: photoTagOf(ref), filename });
  const start = await deps.ledger.startRelay({
    ref,
    ...told(inspection.verdict),
    binding: {
      trackPath: track.path,
      sequenceId: slot.sequenceId,
      slot: slot.index,
      destinationKey: destinationKey(account.username, slot.sequenceId, nameInSequence(ref, filename, slot)),
    },
    lease: newLease(deps),
    attemptsSoFar: fit.attemptsSoFar,
  });
  if (start.kind === "taken") return await standBehind(deps, turn, ref, start.by);
  return await send(deps, turn, account, start.row, fit.photo, inspection.head);
}

/** Sends a photo whose last attempt failed or died, to where it was bound for good. */
async function relayAgain(deps: Deps, turn: Turn, account: Account, seen: PhotoRow): Promise<Result> {
  const stillLeasedMs = (seen.lease?.untilMs ?? 0) - deps.now();
  if (stillLeasedMs > 0) {
    // The lease's end is the latest moment; the other worker is most likely done much sooner.
    const delayMs = Math.min(stillLeasedMs, backoffMs(deps.retries, turn.receiveCount, deps.random()));
    return waiting(delayMs, { code: "in-flight", message: "another worker is sending it" });
  }
  const photo = await deps.source.open(seen.ref, turn.signal);
  try {
    const row = await deps.ledger.resumeRelay(seen, newLease(deps));
    if (row === undefined) return waiting(0, { code: "in-flight", message: "another worker was faster" });
    return await send(deps, turn, account, row, photo, []);
  } finally {
    photo.close();
  }
}

async function send(
  deps: Deps,
  turn: Turn,
  account: Account,
  row: PhotoRow,
  photo: OpenPhoto,
  head: readonly Uint8Array[],
): Promise<Result> {
  const startedMs = deps.now();
  const endMark = createEndMarkWatch();
  const rest = watched(photo.body, endMark.push);
  for (const chunk of head) endMark.push(chunk);
  const shipment = { ...shipmentOf(account, row.ref), destinationKey: row.binding?.destinationKey ?? "" };
  const filename = shipment.destinationKey.slice(shipment.destinationKey.lastIndexOf("/") + 1);
  try {
    const outcome = await account.destination.send({ ...shipment, filename }, { head, rest }, turn.signal);
    return await settleOutcome({ deps, account, row, startedMs, warnings: endMark.warnings }, outcome);
  } catch (error) {
    await deps.ledger.releaseRelay(row, troubleOf(error));
    throw error;
  }
}

/** What an account's or a photo's objection, known before a byte is sent, comes to. */
async function heed(
  deps: Deps,
  turn: Turn,
  account: Account,
  ref: PhotoRef,
  objection: { readonly scope: "photo" | "account"; readonly code: string; readonly message: string },
): Promise<Result> {
  const { scope, code, message } = objection;
  if (scope === "account") {
    await stopAccount(deps, account, { code, message });
    return waiting(backoffMs(deps.retries, turn.receiveCount, deps.random()), { code, message });
  }
  if (code === "too-large") {
    return await dismiss(deps, { ref, status: "rejected", reasons: [{ code, message }], warnings: [] });
  }
  await deps.ledger.fail(ref, { code, message });
  deps.log("photo.failed", { photo: ref, trouble: { code, message } });
  return SETTLED;
}

/** A photo whose bytes another holds: its duplicate once that one has arrived, until then it waits. */
async function standBehind(deps: Deps, turn: Turn, ref: PhotoRef, other: PhotoRow): Promise<Result> {
  if (isSamePhoto(ref, other.ref)) {
    if (isSettled(other.status)) return SETTLED;
    return waiting(backoffMs(deps.retries, turn.receiveCount, deps.random()), {
      code: "in-flight",
      message: "another worker is sending it",
    });
  }
  if (!isSettled(other.status)) {
    return waiting(backoffMs(deps.retries, turn.receiveCount, deps.random()), {
      code: "twin-in-flight",
      message: `${other.ref.key} has the same bytes and is on its way`,
    });
  }
  return await dismiss(deps, { ref, status: "duplicate", reasons: [], warnings: [], duplicateOf: other.ref });
}

async function dismiss(deps: Deps, dismissal: Dismissal): Promise<Result> {
  await deps.ledger.dismiss(dismissal);
  const { ref: photo, duplicateOf, reasons } = dismissal;
  if (duplicateOf === undefined)
    deps.log("photo.rejected", { photo, reasons: reasons.map(({ code }) => code) });
  else deps.log("photo.duplicate", { photo, of: duplicateOf });
  return SETTLED;
}

function told(verdict: Verdict) {
  return { facts: verdict.facts, warnings: verdict.warnings };
}

function nameInSequence(ref: PhotoRef, filename: string, slot: Slot): string {
  if (slot.filenameIsFree && !looksSuffixed(filename)) return filename;
  return suffixedFilename(filename, photoTagOf(ref).slice(0, 16));
}

function shipmentOf(account: Account, ref: PhotoRef) {
  const filename = destinationFilename(ref.key);
  return {
    destinationKey: destinationKey(account.username, ANY_SEQUENCE, filename),
    filename,
    sizeBytes: ref.sizeBytes,
  };
}

function newLease(deps: Deps): Lease {
  return { owner: deps.newId(), untilMs: deps.now() + deps.relayLifetimeMs };
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
