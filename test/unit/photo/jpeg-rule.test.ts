import { describe, expect, it } from "vitest";
import { MAX_HEADER_BYTES } from "../../../lib/photo/jpeg.ts";
import { makePhoto, makePhotoTiff } from "../../../sandbox/photo-maker.ts";
import {
  drawPicture,
  exifSegment,
  jfifSegment,
  paddingSegments,
  segment,
  xmpSegment,
} from "../../../sandbox/photo-maker-jpeg.ts";
import { codesOf, FIVE_MISSING, judge, judgeMade, messageOf } from "./inspected.ts";

const NOT_JPEG = {
  "a PNG": "89504e470d0a1a0a0000000d49484452",
  "a HEIC": "0000002466747970686569630000000068656963",
  "a TIFF": "49492a0008000000",
  "a zip": "504b0304140000000800",
  text: "76657273696f6e206769742d6c6673",
  "a start of image and no marker": "ffd82e3000a53a6e",
  "two bytes of a JPEG": "ffd8",
  "one byte": "ff",
};

describe("what is a JPEG", () => {
  it.each(Object.entries(NOT_JPEG))("rejects %s and names no other reason", async (_what, hex) => {
    const verdict = await judge(Buffer.from(hex, "hex"));

    expect(codesOf(verdict)).toEqual(["not-jpeg"]);
  });

  it("rejects an empty object and names no other reason", async () => {
    const verdict = await judge(Buffer.alloc(0));

    expect(codesOf(verdict)).toEqual(["empty"]);
  });

  it("rejects EXIF with no picture and still judges the EXIF", async () => {
    const verdict = await judgeMade({ picture: new Uint8Array(0), takenAt: null });

    expect(codesOf(verdict)).toEqual(["no-picture", "date-missing"]);
    expect(messageOf(verdict, "no-picture")).toContain("the image ends before its scan");
  });

  it("rejects a frame header without a scan", async () => {
    const frame = segment(0xc0, Buffer.from([8, 0, 48, 0, 64, 1, 1, 0x11, 0]));

    expect(codesOf(await judgeMade({ picture: frame }))).toEqual(["no-picture"]);
  });

  it("rejects a scan without a frame header", async () => {
    const scan = segment(0xda, Buffer.from([1, 1, 0, 0, 63, 0]));

    expect(codesOf(await judgeMade({ picture: scan }))).toEqual(["no-picture"]);
  });

  it("takes neither Huffman tables nor arithmetic conditioning for a frame header", async () => {
    const tables = [0xc4, 0xc8, 0xcc].map((marker) => segment(marker, Buffer.alloc(16)));
    const scan = segment(0xda, Buffer.from([1, 1, 0, 0, 63, 0]));

    expect(codesOf(await judgeMade({ picture: Buffer.concat([...tables, scan]) }))).toEqual(["no-picture"]);
  });

  it("accepts a progressive frame and reads its size", async () => {
    const frame = segment(0xc2, Buffer.from([8, 0x0d, 0x90, 0x12, 0x20, 1, 1, 0x11, 0]));
    const scan = segment(0xda, Buffer.from([1, 1, 0, 0, 63, 0]));

    const verdict = await judgeMade({ picture: Buffer.concat([frame, scan]) });

    expect(verdict).toMatchObject({ verdict: "accept", facts: { widthPx: 4640, heightPx: 3472 } });
  });

  it("takes the size from the first of two frame headers", async () => {
    const second = drawPicture(8, 8, () => 0);
    const frame = segment(0xc0, Buffer.from([8, 0, 97, 0, 133, 1, 1, 0x11, 0]));

    const verdict = await judgeMade({ picture: Buffer.concat([frame, second]) });

    expect(verdict.facts).toMatchObject({ widthPx: 133, heightPx: 97 });
  });

  it("leaves out a height that the frame header leaves to the end of the scan", async () => {
    const frame = segment(0xc0, Buffer.from([8, 0, 0, 0, 64, 1, 1, 0x11, 0]));
    const scan = segment(0xda, Buffer.from([1, 1, 0, 0, 63, 0]));

    const verdict = await judgeMade({ picture: Buffer.concat([frame, scan]) });

    expect(verdict.facts.widthPx).toBe(64);
    expect(verdict.facts).not.toHaveProperty("heightPx");
  });

  it("accepts a picture that is cut short inside its scan", async () => {
    const photo = makePhoto();

    const verdict = await judge(photo.subarray(0, photo.length - 20));

    expect(verdict.verdict).toBe("accept");
  });

  it("does not take the thumbnail of a damaged APP1 for the picture", async () => {
    const thumbnail = Buffer.concat([Buffer.from([0xff, 0xd8]), drawPicture(8, 8, () => 0)]);

    const verdict = await judgeMade({
      segments: (tiff) => [exifSegment(tiff), thumbnail],
      picture: thumbnail,
    });

    expect(codesOf(verdict)).toEqual(["no-picture"]);
  });
});

