import { describe, expect, it } from "vitest";
import { sequenceIdOf } from "../../../lib/sequence/sequence.ts";
import { readTrackPattern, trackOf } from "../../../lib/sequence/track.ts";

describe("the track of an object", () => {
  it.each([
    ["van/monday/a.jpg", "van/monday"],
    ["a.jpg", ""],
    ["van//a.jpg", "van/"],
    ["van/monday/", "van/monday"],
  ])("%s is its folder", (key, track) => {
    expect(trackOf(key)).toBe(track);
  });

  it.each([
    ["van/monday/left/a.jpg", "van/monday"],
    ["van/monday/a.jpg", "van/monday"],
    ["van/a.jpg", "van"],
    ["a.jpg", ""],
  ])("%s is what {vehicle}/{trip}/ takes of it, or its folder", (key, track) => {
    expect(trackOf(key, readTrackPattern("{vehicle}/{trip}/"))).toBe(track);
  });

  it("of a pattern with a name in it holds only under that name", () => {
    const pattern = readTrackPattern("raw/{vehicle}");

    expect(trackOf("raw/van/x/y.jpg", pattern)).toBe("raw/van");
    expect(trackOf("cooked/van/x/y.jpg", pattern)).toBe("cooked/van/x");
  });

  it.each([
    ["", "names no folder"],
    ["/", "names no folder"],
    ["van-{n}/", 'folder "van-{n}" mixes text and braces'],
    ["{}/", "mixes text and braces"],
  ])("is not to be had from the pattern %j", (pattern, problem) => {
    expect(() => readTrackPattern(pattern)).toThrow(problem);
  });
});

describe("a sequence's id", () => {
  const track = { bucket: "photos", path: "van" };

  it("is the same for the same place, for ever", () => {
    expect(sequenceIdOf(track, { epoch: 1764000000000, part: 0 })).toBe(
      "e7f6ad08-d6d9-56dc-b6a6-3bd5fce2080f",
    );
  });

  it("differs with bucket, track, epoch and part", () => {
    const ids = [
      sequenceIdOf(track, { epoch: 1, part: 0 }),
      sequenceIdOf(track, { epoch: 1, part: 1 }),
      sequenceIdOf(track, { epoch: 2, part: 0 }),
      sequenceIdOf({ ...track, path: "bike" }, { epoch: 1, part: 0 }),
      sequenceIdOf({ ...track, bucket: "other" }, { epoch: 1, part: 0 }),
    ];

    expect(new Set(ids).size).toBe(ids.length);
  });
});
