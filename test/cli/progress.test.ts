import { describe, expect, it } from "vitest";
import { createLinePacer, describeTally } from "../../cli/progress.ts";
import { createTally } from "../../cli/tally.ts";
import { photoRef } from "../support/refs.ts";

const SENT = { sequenceId: "s", destinationKey: "d", attempts: 1, durationMs: 1 };

describe("a line of progress", () => {
  it("tells counts, bytes, rate and the time that is left", () => {
    const tally = createTally(8);
    tally.log("photo.relayed", { photo: photoRef({ key: "a", sizeBytes: 3_000_000 }), ...SENT });
    tally.log("photo.relayed", { photo: photoRef({ key: "b", sizeBytes: 1_000_000 }), ...SENT });
    tally.log("photo.rejected", { photo: photoRef({ key: "c" }), reasons: ["no-exif"] });
    tally.add("d", "failed");

    const line = describeTally(tally, 20_000);

    expect(line).toBe("4/8 · 2 relayed · 1 rejected · 1 failed · 4.0 MB, 200 kB/s · 20 s left");
  });

  it("counts a photo once that is told of twice", () => {
    const tally = createTally(2);
    const photo = photoRef();

    tally.log("photo.rejected", { photo, reasons: [] });
    tally.log("photo.rejected", { photo, reasons: [] });

    expect(tally.counts()).toEqual({ relayed: 0, rejected: 1, duplicate: 0, failed: 0 });
  });

  it("counts a photo that arrived and was left out of its sequence with the rejected ones, as the summary does", () => {
    const tally = createTally(1);
    const photo = photoRef({ sizeBytes: 1_000 });

    tally.log("photo.relayed", { photo, ...SENT });
    tally.log("photo.left-out", { photo, reasons: ["zigzag"] });

    expect(tally.counts()).toMatchObject({ relayed: 0, rejected: 1 });
    expect(tally.bytesRelayed()).toBe(1_000);
  });

  it("does not count a photo that will be tried again", () => {
    const tally = createTally(2);

    tally.log("photo.postponed", {
      photo: photoRef(),
      delayMs: 1,
      trouble: { code: "SlowDown", message: "busy" },
    });

    expect(describeTally(tally, 1_000)).toBe("0/2 · 0 B, 0 B/s");
  });

  it("reckons the time that is left by this run's pace alone", () => {
    const tally = createTally(100);
    for (let nth = 0; nth < 90; nth++)
      tally.addSettled({ ref: photoRef({ key: `old ${nth}` }), status: "published" });
    tally.log("photo.relayed", { photo: photoRef({ key: "new" }), ...SENT });

    const line = describeTally(tally, 2_000);

    expect(line).toBe("91/100 · 91 relayed · 1.0 kB, 500 B/s · 18 s left");
  });
});

describe("the pace of lines", () => {
  it("says no more than one line per second", () => {
    const isDue = createLinePacer(10, 0);

    const said = [500, 999, 1_000, 1_500, 2_000].map((nowMs, nth) => isDue(nth + 1, nowMs));

    expect(said).toEqual([false, false, true, false, true]);
  });

  it("says no more than one line per 5 %", () => {
    const isDue = createLinePacer(100, 0);

    const said = [1, 4, 5, 9, 10].map((done, nth) => isDue(done, (nth + 1) * 1_000));

    expect(said).toEqual([false, false, true, false, true]);
  });

  it("shows that it lives when nothing gets on", () => {
    const isDue = createLinePacer(100, 0);

    const said = [29_000, 30_000, 31_000, 60_000].map((nowMs) => isDue(0, nowMs));

    expect(said).toEqual([false, true, false, true]);
  });
});
