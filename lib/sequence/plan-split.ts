import { chordMeters } from "./geodesy.ts";
import type { SequenceLimits } from "./plan-limits.ts";
import type { Shot } from "./plan-order.ts";

/** What a width or a height that nobody knows counts as; so does Mapillary's client. */
const UNKNOWN_SIDE_PX = 1_024;

/** How much a sequence holds. */
interface Load {
  readonly photos: number;
  readonly bytes: number;
  readonly pixels: number;
}

const NOTHING: Load = { photos: 0, bytes: 0, pixels: 0 };

/**
 * Cuts shots where time stands still for too long, and where a part would hold too much. Every part counts from its
 * own first photo. A photo that is too much by itself is a part by itself.
 */
export function splitByLoad(shots: readonly Shot[], limits: SequenceLimits): Shot[][] {
  let load = NOTHING;
  return splitWhere(shots, (shot, previous) => {
    const sum = add(load, shot);
    const isNew =
      exceeds(sum, limits) ||
      (previous !== undefined && shot.capturedAtMs - previous.capturedAtMs > limits.maxGapMs);
    load = isNew ? add(NOTHING, shot) : sum;
    return isNew;
  });
}

/** Cuts shots where neighbours are too far apart. */
export function splitAtJumps(shots: readonly Shot[], { maxJumpMeters }: SequenceLimits): Shot[][] {
  return splitWhere(
    shots,
    (shot, previous) => previous !== undefined && chordMeters(previous.at, shot.at) > maxJumpMeters,
  );
}

function splitWhere(
  shots: readonly Shot[],
  beginsPart: (shot: Shot, previous: Shot | undefined) => boolean,
): Shot[][] {
  const parts: Shot[][] = [];
  let part: Shot[] = [];
  for (const shot of shots) {
    const isCut = beginsPart(shot, part.at(-1));
    if (isCut || part.length === 0) {
      part = [];
      parts.push(part);
    }
    part.push(shot);
  }
  return parts;
}

function add(load: Load, { photo }: Shot): Load {
  const { sizeBytes, widthPx = UNKNOWN_SIDE_PX, heightPx = UNKNOWN_SIDE_PX } = photo;
  return {
    photos: load.photos + 1,
    bytes: load.bytes + sizeBytes,
    pixels: load.pixels + widthPx * heightPx,
  };
}

function exceeds({ photos, bytes, pixels }: Load, limits: SequenceLimits): boolean {
  return photos > limits.maxPhotos || bytes > limits.maxBytes || pixels > limits.maxPixels;
}
