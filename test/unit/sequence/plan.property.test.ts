import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { distanceMeters } from "../../../lib/sequence/geodesy.ts";
import { type PlannedPhoto, planSequences } from "../../../lib/sequence/plan.ts";
import { MAPILLARY_LIMITS, type SequenceLimits } from "../../../lib/sequence/plan-limits.ts";
import { photoAt, START_MS } from "./plan-drive.ts";

/** Small, so that drives of a few photos come up against every one of them. */
const SMALL: SequenceLimits = { ...MAPILLARY_LIMITS, maxPhotos: 7, maxBytes: 40, maxPixels: 5 * 1_024 ** 2 };
/** The same, with nothing dropped and nothing cut for its distance. */
const CUT_ONLY: SequenceLimits = {
  ...SMALL,
  duplicateMeters: -1,
  maxKmh: Number.POSITIVE_INFINITY,
  maxJumpMeters: Number.POSITIVE_INFINITY,
  zigzag: { ...SMALL.zigzag, minJumpMeters: Number.POSITIVE_INFINITY },
};

const step = fc.record({
  afterMs: fc.oneof(
    fc.constant(0),
    fc.nat(3),
    fc.nat(2_500),
    fc.constantFrom(59_999, 60_000, 60_001, 90_000),
  ),
  metres: fc.oneof(
    fc.nat(30),
    fc.constantFrom(0, 0.05, 0.2, 99, 101),
    fc.double({ min: 0, max: 200, noNaN: true }),
  ),
  astrayMetres: fc.oneof({ weight: 5, arbitrary: fc.constant(0) }, fc.constantFrom(20, 35, 90, 5_000)),
  headingDeg: fc.option(fc.nat(359), { nil: undefined }),
  camera: fc.constantFrom("left", "right"),
  sizeBytes: fc.nat(15),
  hasNoFix: fc.nat(30).map((chance) => chance === 0),
});

/** A drive in the order it was made. */
const anyDrive: fc.Arbitrary<PlannedPhoto[]> = fc.array(step, { maxLength: 60, size: "max" }).map((steps) => {
  let [capturedAtMs, eastMeters] = [START_MS, 0];
  return steps.map(({ afterMs, metres, astrayMetres, headingDeg, camera, sizeBytes, hasNoFix }, index) => {
    capturedAtMs += afterMs;
    eastMeters += metres;
    const rest = {
      basename: `IMG_${String(index).padStart(3, "0")}`,
      capturedAtMs,
      sizeBytes,
      model: camera,
      ...(headingDeg === undefined ? {} : { headingDeg }),
      // One camera comes up against the pixels first, the other against the photos.
      ...(camera === "left" ? {} : { widthPx: 512 }),
      ...(hasNoFix ? { latitude: 0, longitude: 0 } : {}),
    };
    return photoAt(eastMeters, rest, astrayMetres);
  });
});

