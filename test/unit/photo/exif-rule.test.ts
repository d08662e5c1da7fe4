import { describe, expect, it } from "vitest";
import { makePhoto, makePhotoTiff } from "../../../sandbox/photo-maker.ts";
import {
  exifSegment,
  paddingSegments,
  segment,
  splitExifSegments,
} from "../../../sandbox/photo-maker-jpeg.ts";
import { codesOf, FIVE_MISSING, judge, judgeMade, messageOf } from "./inspected.ts";
import { IMAGE_AT, patchTiff } from "./patched.ts";

const judgeBlock = (tiff: Uint8Array) => judge(makePhoto({ segments: () => [exifSegment(tiff)] }));

describe("where EXIF is", () => {
  it.each([143_659, 1_000_000])("is read when it begins at byte %i", async (offset) => {
    const verdict = await judgeMade({
      segments: (tiff) => [...paddingSegments(offset - 2), exifSegment(tiff)],
    });

    expect(verdict.verdict).toBe("accept");
  });

  it("is read when it ends beyond 64 KB", async () => {
    const verdict = await judgeMade({
      segments: (tiff) => [
        segment(0xef, Buffer.alloc(100)),
        exifSegment(Buffer.concat([tiff, Buffer.alloc(65_000)])),
      ],
    });

    expect(verdict.verdict).toBe("accept");
  });

  it("is read behind a pad byte that is not zero", async () => {
    const payload = Buffer.concat([Buffer.from("Exif\0\xff", "latin1"), makePhotoTiff()]);

    expect((await judgeMade({ segments: () => [segment(0xe1, payload)] })).verdict).toBe("accept");
  });

  it("is not read after the scan has begun", async () => {
    const photo = makePhoto({ segments: () => [] });

    const verdict = await judge(Buffer.concat([photo, exifSegment(makePhotoTiff())]));

    expect(codesOf(verdict)).toEqual(["no-exif", ...FIVE_MISSING]);
  });

  it("lists the missing EXIF and the five missing things", async () => {
    const verdict = await judgeMade({ segments: () => [] });

    expect(codesOf(verdict)).toEqual(["no-exif", ...FIVE_MISSING]);
  });
});

describe("EXIF in several segments", () => {
  it.each([4, 50, 200])("is joined when it was split every %i bytes", async (bytesEach) => {
    const verdict = await judgeMade({ segments: (tiff) => splitExifSegments(tiff, bytesEach) });

    expect(verdict).toMatchObject({ verdict: "accept", facts: { make: "Acme" } });
  });

  it("is joined when a segment of something else stands between its parts", async () => {
    const verdict = await judgeMade({
      segments: (tiff) =>
        splitExifSegments(tiff, 100).flatMap((part) => [part, segment(0xe2, Buffer.alloc(9))]),
    });

    expect(verdict.verdict).toBe("accept");
  });

  it("counts the first of two complete blocks", async () => {
    const second = makePhotoTiff({ make: "Second", byteOrder: "MM" });

    const verdict = await judgeMade({
      make: "First",
      segments: (tiff) => [exifSegment(tiff), exifSegment(second)],
    });

    expect(verdict.facts.make).toBe("First");
  });

  it("counts the second block when the first cannot be read", async () => {
    const broken = patchTiff((view) => view.setUint16(IMAGE_AT, 0xffff, true));

    const verdict = await judgeMade({ segments: (tiff) => [exifSegment(broken), exifSegment(tiff)] });

    expect(verdict.verdict).toBe("accept");
  });

  it("counts the second block when the first is none", async () => {
    const verdict = await judgeMade({
      segments: (tiff) => [exifSegment(Buffer.from("junk")), exifSegment(tiff)],
    });

    expect(verdict.verdict).toBe("accept");
  });

  it("tries no more blocks than a photo can have a use for", async () => {
    const broken = exifSegment(patchTiff((view) => view.setUint16(IMAGE_AT, 0xffff, true)));

    const fourth = await judgeMade({ segments: (tiff) => [broken, broken, broken, exifSegment(tiff)] });
    const fifth = await judgeMade({
      segments: (tiff) => [broken, broken, broken, broken, exifSegment(tiff)],
    });

    expect(fourth.verdict).toBe("accept");
    expect(codesOf(fifth)).toEqual(["exif-unreadable", ...FIVE_MISSING]);
  });
});

describe("byte order and magic", () => {
  it.each(["II", "MM"] as const)("reads %s", async (byteOrder) => {
    const verdict = await judgeMade({ byteOrder, headingDeg: 271.5, altitudeMeters: -12.5 });

    expect(verdict).toMatchObject({
      verdict: "accept",
      facts: {
        headingDeg: 271.5,
        altitudeMeters: -12.5,
        orientation: 1,
        capturedAt: "2024-05-01T10:00:00.000Z",
      },
    });
  });

  it.each([
    ["another order", "XX*\0"],
    ["mixed orders", "IM*\0"],
    ["the other order's magic", "MM*\0"],
    ["BigTIFF's magic", "II+\0"],
    ["zeros", "\0\0\0\0"],
  ])("takes %s for no EXIF", async (_what, header) => {
    const tiff = makePhotoTiff();
    tiff.set(Buffer.from(header, "latin1"));

    const verdict = await judgeBlock(tiff);

    expect(codesOf(verdict)).toEqual(["no-exif", ...FIVE_MISSING]);
    expect(messageOf(verdict, "no-exif")).toContain("expected II or MM, and 42");
  });
});
