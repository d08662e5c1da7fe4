import { expect, it } from "vitest";
import { inspectPhoto } from "../../lib/photo/inspect.ts";
import { cutIntoChunks } from "../../sandbox/photo-maker.ts";
import { makeBody } from "./photo-body.ts";

const SIZES = [10_000, 2 ** 20, 2.5 * 2 ** 20];

it.each(SIZES)("makes a photo of %d bytes that the relay accepts", async (sizeBytes) => {
  const body = makeBody(sizeBytes);

  const { verdict } = await inspectPhoto(cutIntoChunks(body, 64 * 2 ** 10));

  expect(body).toHaveLength(sizeBytes);
  expect(verdict).toMatchObject({ verdict: "accept", warnings: [] });
});

it.each(SIZES)("ends a photo of %d bytes at its last byte and not before", (sizeBytes) => {
  expect(makeBody(sizeBytes).indexOf(Buffer.from([0xff, 0xd9]))).toBe(sizeBytes - 2);
});

it("makes the same photo every time", () => {
  expect(makeBody(2 ** 20).equals(makeBody(2 ** 20))).toBe(true);
});

it("makes no photo that is too small to be one", () => {
  expect(() => makeBody(100)).toThrow(RangeError);
});
