import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { describeHead, REWRITE_VERSION } from "../../../lib/photo/describe-head.ts";
import { inspectPhoto } from "../../../lib/photo/inspect.ts";
import { cutIntoChunks, makePhoto } from "../../../sandbox/photo-maker.ts";
import { ascii } from "../../../sandbox/photo-maker-tiff.ts";
import {
  anyRichSpec,
  describePhoto,
  IMAGE_DESCRIPTION,
  MAX_BLOCK_BYTES,
  makeRichPhoto,
  makeRichTiff,
  makeTwoPictures,
  type RichSpec,
  TEXT,
} from "./describe-photos.ts";
import { judge } from "./inspected.ts";

/** Where the photo's first Exif segment begins, and where it ends. */
function findSegment(photo: Uint8Array): { at: number; end: number } {
  const bytes = Buffer.from(photo);
  const at = bytes.indexOf("Exif\0") - 4;
  return { at, end: at + 2 + bytes.readUInt16BE(at + 2) };
}

/** How many bytes of two equally long pieces differ. */
function countDifferent(one: Uint8Array, other: Uint8Array): number {
  return one.reduce((count, byte, at) => count + (byte === other[at] ? 0 : 1), 0);
}

describe("a described photo", () => {
  it("keeps every byte outside of its Exif segment, and of that segment all but a pointer or an entry", () => {
    const places = new Set<string>();
    fc.assert(
      fc.property(anyRichSpec, (spec) => {
        fc.pre(makeRichTiff(spec).length <= MAX_BLOCK_BYTES);
        const photo = makeRichPhoto(spec);

        const { bytes, place, sizeBytes, addedBytes } = describePhoto(photo);

        places.add(place);
        expect(bytes.length).toBe(sizeBytes);
        expect(bytes.length).toBe(photo.length + addedBytes);
        const before = findSegment(photo);
        const after =
          place === "front"
            ? { at: before.at + addedBytes, end: before.end + addedBytes }
            : findSegment(bytes);
        expect(Buffer.compare(bytes.subarray(0, before.at), photo.subarray(0, before.at))).toBe(0);
        expect(Buffer.compare(bytes.subarray(after.end), photo.subarray(before.end))).toBe(0);
        const old = photo.subarray(before.at, before.end);
        const kept = bytes.subarray(after.at, after.at + old.length);
        // The length of the segment (2), and the pointer to the first directory (4) or one entry (12).
        if (place === "end") expect(countDifferent(old, kept)).toBeLessThanOrEqual(2 + 12);
        if (place === "front") expect(Buffer.compare(old, kept)).toBe(0);
        if (place === "padding") {
          const used =
            old.length -
            Buffer.from(old)
              .reverse()
              .findIndex((byte) => byte !== 0);
          expect(addedBytes).toBe(0);
          expect(countDifferent(old.subarray(0, used), kept)).toBeLessThanOrEqual(12);
        }
      }),
      { numRuns: 1_000, seed: 4 },
    );
    expect([...places].toSorted()).toEqual(["end", "front", "padding"]);
  });

  it("is judged as it was before", async () => {
    await fc.assert(
      fc.asyncProperty(anyRichSpec, async (spec) => {
        fc.pre(makeRichTiff(spec).length <= MAX_BLOCK_BYTES);
        const photo = makeRichPhoto(spec);

        const before = await judge(photo);

        expect(before.verdict).toBe("accept");
        expect(await judge(describePhoto(photo).bytes)).toEqual(before);
      }),
    );
  });

  it("is the same however its head came in chunks, and leaves those as they were", () => {
    fc.assert(
      fc.property(anyRichSpec, fc.array(fc.nat({ max: 3_000 }), { maxLength: 20 }), (spec, cuts) => {
        fc.pre(makeRichTiff(spec).length <= MAX_BLOCK_BYTES);
        const photo = makeRichPhoto(spec);
        const ends = [...new Set(cuts)].filter((end) => end < photo.length).toSorted((a, b) => a - b);
        const head = [...ends, photo.length].map((end, nth) => photo.slice(ends[nth - 1] ?? 0, end));
        const copies = head.map((chunk) => chunk.slice());

        const described = describeHead(head, photo.length, TEXT);

        if (described.kind === "problem") throw new Error(described.problem);
        expect(Buffer.compare(Buffer.concat([...described.head]), describePhoto(photo).bytes)).toBe(0);
        expect(head).toEqual(copies);
        expect(described.head.every(({ length }) => length > 0)).toBe(true);
      }),
    );
  });

  it("stays as it is when it is described again", () => {
    fc.assert(
      fc.property(anyRichSpec, (spec) => {
        fc.pre(makeRichTiff(spec).length <= MAX_BLOCK_BYTES);
        const { bytes } = describePhoto(makeRichPhoto(spec));
        const head = [bytes];

        const again = describeHead(head, bytes.length, TEXT);

        expect(again).toEqual({
          kind: "described",
          head,
          sizeBytes: bytes.length,
          addedBytes: 0,
          changedBytes: 0,
          place: "there",
        });
      }),
    );
  });

  it("needs no more than the head that an inspection reads, and is its source again behind it", async () => {
    const photo = makeRichPhoto({ widthPx: 640, heightPx: 480, hasThumbnail: true });
    const { head } = await inspectPhoto(cutIntoChunks(photo, 1_000));
    const headBytes = head.reduce((bytes, { length }) => bytes + length, 0);
    expect(headBytes).toBeLessThan(photo.length);

    const described = describeHead(head, photo.length, TEXT);

    if (described.kind === "problem") throw new Error(described.problem);
    const { addedBytes } = described;
    const sent = Buffer.concat([...described.head, photo.subarray(headBytes)]);
    expect(Buffer.compare(sent, describePhoto(photo).bytes)).toBe(0);
    const past = headBytes + addedBytes;
    expect(Buffer.compare(sent.subarray(past), photo.subarray(past - addedBytes))).toBe(0);
  });

  it("still finds a second picture behind its end, whose offset counts from behind the EXIF", () => {
    const second = makePhoto({ seed: 2 });
    const photo = makeTwoPictures(second);

    const { bytes, addedBytes } = describePhoto(photo);

    const headerAt = bytes.indexOf("MPF\0") + 4;
    const entriesAt = bytes.indexOf("0100", headerAt) - 10 + 2 + 3 * 12 + 4;
    const secondAt = headerAt + bytes.readUInt32LE(entriesAt + 16 + 8);
    expect(addedBytes).toBeGreaterThan(0);
    expect(Buffer.compare(bytes.subarray(secondAt), second)).toBe(0);
  });
});

