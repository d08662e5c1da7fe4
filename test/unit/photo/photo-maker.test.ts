import { load } from "piexif-ts";
import { describe, expect, it } from "vitest";
import { growPhoto, makePhoto, streamGrownPhoto, toDegreeFractions } from "../../../sandbox/photo-maker.ts";
import { paddingSegments, segment } from "../../../sandbox/photo-maker-jpeg.ts";
import { collect, judge } from "./inspected.ts";

describe("the photo maker", () => {
  it("makes the same bytes of the same spec, and others of another seed", () => {
    const again = makePhoto({ seed: 3 });

    expect(again).toEqual(makePhoto({ seed: 3 }));
    expect(again).not.toEqual(makePhoto({ seed: 4 }));
  });

  it.each(["II", "MM"] as const)("writes EXIF that another library reads, in %s", (byteOrder) => {
    const photo = makePhoto({ latitudeDeg: -33.5, longitudeDeg: 151.25, headingDeg: 90, byteOrder });

    const exif = load(Buffer.from(photo).toString("binary"));

    expect(exif.GPS).toMatchObject({
      1: "S",
      2: [
        [33, 1],
        [30, 1],
        [0, 10_000],
      ],
      3: "E",
      4: [
        [151, 1],
        [15, 1],
        [0, 10_000],
      ],
      17: [9_000, 100],
    });
    expect(exif["0th"]).toMatchObject({ 271: "Acme", 272: "Roadrunner 1" });
    expect(exif.Exif).toMatchObject({ 36867: "2024:05:01 10:00:00" });
  });

  it("carries seconds of arc that round up into the minute, and the minute into the degree", () => {
    expect(toDegreeFractions(9.999_999_999_9)).toEqual([10, 1, 0, 1, 0, 10_000]);
    expect(toDegreeFractions(-1.5)).toEqual([1, 1, 30, 1, 0, 10_000]);
  });

  it("leaves out what is null", async () => {
    const { facts } = await judge(makePhoto({ make: null, model: null, takenAt: null, latitudeDeg: null }));

    expect(Object.keys(facts)).toEqual(["longitudeDeg", "orientation", "widthPx", "heightPx"]);
  });

  it.each([0, 1, 2, 1_000, 200_001])(
    "grows a photo by %i bytes, as a whole and as a stream",
    async (moreBytes) => {
      const photo = makePhoto();

      const grown = growPhoto(photo, photo.length + moreBytes);
      const streamed = await collect(streamGrownPhoto(photo, photo.length + moreBytes, 777));

      expect(grown).toHaveLength(photo.length + moreBytes);
      expect(streamed.equals(grown)).toBe(true);
      expect([...grown.subarray(-2)]).toEqual([0xff, 0xd9]);
      expect(await judge(grown)).toEqual(await judge(photo));
    },
  );

  it("refuses to shrink a photo", async () => {
    expect(() => growPhoto(makePhoto(), 10)).toThrow("sizeBytes is 10: expected at least the photo's own");
    await expect(collect(streamGrownPhoto(makePhoto(), 10))).rejects.toThrow(RangeError);
  });

  it.each([0, 4, 5, 65_537, 65_538, 65_541, 200_000])("pads by exactly %i bytes", (bytes) => {
    const padding = Buffer.concat(paddingSegments(bytes));

    expect(padding).toHaveLength(bytes);
  });

  it("refuses what no segment can hold", () => {
    expect(() => segment(0xe1, Buffer.alloc(65_534))).toThrow(
      "payload is 65534 bytes: expected at most 65533",
    );
    expect(() => paddingSegments(3)).toThrow("bytes is 3");
  });
});
