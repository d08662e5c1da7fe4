import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { inspectPhoto } from "../../../lib/photo/inspect.ts";
import { cutIntoChunks, makePhoto, streamGrownPhoto } from "../../../sandbox/photo-maker.ts";
import { exifSegment, paddingSegments, splitExifSegments } from "../../../sandbox/photo-maker-jpeg.ts";
import { collect, judge } from "./inspected.ts";

/** Chunks that note how many were asked for, and whether the reader hung up. */
function countedChunks(chunks: readonly Uint8Array[]) {
  const seen = { pulls: 0, closed: false };
  const body: AsyncIterator<Uint8Array> = {
    next: async () => {
      const value = chunks[seen.pulls++];
      return value === undefined ? { done: true, value: undefined } : { done: false, value };
    },
    return: async () => {
      seen.closed = true;
      return { done: true, value: undefined };
    },
  };
  return { body, seen };
}

describe("inspecting a stream", () => {
  it("pulls no chunk beyond the one the scan begins in, and does not close the body", async () => {
    const photo = makePhoto();
    const chunks = [photo.subarray(0, 300), photo.subarray(300), Buffer.alloc(10), Buffer.alloc(10)];
    const { body, seen } = countedChunks(chunks);

    const { head, verdict } = await inspectPhoto(body);

    expect(verdict.verdict).toBe("accept");
    expect(seen).toEqual({ pulls: 2, closed: false });
    expect(Buffer.concat(head).equals(photo)).toBe(true);
  });

  it("keeps copies of the chunks it was lent, but for the last", async () => {
    const photo = makePhoto();
    const [first = 0, second = 0] = [100, 300];
    const chunks = [photo.subarray(0, first), photo.subarray(first, second), photo.subarray(second)];
    const lent = chunks.map((chunk) => Buffer.from(chunk));

    const { head } = await inspectPhoto(countedChunks(lent).body);
    for (const chunk of lent.slice(0, -1)) chunk.fill(0);

    expect(head.at(-1)).toBe(lent.at(-1));
    expect(Buffer.concat(head).equals(photo)).toBe(true);
  });

  it("stops at the first chunk of a file that is no JPEG", async () => {
    const { body, seen } = countedChunks([Buffer.from("\x89PNG"), Buffer.alloc(10)]);

    const { head } = await inspectPhoto(body);

    expect(seen.pulls).toBe(1);
    expect(head).toHaveLength(1);
  });

  it("gives back, head and rest, exactly the bytes that came", async () => {
    const whole = await collect(streamGrownPhoto(makePhoto(), 50_000, 700));
    const body = cutIntoChunks(whole, 700);

    const { head } = await inspectPhoto(body);
    const rest = await collect(body);

    expect(head.length).toBeLessThan(5);
    expect(Buffer.concat([...head, rest]).equals(whole)).toBe(true);
  });

  it("passes an empty chunk by", async () => {
    const photo = makePhoto();
    const { body } = countedChunks([
      Buffer.alloc(0),
      photo.subarray(0, 1),
      Buffer.alloc(0),
      photo.subarray(1),
    ]);

    expect((await inspectPhoto(body)).verdict.verdict).toBe("accept");
  });

  it("leaves the photo's bytes as they were", async () => {
    const photo = makePhoto();
    const before = Buffer.from(photo);

    await judge(photo);

    expect(before.equals(photo)).toBe(true);
  });

  it("lets a source that fails be heard", async () => {
    const broken = new Error("connection reset");
    const body = { next: () => Promise.reject(broken) };

    await expect(inspectPhoto(body)).rejects.toBe(broken);
  });
});

const PHOTOS = {
  "a good photo": makePhoto({ headingDeg: 12, byteOrder: "MM" }),
  "a photo with EXIF in pieces": makePhoto({ segments: (tiff) => splitExifSegments(tiff, 40) }),
  "a photo with late EXIF": makePhoto({ segments: (tiff) => [...paddingSegments(2_000), exifSegment(tiff)] }),
  "a photo of many flaws": makePhoto({
    takenAt: "soon",
    longitudeDeg: null,
    entries: { Image: [{ tag: 1, type: 0, value: "" }] },
  }),
  "a photo cut in its EXIF": makePhoto().subarray(0, 150),
  "a photo with strays between segments": makePhoto({
    segments: (tiff) => [Buffer.from("3f3effff", "hex"), exifSegment(tiff), Buffer.from("0000ff00", "hex")],
  }),
  "no photo": Buffer.from([0xff, 0xd8, 0x00]),
};

describe("the verdict does not depend on how the bytes are cut", () => {
  it.each(Object.entries(PHOTOS))("%s", async (_what, photo) => {
    const whole = await judge(photo, {}, photo.length);

    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 1, max: 200 }), { minLength: 1, maxLength: 50 }),
        async (sizes) => {
          const chunks: Uint8Array[] = [];
          for (let at = 0; at < photo.length; ) {
            const size = sizes[chunks.length % sizes.length] ?? 1;
            chunks.push(photo.subarray(at, at + size));
            at += size;
          }

          const { verdict } = await inspectPhoto(countedChunks(chunks).body);

          expect(verdict).toEqual(whole);
        },
      ),
    );
    expect(await judge(photo, {}, 1)).toEqual(whole);
  });
});