describe("every plan", () => {
  it("has each photo once, in a sequence or dropped", () => {
    fc.assert(
      fc.property(anyDrive, (photos) => {
        const { sequences, dropped } = planSequences(photos, SMALL);

        const placed = sequences.flatMap((sequence) => sequence.photos);
        expect([...placed, ...dropped].map(({ id }) => id).toSorted()).toEqual(photos.map(({ id }) => id));
        expect(sequences.every((sequence) => sequence.photos.length > 0)).toBe(true);
      }),
    );
  });

  it("is the same in whatever order the photos come", () => {
    const drives = anyDrive.chain((photos) =>
      fc.tuple(fc.constant(photos), fc.shuffledSubarray(photos, { minLength: photos.length })),
    );

    fc.assert(
      fc.property(drives, ([photos, shuffled]) => {
        expect(planSequences(shuffled, SMALL)).toEqual(planSequences(photos, SMALL));
      }),
    );
  });

  it("keeps the order of capture, with times that grow and stay within a second of the noted ones", () => {
    fc.assert(
      fc.property(anyDrive, (photos) => {
        for (const sequence of sequencesOf(photos, SMALL)) {
          // Photos were numbered in the order they were taken.
          const names = sequence.map(({ photo }) => photo.basename);
          expect(names).toEqual(names.toSorted());
          for (const [{ capturedAtMs: before }, { capturedAtMs }] of pairs(sequence)) {
            expect(capturedAtMs).toBeGreaterThan(before);
          }
          for (const { photo, capturedAtMs } of sequence) {
            expect(capturedAtMs - photo.capturedAtMs).toBeGreaterThanOrEqual(0);
            expect(capturedAtMs - photo.capturedAtMs).toBeLessThan(1_000);
          }
        }
      }),
    );
  });

  it("passes no limit, but where a single photo does", () => {
    fc.assert(
      fc.property(anyDrive, (photos) => {
        for (const sequence of sequencesOf(photos, SMALL)) {
          const load = loadOf(sequence.map(({ photo }) => photo));
          expect(load.photos).toBeLessThanOrEqual(SMALL.maxPhotos);
          if (load.photos > 1) expect(load.bytes).toBeLessThanOrEqual(SMALL.maxBytes);
          if (load.photos > 1) expect(load.pixels).toBeLessThanOrEqual(SMALL.maxPixels);
          expect(new Set(sequence.map(({ photo }) => cameraOf(photo))).size).toBe(1);
          for (const [{ photo: before }, { photo }] of pairs(sequence)) {
            expect(distanceMeters(before, photo)).toBeLessThanOrEqual(SMALL.maxJumpMeters);
          }
        }
      }),
    );
  });

  it("cuts only where a limit would be passed", () => {
    fc.assert(
      fc.property(anyDrive, (drive) => {
        const photos = drive.filter(({ latitude, longitude }) => latitude !== 0 || longitude !== 0);

        for (const [before, after] of pairs(sequencesOf(photos, CUT_ONLY))) {
          const [last, first] = [before.at(-1), after[0]];
          if (last === undefined || first === undefined) throw new Error("an empty sequence");
          const isSameCamera = cameraOf(last.photo) === cameraOf(first.photo);
          const isGap = first.capturedAtMs - last.capturedAtMs > CUT_ONLY.maxGapMs;
          const together = loadOf([...before.map(({ photo }) => photo), first.photo]);
          expect(!isSameCamera || isGap || isTooMuch(together)).toBe(true);
        }
      }),
    );
  });

  it("stands for any numbers at all", () => {
    const anyNumber = fc.double();
    const anyPhotos = fc.array(
      fc.record({
        latitude: anyNumber,
        longitude: anyNumber,
        capturedAtMs: anyNumber,
        headingDeg: anyNumber,
        widthPx: anyNumber,
        sizeBytes: anyNumber,
        basename: fc.string({ unit: "binary" }),
      }),
      { maxLength: 20 },
    );

    fc.assert(
      fc.property(anyPhotos, (odd) => {
        const photos = odd.map((rest, index) => photoAt(0, { ...rest, id: String(index).padStart(2, "0") }));

        const { sequences, dropped } = planSequences(photos);

        const ids = [...sequences.flatMap((sequence) => sequence.photos), ...dropped].map(({ id }) => id);
        expect(ids.toSorted()).toEqual(photos.map(({ id }) => id));
      }),
    );
  });
});

type Placed = { readonly photo: PlannedPhoto; readonly capturedAtMs: number };

function sequencesOf(photos: readonly PlannedPhoto[], limits: SequenceLimits): Placed[][] {
  const byId = new Map(photos.map((photo) => [photo.id, photo]));
  return planSequences(photos, limits).sequences.map((sequence) =>
    sequence.photos.map(({ id, capturedAtMs }) => {
      const photo = byId.get(id);
      if (photo === undefined) throw new Error(`nobody asked for ${id}`);
      return { photo, capturedAtMs };
    }),
  );
}

function pairs<Item>(items: readonly Item[]): [Item, Item][] {
  return items.slice(1).flatMap((item, index) => {
    const before = items[index];
    return before === undefined ? [] : [[before, item] as [Item, Item]];
  });
}

function cameraOf({ model, widthPx }: PlannedPhoto): string {
  return JSON.stringify([model, widthPx]);
}

function loadOf(photos: readonly PlannedPhoto[]) {
  return {
    photos: photos.length,
    bytes: photos.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
    pixels: photos.reduce((sum, { widthPx = 1_024 }) => sum + widthPx * 1_024, 0),
  };
}

function isTooMuch({ photos, bytes, pixels }: ReturnType<typeof loadOf>): boolean {
  return photos > CUT_ONLY.maxPhotos || bytes > CUT_ONLY.maxBytes || pixels > CUT_ONLY.maxPixels;
}
