import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { describeHead } from "../../../lib/photo/describe-head.ts";
import { createJpegWalk } from "../../../lib/photo/jpeg.ts";
import { makePhoto } from "../../../sandbox/photo-maker.ts";
import { exifSegment, splitExifSegments } from "../../../sandbox/photo-maker-jpeg.ts";
import { MAX_BLOCK_BYTES, makeRichPhoto, makeRichTiff, type RichSpec, TEXT } from "./describe-photos.ts";
import { judge } from "./inspected.ts";

const MAX_DESCRIBING_MS = 100;

const padded: RichSpec = { hasThumbnail: true, description: { tag: 0x010e, type: 2, value: "old" } };
const SEEDS = [
  makeRichPhoto({ hasThumbnail: true, makerNoteBytes: 50 }),
  makeRichPhoto({ byteOrder: "MM", description: { tag: 0x010e, type: 2, value: "an old description\0" } }),
  makeRichPhoto({ ...padded, tail: { bytes: MAX_BLOCK_BYTES - makeRichTiff(padded).length, value: 0 } }),
  makeRichPhoto({ commentBytes: 64_900 }),
  makePhoto({ segments: (tiff) => splitExifSegments(tiff, 60) }),
];

/** A photo, and bytes to write over its first kilobyte, where its directories are. */
const anyDamage = fc.record({
  seed: fc.integer({ min: 0, max: SEEDS.length - 1 }),
  changes: fc.array(
    fc.tuple(
      fc.nat({ max: 700 }),
      fc.oneof(fc.constantFrom(0x00, 0xff, 0x7f, 0x0e, 0x01), fc.nat({ max: 255 })),
      fc.integer({ min: 1, max: 4 }),
    ),
    { minLength: 1, maxLength: 8 },
  ),
});

function damage({ seed, changes }: typeof anyDamage extends fc.Arbitrary<infer T> ? T : never): Buffer {
  const photo = Buffer.from(SEEDS[seed] ?? []);
  for (const [at, value, bytes] of changes) photo.fill(value, at, Math.min(at + bytes, photo.length));
  return photo;
}

describe("damaged photos", () => {
  it("are described at once when they are accepted, and judged as before", async () => {
    let accepted = 0;
    let sound = 0;
    await fc.assert(
      fc.asyncProperty(anyDamage, async (how) => {
        const photo = damage(how);
        const before = await judge(photo);
        const start = process.threadCpuUsage();

        const described = describeHead([photo], photo.length, TEXT);

        const { user, system } = process.threadCpuUsage(start);
        expect((user + system) / 1_000).toBeLessThan(MAX_DESCRIBING_MS);
        if (before.verdict === "reject") return;
        accepted += 1;
        if (described.kind === "problem") throw new Error(described.problem);
        const bytes = Buffer.concat([...described.head]);
        expect(bytes.length).toBe(described.sizeBytes);
        const after = await judge(bytes);
        // A damaged value that lay beyond the block may lie within it once the block has grown.
        if (before.warnings.length > 0) return;
        sound += 1;
        expect(after).toEqual(before);
      }),
      { numRuns: 5_000, seed: 4 },
    );
    // The damage goes deep without making every photo worthless, or this would say little.
    expect(accepted).toBeGreaterThan(1_000);
    expect(sound).toBeGreaterThan(500);
  });

  it("cannot make us follow a directory of 5,459 entries for long", () => {
    const tiff = Buffer.alloc(MAX_BLOCK_BYTES);
    tiff.write("II*\0", "latin1");
    tiff.writeUInt32LE(8, 4);
    tiff.writeUInt16LE(5_459, 8);
    for (let nth = 0; nth < 5_459; nth++) {
      // Each points to the directory itself as one of the kinds that are followed.
      tiff.writeUInt16LE([0x8769, 0x8825, 0xa005][nth % 3] ?? 0, 10 + nth * 12);
      tiff.writeUInt16LE(4, 12 + nth * 12);
      tiff.writeUInt32LE(1, 14 + nth * 12);
      tiff.writeUInt32LE(8, 18 + nth * 12);
    }
    const photo = makePhoto({ segments: () => [exifSegment(tiff)] });
    const start = process.threadCpuUsage();

    const described = describeHead([photo], photo.length, TEXT);

    const { user, system } = process.threadCpuUsage(start);
    expect(described).toMatchObject({ kind: "described", place: "front" });
    expect((user + system) / 1_000).toBeLessThan(MAX_DESCRIBING_MS);
  });

  it("cannot make us describe a block that was not the one judged", async () => {
    const other = makePhoto({
      segments: (tiff) => [exifSegment(Buffer.from("MM\0*\0\0\0\x08\xff\xff", "latin1")), exifSegment(tiff)],
    });
    const described = describeHead([other], other.length, TEXT);

    if (described.kind === "problem") throw new Error(described.problem);
    const walk = createJpegWalk();
    for (const chunk of described.head) walk.push(chunk);
    expect(walk.outline().exif.blocks).toHaveLength(3);
    expect((await judge(Buffer.concat([...described.head]))).facts).toEqual((await judge(other)).facts);
  });
});
