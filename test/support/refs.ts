import type { PhotoRef, RelayableFacts } from "../../lib/photo/photo.ts";

/** A photo version; what a test does not care about is filled in. */
export function photoRef(over: Partial<PhotoRef> = {}): PhotoRef {
  return { bucket: "photos", key: "van-1/monday/a.jpg", etag: "e1", sizeBytes: 1000, ...over };
}

/** What a relayable photo says. */
export const FACTS: RelayableFacts = {
  latitudeDeg: 55.7,
  longitudeDeg: 13.19,
  capturedAt: "2026-05-01T10:00:00.000Z",
  capturedAtSource: "Exif.Photo.DateTimeOriginal",
  make: "Sony",
};

/** A clock that stands still until told otherwise. */
export function createTestClock(startMs = Date.parse("2026-11-22T12:00:00Z")) {
  let nowMs = startMs;
  return {
    now: () => nowMs,
    advance(ms: number) {
      nowMs += ms;
    },
  };
}

/** Who sends the photos of a test. */
export const SENDER = { account: "default", username: "driver" };

let ids = 0;

/** A name that nothing else in this process has. */
export function newId(): string {
  ids += 1;
  return `id-${ids}`;
}
