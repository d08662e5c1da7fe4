/**
 * Which photos a sequence is better off without: the filters of Mapillary's client (mapillary_tools 0.14.7,
 * process_sequence_properties.py), in its order. Each sees what the one before it left.
 */
import { quote } from "../photo/quote.ts";
import { chordMeters, turnDeg } from "./geodesy.ts";
import type { DropCode, DroppedPhoto } from "./plan.ts";
import type { SequenceLimits } from "./plan-limits.ts";
import type { Shot } from "./plan-order.ts";

/** The shots of one sequence, sorted out. */
export interface Sifted {
  readonly kept: readonly Shot[];
  readonly dropped: readonly DroppedPhoto[];
}

type Filter = (shots: readonly Shot[], limits: SequenceLimits) => Sifted;

const MS_PER_HOUR = 3_600_000;
const METERS_PER_KM = 1_000;

/** All filters, one after the other. */
export function sift(shots: readonly Shot[], limits: SequenceLimits): Sifted {
  return FILTERS.reduce<Sifted>(
    (before, filter) => {
      const { kept, dropped } = filter(before.kept, limits);
      return { kept, dropped: [...before.dropped, ...dropped] };
    },
    { kept: shots, dropped: [] },
  );
}

/** Photos of a camera without a fix. */
const dropNullIsland: Filter = (shots) =>
  siftEach(shots, "null-island", ({ photo: { latitude, longitude } }) =>
    latitude === 0 && longitude === 0
      ? "the position is exactly 0, 0 degrees: what a camera without a fix writes"
      : undefined,
  );

/** What a parked car takes: photos from the place, and in the direction, of the last one kept. */
const dropDuplicates: Filter = (shots, limits) => {
  let last: Shot | undefined;
  return siftEach(shots, "duplicate-position", (shot) => {
    const objection = last === undefined ? undefined : duplicateObjection(shot, last, limits);
    if (objection === undefined) last = shot;
    return objection;
  });
};

function duplicateObjection(shot: Shot, last: Shot, limits: SequenceLimits): string | undefined {
  const meters = chordMeters(last.at, shot.at);
  if (!(meters <= limits.duplicateMeters)) return undefined;
  const near = `${meters.toFixed(2)} m from ${nameOf(last)}`;
  const [before, now] = [last.photo.headingDeg, shot.photo.headingDeg];
  if (before === undefined || now === undefined) {
    return `${near}, a heading unknown: expected over ${limits.duplicateMeters} m`;
  }
  const turn = turnDeg(before, now);
  if (!(turn <= limits.duplicateDeg)) return undefined;
  const expected = `expected over ${limits.duplicateMeters} m or ${limits.duplicateDeg} degrees`;
  return `${near}, turned by ${turn.toFixed(1)} degrees: ${expected}`;
}

/** Everything, when the whole was faster on average than any car: its times or its positions are wrong. */
const dropTooFast: Filter = (shots, { maxKmh }) => {
  const meters = lengthMeters(shots);
  const ms = durationMs(shots);
  // Without time there is no speed: a single photo, or so many in one millisecond that they cannot be told apart.
  const kmh = ms === 0 ? 0 : meters / METERS_PER_KM / (ms / MS_PER_HOUR);
  if (!(kmh > maxKmh)) return { kept: shots, dropped: [] };
  const way = `${meters.toFixed(2)} m in ${ms.toFixed(0)} ms over ${shots.length} photos`;
  const message = `the sequence averages ${kmh.toFixed(1)} km/h, ${way}: expected at most ${maxKmh} km/h`;
  return siftEach(shots, "too-fast", () => message);
};

function lengthMeters(shots: readonly Shot[]): number {
  return shots.reduce((sum, shot, index) => sum + chordMeters((shots[index - 1] ?? shot).at, shot.at), 0);
}

function durationMs(shots: readonly Shot[]): number {
  return (shots.at(-1)?.capturedAtMs ?? 0) - (shots[0]?.capturedAtMs ?? 0);
}

/** Photos the track jumped to and back from: a receiver that lost its way among houses. */
const dropZigzags: Filter = (shots, limits) => {
  const objections = new Map<Shot, string>();
  for (let end = limits.zigzag.window; end < shots.length; end += 1) {
    for (const [shot, objection] of straysIn(shots.slice(end - limits.zigzag.window, end + 1), limits)) {
      objections.set(shot, objection);
    }
  }
  return siftEach(shots, "zigzag", (shot) => objections.get(shot));
};

/** The photos just before the last one of a window from which it jumped back towards the first one. */
function straysIn(window: readonly Shot[], { zigzag }: SequenceLimits): [Shot, string][] {
  const [reference, ...between] = window;
  const back = between.pop();
  if (reference === undefined || back === undefined) return [];
  const backMeters = chordMeters(reference.at, back.at);
  const strays: [Shot, string][] = [];
  for (const shot of between.reverse()) {
    const awayMeters = chordMeters(reference.at, shot.at);
    const jumpMeters = chordMeters(shot.at, back.at);
    if (!(jumpMeters > zigzag.minJumpMeters && backMeters < awayMeters * zigzag.ratio)) break;
    const away = `${awayMeters.toFixed(2)} m from ${nameOf(reference)}`;
    const isBack = `${nameOf(back)}, ${jumpMeters.toFixed(2)} m on, is back within ${backMeters.toFixed(2)} m`;
    const expected = `expected no jump over ${zigzag.minJumpMeters} m to under ${zigzag.ratio} of the distance`;
    strays.push([shot, `${away}, and ${isBack}: ${expected}`]);
  }
  return strays;
}

const FILTERS: readonly Filter[] = [dropNullIsland, dropDuplicates, dropTooFast, dropZigzags];

/** Drops the shots that the objection speaks of. */
function siftEach(
  shots: readonly Shot[],
  code: DropCode,
  objectionTo: (shot: Shot) => string | undefined,
): Sifted {
  const kept: Shot[] = [];
  const dropped: DroppedPhoto[] = [];
  for (const shot of shots) {
    const message = objectionTo(shot);
    if (message === undefined) kept.push(shot);
    else dropped.push({ id: shot.photo.id, code, message });
  }
  return { kept, dropped };
}

function nameOf({ photo }: Shot): string {
  return quote(photo.basename);
}
