import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { manifestOf, manifestSessionKey } from "../../../lib/mapillary/manifest.ts";

const textOf = (handles: readonly string[]) => Buffer.from(manifestOf(handles)).toString("latin1");

describe("a manifest", () => {
  it("is compact JSON with sorted keys and the handles in their order", () => {
    expect(textOf(["2:b==", "10:a", "1:c"])).toBe(
      '{"image_handles":["2:b==","10:a","1:c"],"upload_type":"images","version":"1"}',
    );
  });

  it.each([
    ["é", String.raw`\u00e9`],
    ["\u007f", String.raw`\u007f`],
    ["\u2028", String.raw`\u2028`],
    ["😀", String.raw`\ud83d\ude00`],
    ["\ud83d", String.raw`\ud83d`],
    ["\n\u0001", String.raw`\n\u0001`],
    ['"\\/', String.raw`\"\\/`],
  ])("writes %j as Python does: %s", (handle, written) => {
    expect(textOf([handle])).toBe(`{"image_handles":["${written}"],"upload_type":"images","version":"1"}`);
  });

  it("is ASCII, and says which handles it was made of", () => {
    const anyHandles = fc.array(fc.string({ unit: "binary" }), { minLength: 1, maxLength: 20 });

    fc.assert(
      fc.property(anyHandles, (handles) => {
        const text = textOf(handles);

        expect(text).toMatch(/^[ -~]*$/);
        expect(JSON.parse(text)).toEqual({ image_handles: handles, upload_type: "images", version: "1" });
      }),
    );
  });

  it.each([0, 1_001])("is not made of %i photos", (count) => {
    const handles = Array.from({ length: count }, (_, index) => `h${index}`);

    expect(() => manifestOf(handles)).toThrow(RangeError);
    expect(() => manifestSessionKey(handles)).toThrow(`1 to 1000 photos, this one ${count}`);
  });

  it("is made of a thousand photos", () => {
    const handles = Array.from({ length: 1_000 }, (_, index) => `h${index}`);

    expect(JSON.parse(textOf(handles)).image_handles).toEqual(handles);
  });
});

describe("a manifest's session key", () => {
  it("is the same for the same handles, for ever", () => {
    expect(manifestSessionKey(["h0", "h1"])).toBe("uuid_88f8df8d0a4d5df98f83afe1c2f5d581.json");
  });

  it("has the form of Mapillary's client and differs with the handles and their order", () => {
    const lists = [["h0", "h1"], ["h1", "h0"], ["h0"], ["h0h1"], ['h0","h1']];

    const keys = lists.map(manifestSessionKey);

    expect(new Set(keys).size).toBe(lists.length);
    for (const key of keys) expect(key).toMatch(/^uuid_[0-9a-f]{32}\.json$/);
  });
});