describe("the bytes of a version", () => {
  it("are these: a change of them needs another REWRITE_VERSION, or sessions mix the bytes of two", () => {
    const padding: RichSpec = { hasThumbnail: true };
    const paddingBytes = MAX_BLOCK_BYTES - makeRichTiff(padding).length;
    const photos = [
      makeRichPhoto({}),
      makeRichPhoto({ byteOrder: "MM", description: ascii(IMAGE_DESCRIPTION, "old") }),
      makeRichPhoto({ ...padding, tail: { bytes: paddingBytes, value: 0 } }),
      makeRichPhoto({ makerNoteBytes: 65_100 }),
    ];

    const described = photos.map((photo) => describePhoto(photo));

    expect(described.map(({ place }) => place)).toEqual(["end", "end", "padding", "front"]);
    const hash = createHash("sha256");
    for (const { bytes } of described) hash.update(bytes);
    expect({ version: REWRITE_VERSION, bytes: hash.digest("hex") }).toEqual({
      version: 1,
      bytes: "ddf450bb878a98f83dc0bb5b88e884b404e504d0ca656b3f187b21242a45b845",
    });
  });
});

describe("a photo that cannot be described", () => {
  it.each<[string, Uint8Array, string, string]>([
    ["an empty object", Buffer.alloc(0), TEXT, "the head holds no whole JPEG header"],
    ["no JPEG", Buffer.from("\x89PNG\r\n\x1a\n"), TEXT, "the head holds no whole JPEG header"],
    ["a head that was cut short", makePhoto().subarray(0, 200), TEXT, "the head holds no whole JPEG header"],
    ["no EXIF", makePhoto({ segments: () => [] }), TEXT, "the photo has no EXIF block that can be read"],
    ["text that is no ASCII", makePhoto(), '{"a":"é"}', "the description is not printable ASCII"],
    ["text with a NUL", makePhoto(), '{"a":"\0"}', "the description is not printable ASCII"],
    ["no text", makePhoto(), "{}", "the description has 2 bytes: expected 4 to 9000"],
    [
      "text without end",
      makePhoto(),
      "a".repeat(9_001),
      "the description has 9001 bytes: expected 4 to 9000",
    ],
  ])("is told as a problem: %s", (_what, photo, text, problem) => {
    expect(describeHead([photo], photo.length, text)).toEqual({ kind: "problem", problem });
  });
});
