import { ruleFor } from "../config/rules.ts";
import { isSettled, type PhotoRow, photoTagOf, type Sighting } from "../ledger/ledger.ts";
import type { Never } from "../mapillary/destination.ts";
import {
  destinationFilename,
  destinationKey,
  looksSuffixed,
  suffixedFilename,
} from "../mapillary/destination-key.ts";
import { type Inspection, inspectPhoto } from "../photo/inspect.ts";
import type { OpenPhoto, PhotoRef, Verdict } from "../photo/photo.ts";
import type { Slot, Track } from "../sequence/sequence.ts";
import {
  type Account,
  accountOfTrack,
  type Deps,
  senderOfTrack,
  stopAccount,
  trackOfObject,
} from "./deps.ts";
import { wrapPhoto } from "./parcel.ts";
import { reasonsSeen, reasonsUnseen } from "./photo-reasons.ts";
import { isBound, relayBound } from "./relay-bound.ts";
import { type Result, SETTLED, waiting } from "./result.ts";
import { newLease, sendPhoto } from "./send-photo.ts";
import { dismiss, giveUp, patienceMs, standBehind } from "./set-aside.ts";
import type { Turn } from "./turn.ts";

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
  const rule = ruleFor(deps.fleet, ref.key);
  if (isBound(row)) return await relayBound(deps, turn, row, rule);
  if (row?.status === "failed") {
    await completeFailure(deps, row);
    if (!isFedAgain(turn, row)) return SETTLED;
  }
  if (twin !== undefined) return await standBehind(deps, turn, ref, twin);
  const unseen = reasonsUnseen(ref, rule);
  if (unseen.length > 0)
    return await dismiss(deps, { ref, status: "rejected", reasons: unseen, warnings: [] });
  const track = trackOfObject(deps.fleet, ref.bucket, ref.key);
  const account = accountOfTrack(deps, track);
  const { closed } = await turn.leaveOf(account);
  if (closed !== undefined) return closed;
  const objection = account.destination.objection(shipmentOf(account, ref), deps.now());
  if (objection !== undefined) return await heed(deps, turn, account, ref, objection);
  const photo = await deps.source.open(ref, turn.signal);
  try {
    const inspection = await inspectPhoto(photo.body, rule);
    const { verdict } = inspection;
    const reasons = reasonsSeen(verdict, rule);
    if (reasons.length > 0)
      return await dismiss(deps, { ref, status: "rejected", reasons, ...told(verdict) });
    const attemptsSoFar = row?.attempts ?? 0;
    return await relayNew(deps, turn, { ref, track, account, photo, inspection, attemptsSoFar });
  } finally {
    photo.close();
  }
}

/** A worker may have died between marking a photo as failed and moving it out of the way. */
async function completeFailure(deps: Deps, row: PhotoRow): Promise<void> {
  await deps.ledger.fail(row.ref, row.error ?? { code: "unknown", message: "" }, row);
}

/**
 * Says whether a failed photo's event was fed again. The message that was on its way when the photo failed is not
 * that: the queue may deliver it twice.
 */
function isFedAgain(turn: Turn, row: PhotoRow): boolean {
  return turn.sentAtMs >= Date.parse(row.updatedAt);
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
  const sender = senderOfTrack(deps, track);
  const slot = await turn.visit.claim(track, sender, { photoTag: photoTagOf(ref), filename });
  const { facts } = inspection.verdict;
  const place = { sequenceId: slot.sequenceId, filename: nameInSequence(ref, filename, slot) };
  const { head, ...address } = wrapPhoto(account, { ref, facts, head: inspection.head }, place);
  const start = await deps.ledger.startRelay({
    ref,
    ...told(inspection.verdict),
    binding: {
      account: account.name,
      trackPath: track.path,
      sequenceId: slot.sequenceId,
      slot: slot.index,
      ...address,
    },
    lease: newLease(deps),
    attemptsSoFar: fit.attemptsSoFar,
  });
  if (start.kind === "taken") return await standBehind(deps, turn, ref, start.by);
  return await sendPhoto(deps, turn, account, start.row, { photo: fit.photo, head });
}

/** What an account's or a photo's objection, known before a byte is sent, comes to. */
async function heed(
  deps: Deps,
  turn: Turn,
  account: Account,
  ref: PhotoRef,
  { scope, code, message }: Never<"photo" | "account">,
): Promise<Result> {
  if (scope === "account") {
    await stopAccount(deps, account, { code, message });
    return waiting(patienceMs(deps, turn), { code, message });
  }
  if (code === "too-large") {
    return await dismiss(deps, { ref, status: "rejected", reasons: [{ code, message }], warnings: [] });
  }
  return await giveUp(deps, ref, { code, message });
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
