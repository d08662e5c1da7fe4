import { describe, expect, it } from "vitest";
import { planSequences } from "../../../lib/sequence/plan.ts";
import { MAPILLARY_LIMITS } from "../../../lib/sequence/plan-limits.ts";
import { driveBy, droppedOf, lengthsOf, photoAt, START_MS, straightDrive } from "./plan-drive.ts";

type Places = readonly (readonly [east: number, north: number])[];

describe("a photo at 0, 0", () => {
  it.each([
    [0, 0],
    [-0, 0],
  ])("is dropped (%d, %d)", (latitude, longitude) => {
    const photos = straightDrive(3, (index) => (index === 1 ? { latitude, longitude } : {}));

    expect(planSequences(photos).dropped).toEqual([
      {
        id: "row of p00001",
        code: "null-island",
        message: "the position is exactly 0, 0 degrees: what a camera without a fix writes",
      },
    ]);
  });

  it("is not one near it", () => {
    expect(droppedOf([photoAt(0, { latitude: 0, longitude: 1e-7 })])).toEqual([]);
  });

  it("leaves no empty sequence behind", () => {
    expect(planSequences([photoAt(0, { latitude: 0, longitude: 0 })]).sequences).toEqual([]);
  });
});

describe("a duplicate", () => {
  it("is every photo of a parked car but the first", () => {
    const parked = driveBy([0, 0.05, 0.02, 0.09, 0].map((east) => [east, 0]));

    expect(droppedOf(parked)).toEqual([
      ["p00001", "duplicate-position"],
      ["p00002", "duplicate-position"],
      ["p00003", "duplicate-position"],
      ["p00004", "duplicate-position"],
    ]);
  });

  it("is near the last photo kept, not the last photo", () => {
    const creeping = driveBy([0, 0.06, 0.12, 0.18, 0.24].map((east) => [east, 0]));

    expect(droppedOf(creeping).map(([name]) => name)).toEqual(["p00001", "p00003"]);
  });

  it.each([
    [0.099, true],
    [0.101, false],
  ])("is within 0.1 m: %d m", (east, isDropped) => {
    expect(
      droppedOf(
        driveBy([
          [0, 0],
          [east, 0],
        ]),
      ),
    ).toHaveLength(isDropped ? 1 : 0);
  });

  it.each([
    [10, 15, true],
    [10, 15.1, false],
    [358, 2, true],
    [358, 4, false],
    [0, 180, false],
    [undefined, 90, true],
    [90, undefined, true],
  ])("looks the same way, or nobody knows: from %s to %s degrees", (before, now, isDropped) => {
    const photos = [before, now].map((headingDeg, index) =>
      photoAt(0, {
        basename: `p${index}`,
        capturedAtMs: START_MS + index,
        ...(headingDeg === undefined ? {} : { headingDeg }),
      }),
    );

    expect(droppedOf(photos)).toEqual(isDropped ? [["p1", "duplicate-position"]] : []);
  });

  it("is none of the sequence before", () => {
    const parked = straightDrive(3, (index) => ({
      longitude: 10,
      capturedAtMs: START_MS + index * 61_000,
    }));

    expect(lengthsOf(parked)).toEqual([1, 1, 1]);
  });

  it.each([
    [{}, '0.04 m from "p00000", a heading unknown: expected over 0.1 m'],
    [{ headingDeg: 3 }, '0.04 m from "p00000", turned by 0.0 degrees: expected over 0.1 m or 5 degrees'],
  ])("says how near it is (%j)", (rest, message) => {
    const photos = driveBy(
      [
        [0, 0],
        [0.04, 0],
      ],
      () => rest,
    );

    expect(planSequences(photos).dropped).toEqual([
      { id: "row of p00001", code: "duplicate-position", message },
    ]);
  });

  it("names the photo it is near in one visible line", () => {
    const photos = ["\x1b[31m\n", "~"].map((basename) => photoAt(0, { basename }));

    expect(planSequences(photos).dropped[0]?.message).toContain('from "\\x1b[31m\\x0a", ');
  });
});

