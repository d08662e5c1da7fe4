import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createEndMarkWatch, MAX_TRAILER_BYTES } from "../../../lib/photo/end-mark.ts";
import { makePhoto } from "../../../sandbox/photo-maker.ts";

function watch(file: Uint8Array, chunkBytes: number): readonly string[] {
  const endMark = createEndMarkWatch();
  for (let at = 0; at < file.length; at += chunkBytes) endMark.push(file.subarray(at, at + chunkBytes));
  return endMark.warnings().map(({ code }) => code);
}

const photo = makePhoto();
const cutShort = photo.subarray(0, -2);

describe("the end mark", () => {
  it("is found at the end, in one chunk and across two", () => {
    expect(watch(photo, photo.length)).toEqual([]);
    expect(watch(photo, photo.length - 1)).toEqual([]);
    expect(watch(photo, 1)).toEqual([]);
  });

  it("is missed in a photo cut short, and in an empty one", () => {
    expect(watch(cutShort, 100)).toEqual(["end-mark-missing"]);
    expect(watch(Buffer.alloc(0), 100)).toEqual(["end-mark-missing"]);
  });

  it("is found before a trailer", () => {
    expect(watch(Buffer.concat([photo, Buffer.alloc(50_000)]), 16_384)).toEqual([]);
  });

  it("counts up to the last byte of its reach and no farther", () => {
    const atReach = Buffer.concat([photo, Buffer.alloc(MAX_TRAILER_BYTES - 2)]);
    const beyond = Buffer.concat([photo, Buffer.alloc(MAX_TRAILER_BYTES - 1)]);

    expect(watch(atReach, 1_000)).toEqual([]);
    expect(watch(beyond, 1_000)).toEqual(["end-mark-missing"]);
  });

  it("is found in chunks that are overwritten as soon as two more have come", () => {
    const file = Buffer.concat([photo, Buffer.alloc(MAX_TRAILER_BYTES - 2)]);

    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 30_000 }), { minLength: 1, maxLength: 20 }), (sizes) => {
        const endMark = createEndMarkWatch();
        const lent: Buffer[] = [];
        for (let at = 0; at < file.length; ) {
          const chunk = Buffer.from(file.subarray(at, at + (sizes[lent.length % sizes.length] ?? 1)));
          endMark.push(chunk);
          lent.push(chunk);
          lent.at(-2)?.fill(0);
          at += chunk.length;
        }

        expect(endMark.warnings()).toEqual([]);
      }),
      { numRuns: 30 },
    );
  });

  it("is found or missed alike however the bytes are cut", () => {
    const file = Buffer.alloc(200_000);

    fc.assert(
      fc.property(fc.nat(file.length - 2), fc.integer({ min: 1, max: 300_000 }), (markAt, chunkBytes) => {
        file.fill(0).set([0xff, 0xd9], markAt);

        const expected = markAt >= file.length - MAX_TRAILER_BYTES ? [] : ["end-mark-missing"];

        expect(watch(file, Math.max(chunkBytes, 50))).toEqual(expected);
      }),
    );
  });
});
