import { describe, expect, it } from "vitest";
import { isToolFile, listFolder } from "../../cli/folder-listing.ts";

describe("files of tools", () => {
  it.each([
    ".DS_Store",
    "trip/._IMG_1.jpg",
    ".git/config",
    "a/.thumbs/1.jpg",
    "a/Thumbs.db",
    "a/DESKTOP.INI",
  ])("are told by name: %s", (key) => {
    expect(isToolFile(key)).toBe(true);
  });

  it.each(["IMG_1.jpg", "a.b/c.jpg", "thumbs.db/1.jpg", "my thumbs.db.jpg", "notes.txt", "clip.mp4"])(
    "are not what a camera or a person put there: %s",
    (key) => {
      expect(isToolFile(key)).toBe(false);
    },
  );
});

it("lists photos, marks and tools' files apart", async () => {
  async function* keys() {
    yield* [".keep", "_DONE", "a/1.jpg", "a/_DONE", "a/b_DONE", "note.txt"];
  }

  const listing = await listFolder({ keys });

  expect(listing).toEqual({
    photos: ["a/1.jpg", "a/b_DONE", "note.txt"],
    doneMarkers: ["_DONE", "a/_DONE"],
    toolFiles: 1,
  });
});
