import { describe, expect, it } from "vitest";
import { type PlannedPhoto, planSequences } from "../../../lib/sequence/plan.ts";
import { MAPILLARY_LIMITS } from "../../../lib/sequence/plan-limits.ts";
import { driveBy, lengthsOf, photoAt, START_MS, straightDrive } from "./plan-drive.ts";

const GIB = 2 ** 30;

it("follows the defaults of Mapillary's client", () => {
  expect(MAPILLARY_LIMITS).toEqual({
    maxPhotos: 1_000,
    maxGapMs: 60_000,
    maxBytes: 118_111_600_640,
    maxPixels: 6_000_000_000,
    maxJumpMeters: 100,
    duplicateMeters: 0.1,
    duplicateDeg: 5,
    maxKmh: 400,
    zigzag: { window: 5, minJumpMeters: 30, ratio: 0.8 },
  });
});

it("makes nothing of nothing", () => {
  expect(planSequences([])).toEqual({ sequences: [], dropped: [] });
});

describe("photos that share a sequence", () => {
  it("come in order of capture, then of file names", () => {
    const photos = [
      photoAt(30, { id: "1", basename: "a", capturedAtMs: START_MS + 2_000 }),
      photoAt(10, { id: "2", basename: "c", capturedAtMs: START_MS }),
      photoAt(20, { id: "3", basename: "B", capturedAtMs: START_MS }),
    ];

    expect(planSequences(photos).sequences).toEqual([
      {
        photos: [
          { id: "3", capturedAtMs: START_MS },
          { id: "2", capturedAtMs: START_MS + 500 },
          { id: "1", capturedAtMs: START_MS + 2_000 },
        ],
      },
    ]);
  });

  it.each([
    ["one folder", ["van", "van"]],
    ["two folders", ["van", "bike"]],
  ])("come in one order even if nothing but their ids tells them apart, in %s", (_what, folders) => {
    const photos = folders.map((folder, index) => photoAt(index * 10, { id: `${index}`, folder }));

    expect(planSequences(photos.toReversed())).toEqual(planSequences(photos));
  });

  const fields: Partial<PlannedPhoto> = {
    folder: "van/tuesday",
    cameraUuid: "12_34",
    make: "Canon",
    model: "EOS",
    widthPx: 6_000,
    heightPx: 4_000,
  };
  it.each(Object.entries(fields))("are of the same %s", (field, value) => {
    const photos = straightDrive(8, (index) => (index % 2 === 0 ? {} : { [field]: value }));

    expect(planSequences(photos).sequences.map(({ photos }) => photos.map(({ id }) => id))).toEqual([
      ["row of p00000", "row of p00002", "row of p00004", "row of p00006"],
      ["row of p00001", "row of p00003", "row of p00005", "row of p00007"],
    ]);
  });

  it("are not taken for another camera's because texts run together", () => {
    const photos = straightDrive(2, (index) =>
      index === 0 ? { make: "A,B", model: "C" } : { make: "A", model: "B,C" },
    );

    expect(lengthsOf(photos)).toEqual([1, 1]);
  });
});

describe("photos of the same millisecond", () => {
  it.each([
    ["up to the next photo", [1_000, 1_000, 1_010], [1_000, 1_005, 1_010]],
    ["up to the next full second", [1_000, 1_000, 1_000, 1_000, 5_000], [1_000, 1_250, 1_500, 1_750, 5_000]],
    ["up to both", [0, 0, 0, 0, 0, 1_000], [0, 200, 400, 600, 800, 1_000]],
    ["up to the next full second at the end", [1_500, 1_500], [1_500, 1_750]],
    ["within the last millisecond of a second", [1_999, 1_999], [1_999, 1_999.5]],
    ["within the millisecond before the next photo", [7, 7, 8, 8, 9], [7, 7.5, 8, 8.5, 9]],
    ["before 1970", [-1_500, -1_500], [-1_500, -1_250]],
    ["nowhere when they are alone", [1, 2, 900, 1_001], [1, 2, 900, 1_001]],
  ])("are spread %s", (_where, noted, spread) => {
    const photos = turningOnTheSpot(noted.length, (index) => noted[index] ?? Number.NaN);

    const [sequence] = planSequences(photos).sequences;

    expect(sequence?.photos.map(({ capturedAtMs }) => capturedAtMs)).toEqual(spread);
  });

  it("keep the order of their file names, and times of their own, in a burst of a thousand", () => {
    const photos = turningOnTheSpot(1_000, () => START_MS + 998);
    const next = photoAt(0, { basename: "a", capturedAtMs: START_MS + 999 });

    const [sequence] = planSequences([next, ...photos.toReversed()]).sequences;

    const times = sequence?.photos.map(({ capturedAtMs }) => capturedAtMs) ?? [];
    expect(sequence?.photos.map(({ id }) => id)).toEqual(photos.map(({ id }) => id));
    expect(new Set(times).size).toBe(1_000);
    expect(times).toEqual(times.toSorted((a, b) => a - b));
    expect(times.at(-1)).toBeLessThan(START_MS + 999);
  });

  it("are not spread for those of another camera", () => {
    const photos = straightDrive(2, (index) => ({ capturedAtMs: START_MS, make: `camera ${index}` }));

    const times = planSequences(photos).sequences.map((sequence) => sequence.photos[0]?.capturedAtMs);

    expect(times).toEqual([START_MS, START_MS]);
  });
});

