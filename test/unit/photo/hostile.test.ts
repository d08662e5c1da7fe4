import { describe, expect, it } from "vitest";
import { GPS_TAGS, PHOTO_TAGS, TIFF_TYPES } from "../../../lib/photo/exif-tags.ts";
import { makePhoto } from "../../../sandbox/photo-maker.ts";
import { exifSegment, segment, splitExifSegments } from "../../../sandbox/photo-maker-jpeg.ts";
import { codesOf, judge, judgeMade } from "./inspected.ts";

const MAX_JUDGING_MS = 100;

/** mulberry32: the same numbers every time, 0 ≤ n < 1. */
function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A copy with up to eight bytes changed, the telling values 0, FF and 7F more often, and now and then cut short. */
function mutate(photo: Uint8Array, random: () => number): Uint8Array {
  const mutant = Uint8Array.from(photo);
  const changes = 1 + Math.floor(random() * 8);
  for (let nth = 0; nth < changes; nth++) {
    const at = Math.floor(random() * mutant.length);
    const telling = [0x00, 0xff, 0x7f, Math.floor(random() * 256)];
    mutant.fill(telling[Math.floor(random() * telling.length)] ?? 0, at, at + 1 + Math.floor(random() * 4));
  }
  return random() < 0.1 ? mutant.subarray(0, Math.floor(random() * mutant.length)) : mutant;
}

/** The processor time of this thread, which a busy machine does not lengthen. */
async function timeJudging(file: Uint8Array): Promise<number> {
  const start = process.threadCpuUsage();
  await judge(file);
  const { user, system } = process.threadCpuUsage(start);
  return (user + system) / 1_000;
}

describe("hostile photos", () => {
  it("are judged within 100 ms each, and none throws: 10,000 mutations", async () => {
    const random = createRandom(20_170_401);
    const seeds = [
      makePhoto({ headingDeg: 10, altitudeMeters: 5 }),
      makePhoto({ byteOrder: "MM", takenAt: "2024:05:01 10:00:00" }),
      makePhoto({ segments: (tiff) => [exifSegment(tiff)], widthPx: 8, heightPx: 8 }),
      makePhoto({ segments: (tiff) => splitExifSegments(tiff, 60) }),
    ];
    let slowestMs = 0;
    const verdicts = new Set<string>();

    for (let nth = 0; nth < 10_000; nth++) {
      const mutant = mutate(seeds[nth % seeds.length] ?? Buffer.alloc(0), random);
      slowestMs = Math.max(slowestMs, await timeJudging(mutant));
      const verdict = await judge(mutant);
      if (verdict.verdict === "reject") expect(verdict.reasons).not.toEqual([]);
      for (const code of codesOf(verdict)) verdicts.add(code);
    }

    expect(slowestMs).toBeLessThan(MAX_JUDGING_MS);
    // The mutants reach deep: without that, their being harmless would say little.
    expect(verdicts).toContain("exif-unreadable");
    expect(verdicts).toContain("latitude-invalid");
    expect(verdicts).toContain("longitude-out-of-range");
    expect(verdicts).toContain("date-invalid");
  });

  it.each(Object.entries(TIFF_TYPES))(
    "cannot make us read 4,294,967,295 values of type %s",
    async (_name, type) => {
      const entry = (tag: number) => ({ tag, type, value: "", count: 0xffffffff, offset: 8 });
      const photo = makePhoto({
        entries: { GPSInfo: [entry(GPS_TAGS.GPSLatitude)], Photo: [entry(PHOTO_TAGS.DateTimeOriginal)] },
      });

      expect(await timeJudging(photo)).toBeLessThan(MAX_JUDGING_MS);
      expect(codesOf(await judge(photo))).toEqual(["latitude-missing", "date-missing"]);
    },
  );

  it("cannot make us read a directory of 65,535 entries that are not there", async () => {
    const tiff = Buffer.from("49492a0008000000ffff", "hex");

    expect(codesOf(await judgeMade({ segments: () => [exifSegment(tiff)] }))).toContain("exif-unreadable");
  });

  it("cost no more for a directory of 65,535 damaged entries", async () => {
    const entries = Buffer.alloc(65_535 * 12, Buffer.from("0000000000000000deadbeef", "hex"));
    const tiff = Buffer.concat([Buffer.from("49492a0008000000ffff", "hex"), entries, Buffer.alloc(4)]);
    const photo = makePhoto({ segments: () => splitExifSegments(tiff, 65_000) });

    expect(await timeJudging(photo)).toBeLessThan(MAX_JUDGING_MS);
    expect((await judge(photo)).warnings[0]?.message).toContain("the first of 65535 flaws");
  });

  it.each([0, 1, 4])("cost no more for 4 MiB of EXIF segments of %i bytes", async (payloadBytes) => {
    const tiny = exifSegment(Buffer.from("II*\0").subarray(0, payloadBytes));
    const photo = makePhoto({ segments: () => [Buffer.alloc(4 * 2 ** 20, tiny)] });

    expect(await timeJudging(photo)).toBeLessThan(4 * MAX_JUDGING_MS);
    expect(codesOf(await judge(photo))[0]).toBe("exif-too-far");
  });

  it("cost no more for 4 MiB of empty segments", async () => {
    const photo = makePhoto({ segments: () => [Buffer.alloc(4 * 2 ** 20, segment(0xe2, Buffer.alloc(0)))] });

    expect(await timeJudging(photo)).toBeLessThan(4 * MAX_JUDGING_MS);
  });

  it("cannot write a second line into a message", async () => {
    const verdict = await judgeMade({ takenAt: `x\n${"y".repeat(5_000)}\u001b]0;` });

    expect(JSON.stringify(verdict).length).toBeLessThan(2_000);
    if (verdict.verdict === "reject") expect(verdict.reasons[0]?.message).not.toMatch(/\p{C}/u);
    expect(verdict.verdict).toBe("reject");
  });
});
