import type { PhotoRow } from "../ledger/ledger.ts";
import type { Reason } from "../photo/photo.ts";
import { type PlannedPhoto, planSequences } from "../sequence/plan.ts";
import type { SequencePart } from "../sequence/sequence.ts";
import type { Account } from "./deps.ts";

/** What is to be made of a sequence's photos at Mapillary. */
export interface PartsPlan {
  readonly parts: readonly SequencePart[];
  /** Photos that the sequences are better off without. */
  readonly leftOut: readonly { readonly row: PhotoRow; readonly reason: Reason }[];
}

/**
 * Bucket lane: one part with every photo. v4: by time, place and camera, as Mapillary's client does
 * (docs/decisions/012-sequence-plan.md).
 *
 * @param photos those that arrived, with those that an earlier plan left out: the plan is the same again
 */
export function planParts({ lane }: Account, photos: readonly PhotoRow[]): PartsPlan {
  if (lane === "bucket") return { parts: [{ slots: "all", status: "due" }], leftOut: [] };
  const rows = new Map(photos.map((row) => [String(slotOf(row)), row]));
  const { sequences, dropped } = planSequences(photos.map(plannedOf));
  return {
    parts: sequences.map(({ photos }) => ({ slots: photos.map(({ id }) => Number(id)), status: "due" })),
    leftOut: dropped.flatMap(({ id, code, message }) => {
      const row = rows.get(id);
      return row === undefined ? [] : [{ row, reason: { code, message } }];
    }),
  };
}

/** The photo's place in its sequence. @throws for one that has none: a defect in our code */
export function slotOf({ ref, binding }: PhotoRow): number {
  if (binding === undefined) throw new TypeError(`${JSON.stringify(ref.key)} has no place in a sequence`);
  return binding.slot;
}

function plannedOf(row: PhotoRow): PlannedPhoto {
  const { ref, facts = {} } = row;
  const { latitudeDeg, longitudeDeg, capturedAt, cameraSerial, make, model, widthPx, heightPx, headingDeg } =
    facts;
  if (latitudeDeg === undefined || longitudeDeg === undefined || capturedAt === undefined)
    throw new TypeError(`${JSON.stringify(ref.key)} was relayed without position or time`);
  const slash = ref.key.lastIndexOf("/");
  return {
    id: String(slotOf(row)),
    folder: ref.key.slice(0, Math.max(0, slash)),
    basename: ref.key.slice(slash + 1),
    latitude: latitudeDeg,
    longitude: longitudeDeg,
    capturedAtMs: Date.parse(capturedAt),
    sizeBytes: ref.sizeBytes,
    ...(cameraSerial !== undefined && { cameraUuid: cameraSerial }),
    ...(make !== undefined && { make }),
    ...(model !== undefined && { model }),
    ...(widthPx !== undefined && { widthPx }),
    ...(heightPx !== undefined && { heightPx }),
    ...(headingDeg !== undefined && { headingDeg }),
  };
}