describe("a sequence ends", () => {
  const afterGap = (index: number, from: number, gapMs: number) => ({
    capturedAtMs: START_MS + index * 1_000 + (index < from ? 0 : gapMs - 1_000),
  });

  it.each([
    [1_000, [1_000]],
    [1_001, [1_000, 1]],
    [2_500, [1_000, 1_000, 500]],
  ])("at a thousand photos: %i", (count, lengths) => {
    expect(lengthsOf(straightDrive(count))).toEqual(lengths);
  });

  it.each([
    [60_000, [4]],
    [60_001, [2, 2]],
  ])("at a gap of over a minute: %i ms", (gapMs, lengths) => {
    expect(lengthsOf(straightDrive(4, (index) => afterGap(index, 2, gapMs)))).toEqual(lengths);
  });

  it.each([
    ["110 GiB", [55 * GIB, 55 * GIB, 1], [2, 1]],
    ["110 GiB, reached but not passed", [110 * GIB - 1, 1], [2]],
    ["110 GiB, which a photo has by itself", [1, 111 * GIB, 1], [1, 1, 1]],
  ])("at %s", (_what, sizes, lengths) => {
    const photos = straightDrive(sizes.length, (index) => ({ sizeBytes: sizes[index] ?? Number.NaN }));

    expect(lengthsOf(photos)).toEqual(lengths);
  });

  it.each([
    ["6 gigapixels", { widthPx: 60_000, heightPx: 50_000 }, [2, 2, 1]],
    ["6 gigapixels, 12 megapixels a photo", { widthPx: 4_000, heightPx: 3_000 }, [500, 1]],
    ["6 gigapixels, an unknown width taken for 1,024", { heightPx: 2_929_687 }, [2, 2, 1]],
    ["6 gigapixels, an unknown height taken for 1,024", { widthPx: 2_929_688 }, [1, 1, 1]],
  ])("at %s", (_what, size, lengths) => {
    const count = lengths.reduce((sum, length) => sum + length);

    expect(lengthsOf(straightDrive(count, () => size))).toEqual(lengths);
  });

  it("and the next one counts from its own first photo, whatever ended it", () => {
    expect(lengthsOf(straightDrive(1_200, (index) => afterGap(index, 600, 3_600_000)))).toEqual([600, 600]);

    const heavy = straightDrive(1_201, (index) => (index === 600 ? { sizeBytes: 110 * GIB } : {}));
    expect(lengthsOf(heavy)).toEqual([600, 1, 600]);

    const halves = straightDrive(6, (index) => ({ ...afterGap(index, 3, 61_000), sizeBytes: 30 * GIB }));
    expect(lengthsOf(halves)).toEqual([3, 3]);

    const panoramas = straightDrive(4, (index) => ({
      ...afterGap(index, 1, 61_000),
      widthPx: 50_000,
      heightPx: 40_000,
    }));
    expect(lengthsOf(panoramas)).toEqual([1, 3]);
  });

  it.each([
    [99, [4]],
    [101, [2, 2]],
  ])("where neighbours are over 100 m apart: %i m", (jump, lengths) => {
    const photos = driveBy([
      [0, 0],
      [10, 0],
      [10 + jump, 0],
      [20 + jump, 0],
    ]);

    expect(lengthsOf(photos)).toEqual(lengths);
  });
});

describe("a sequence goes on", () => {
  it.each([
    ["the antimeridian", (index: number) => ({ latitude: -17, longitude: wrap(179.999 + index * 0.0001) })],
    ["the North Pole", (index: number) => overThePole(89.9995 + index * 0.0001)],
  ])("across %s", (_what, place) => {
    const photos = straightDrive(20, place);

    expect(planSequences(photos).dropped).toEqual([]);
    expect(lengthsOf(photos)).toEqual([20]);
  });

  it("where the photo that was far away is dropped", () => {
    const away = driveBy([0, 10, 20, 30, 40, 50, 60, 70].map((east, i) => [east, i === 5 ? 150 : 0]));
    const nowhere = straightDrive(4, (index) => (index === 2 ? { latitude: 0, longitude: 0 } : {}));

    expect(lengthsOf(away)).toEqual([7]);
    expect(lengthsOf(nowhere)).toEqual([3]);
  });

  it("where a dropped photo stood between two that are over a minute apart", () => {
    const waiting = driveBy(
      [
        [0, 0],
        [0, 0],
        [10, 0],
      ],
      (index) => ({ capturedAtMs: START_MS + index * 50_000 }),
    );

    expect(lengthsOf(waiting)).toEqual([2]);
  });
});

/** Photos nobody takes for duplicates and that are never too fast, whatever their times. */
function turningOnTheSpot(count: number, capturedAtMs: (index: number) => number): PlannedPhoto[] {
  return straightDrive(count, (index) => ({
    longitude: 10,
    headingDeg: (index * 90) % 360,
    capturedAtMs: capturedAtMs(index),
  }));
}

function wrap(longitude: number): number {
  return longitude > 180 ? longitude - 360 : longitude;
}

function overThePole(latitude: number) {
  return latitude > 90 ? { latitude: 180 - latitude, longitude: -160 } : { latitude, longitude: 20 };
}