describe("the walk from marker to marker", () => {
  it("passes fill bytes, markers that stand alone and stray bytes between segments", async () => {
    const oddities = Buffer.from("ffffffff01" + "ffd0" + "3f3e00" + "ff00", "hex");

    const verdict = await judgeMade({ segments: (tiff) => [oddities, exifSegment(tiff), oddities] });

    expect(verdict.verdict).toBe("accept");
  });

  it.each([0, 1])("stops at a segment that states a length of %i", async (length) => {
    const verdict = await judgeMade({
      segments: (tiff) => [Buffer.from([0xff, 0xe2, 0, length]), exifSegment(tiff)],
    });

    expect(codesOf(verdict)).toEqual(["no-picture", "no-exif", ...FIVE_MISSING]);
    expect(messageOf(verdict, "no-picture")).toContain(`a length of ${length}`);
  });

  it("stops at a marker that does not exist", async () => {
    const verdict = await judgeMade({ segments: (tiff) => [Buffer.from([0xff, 0x52]), exifSegment(tiff)] });

    expect(messageOf(verdict, "no-picture")).toContain("FF 52 is no marker");
  });

  it("stops at a frame header too short for a size", async () => {
    const verdict = await judgeMade({ segments: () => [segment(0xc0, Buffer.from([8, 0, 48, 0, 64]))] });

    expect(messageOf(verdict, "no-picture")).toContain("a frame header holds 5 bytes");
  });

  it("takes an APP1 shorter than an identifier for something else than EXIF", async () => {
    const verdict = await judgeMade({
      segments: (tiff) => [
        segment(0xe1, Buffer.from("Exif")),
        segment(0xe1, Buffer.alloc(0)),
        exifSegment(tiff),
      ],
    });

    expect(verdict.verdict).toBe("accept");
  });

  it("stops at the cap, with a reason of its own", async () => {
    const endless = Buffer.alloc(MAX_HEADER_BYTES + 100, segment(0xef, Buffer.alloc(60_000)));

    const verdict = await judge(Buffer.concat([Buffer.from([0xff, 0xd8]), endless]));

    expect(codesOf(verdict)).toEqual(["exif-too-far"]);
    expect(messageOf(verdict, "exif-too-far")).toContain("4194304");
  });

  it("judges the EXIF that came before the cap as well", async () => {
    const endless = Buffer.alloc(MAX_HEADER_BYTES, segment(0xef, Buffer.alloc(60_000)));

    const verdict = await judgeMade({
      segments: (tiff) => [exifSegment(tiff), endless],
      takenAt: "yesterday",
    });

    expect(codesOf(verdict)).toEqual(["exif-too-far", "date-invalid"]);
  });

  it.each([
    [0, "accept"],
    [1, "reject"],
  ])(
    "reads up to the cap: a scan header %i bytes beyond it is a matter of %s",
    async (bytesBeyond, expected) => {
      const scanAt = Buffer.from(makePhoto()).indexOf(Buffer.from([0xff, 0xda]));
      const scanHeadBytes = 4;
      const padding = paddingSegments(MAX_HEADER_BYTES + bytesBeyond - scanHeadBytes - scanAt);

      const verdict = await judgeMade({ segments: (tiff) => [jfifSegment(), exifSegment(tiff), ...padding] });

      expect(verdict.verdict).toBe(expected);
    },
  );
});

describe("XMP", () => {
  it("is no position", async () => {
    const xmp = xmpSegment('<x exif:GPSLatitude="52,5.4N" exif:GPSLongitude="5,7.2E"/>');

    const verdict = await judgeMade({ segments: () => [jfifSegment(), xmp] });

    expect(codesOf(verdict)).toEqual(["no-exif", ...FIVE_MISSING]);
  });

  it("may stand before the EXIF", async () => {
    const verdict = await judge(
      makePhoto({ segments: () => [xmpSegment("<x/>"), exifSegment(makePhotoTiff())] }),
    );

    expect(verdict.verdict).toBe("accept");
  });
});