describe("a sequence that is too fast", () => {
  it.each([
    [399, []],
    [401, ["p00000", "p00001", "p00002"]],
  ])("is dropped as a whole: %i km/h", (kmh, names) => {
    const photos = driveBy([0, 1, 2].map((seconds) => [(seconds * kmh) / 3.6, 0]));

    expect(droppedOf(photos)).toEqual(names.map((name) => [name, "too-fast"]));
  });

  it("says how fast it was", () => {
    const photos = driveBy([
      [0, 0],
      [90, 0],
      [250, 0],
    ]);

    expect(planSequences(photos).dropped[0]?.message).toBe(
      "the sequence averages 450.0 km/h, 250.00 m in 2000 ms over 3 photos: expected at most 400 km/h",
    );
  });

  it("is judged by its average along the way, not by a single jump", () => {
    const jump = driveBy([0, 10, 20, 250, 260, 270].map((east) => [east, 0]));
    const thereAndBack = driveBy([0, 1, 0, 1].map((away) => [away * 120, 0]));

    expect(droppedOf(jump)).toEqual([]);
    expect(droppedOf(thereAndBack).map(([, code]) => code)).toEqual(Array(4).fill("too-fast"));
  });

  it("does not take others with it", () => {
    const photos = driveBy(
      [0, 10, 20, 1_000, 2_000].map((east) => [east, 0]),
      (index) => ({ capturedAtMs: START_MS + index * 1_000 + (index < 3 ? 0 : 61_000) }),
    );

    expect(droppedOf(photos).map(([name]) => name)).toEqual(["p00003", "p00004"]);
  });

  it("is none whose photos have times that cannot be told apart", () => {
    // So late that a double has no halves of a millisecond.
    const photos = driveBy(
      [0, 50, 99].map((east) => [east, 0] as const),
      () => ({ capturedAtMs: 8.64e15 - 1 }),
    );

    expect(planSequences(photos, { ...MAPILLARY_LIMITS, maxPhotos: 2 }).dropped).toEqual([]);
  });
});

describe("a zigzag", () => {
  const along = (count: number) =>
    Array.from({ length: count }, (_, index): [number, number] => [index * 10, 0]);
  /** A drive along a street that strays to the north at the given photos. */
  const straying = (count: number, at: readonly number[], north: number): Places =>
    along(count).map(([east], index) => [east, at.includes(index) ? north : 0]);

  it.each<[string, Places, number[]]>([
    ["a straight drive", along(20), []],
    ["one photo away", straying(12, [5], 100), [5]],
    ["two photos away", straying(12, [5, 6], 100), [5, 6]],
    ["as many as fit between", straying(14, [5, 6, 7, 8], 100), [5, 6, 7, 8]],
    ["more than fit between", straying(14, [5, 6, 7, 8, 9], 100), []],
    ["two trips", straying(20, [5, 12, 13], 100), [5, 12, 13]],
    ["a small way", straying(12, [5], 25), []],
    ["too early to tell", straying(12, [1, 2, 3], 100), []],
    ["a drive too short to tell", straying(5, [3], 100), []],
    ["the shortest drive that can tell", straying(6, [4], 100), [4]],
    ["a turn back", [...along(10), ...along(9).reverse()], []],
  ])("loses the photos away from it: %s", (_what, places, strays) => {
    const names = strays.map((index) => `p${String(index).padStart(5, "0")}`);

    expect(droppedOf(driveBy(places))).toEqual(names.map((name) => [name, "zigzag"]));
  });

  it.each([
    [31, 79, true],
    [29, 79, false],
    [31, 81, false],
  ])("is a jump back of over 30 m to under 0.8 of the way: %i m, %i %%", (jump, percent, isZigzag) => {
    // On one line: from the first photo to the fifth, and back by `jump` to `percent` of the way.
    const farMeters = jump / (1 - percent / 100);
    const places = [0, 0.25, 0.5, 0.75].map((share): [number, number] => [
      (share * farMeters * percent) / 100,
      0,
    ]);
    const photos = driveBy([...places, [farMeters, 0], [farMeters - jump, 0]], (index) => ({
      capturedAtMs: START_MS + index * 10_000,
    }));

    expect(droppedOf(photos).map(([name]) => name)).toEqual(isZigzag ? ["p00004"] : []);
  });

  it("says how far it went, and keeps the street whole", () => {
    const photos = driveBy(straying(12, [5], 120));

    const { dropped, sequences } = planSequences(photos);

    expect(sequences.map((sequence) => sequence.photos.length)).toEqual([11]);
    expect(dropped).toEqual([
      {
        id: "row of p00005",
        code: "zigzag",
        message:
          '126.49 m from "p00001", and "p00006", 120.42 m on, is back within 50.00 m: expected no jump over 30 m to under 0.8 of the distance',
      },
    ]);
  });
});

describe("one filter after the other", () => {
  it("calls photos without a fix that, and not duplicates of each other", () => {
    const photos = straightDrive(4, (index) => (index < 2 ? { latitude: 0, longitude: 0 } : {}));

    expect(droppedOf(photos).map(([, code]) => code)).toEqual(["null-island", "null-island"]);
  });

  it("does not let the time a car stood still make up for a drive too fast", () => {
    const parked = Array<number>(20).fill(400);
    const photos = driveBy([0, 200, ...parked].map((east) => [east, 0]));

    const codes = droppedOf(photos).map(([, code]) => code);

    expect(codes).toEqual([...Array(19).fill("duplicate-position"), ...Array(3).fill("too-fast")]);
  });

  it("counts the way to an outlier and back as driven", () => {
    const photos = driveBy(
      [0, 10, 20, 30, 40, 50, 60, 70].map((east, index) => [east, index === 5 ? 4_000 : 0]),
    );

    expect(new Set(droppedOf(photos).map(([, code]) => code))).toEqual(new Set(["too-fast"]));
  });
});
