/** Counts again what the model takes for granted about our code. */
import { readFile } from "node:fs/promises";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { createJsonLog } from "../../../lib/pipeline/log.node.ts";
import type { LogEvents } from "../../../lib/pipeline/log.ts";
import { type Drive, measureDrive } from "./measure-drive.ts";
import { MEASURED } from "./measured.ts";
import { quantitiesOf } from "./quantities.ts";
import { workloadOf } from "./workload.ts";

interface Logged {
  readonly event: keyof LogEvents;
  readonly data: LogEvents[keyof LogEvents];
}

async function drive(options: Drive) {
  const logged: Logged[] = [];
  const measurement = await measureDrive(options, (event, data) => void logged.push({ event, data }));
  return { ...measurement, logged };
}

/** What the log that a Lambda has writes for an event. */
function lineOf({ event, data }: Logged): string {
  const write = vi.spyOn(process.stdout, "write").mockReturnValue(true);
  try {
    // In Lambda a photo takes some hundred ms.
    createJsonLog()(event, "durationMs" in data ? { ...data, durationMs: 431 } : data);
    return write.mock.calls.map(([text]) => String(text)).join("");
  } finally {
    write.mockRestore();
  }
}

type Driven = Awaited<ReturnType<typeof drive>>;
let few: Driven;
let many: Driven;
let mixed: Driven;

beforeAll(async () => {
  few = await drive({ photos: 10, photosPerBatch: 10, tracks: 1 });
  many = await drive({ photos: 60, photosPerBatch: 10, tracks: 1 });
  mixed = await drive({ photos: 20, photosPerBatch: 10, tracks: 2 });
});

describe("what stands in measured.ts", () => {
  it("is what a photo's rows take", () => {
    const { rowBytes, destinationKeyBytes, entries, entryBytes, sequenceEntryBytes } = many;

    expect({ rowBytes, destinationKeyBytes, entries, entryBytes, sequenceEntryBytes }).toEqual({
      rowBytes: MEASURED.rowBytes,
      destinationKeyBytes: MEASURED.destinationKeyBytes,
      entries: MEASURED.entries,
      entryBytes: MEASURED.entryBytes,
      sequenceEntryBytes: MEASURED.sequenceEntryBytes,
    });
  });

  it("is what a sequence's item takes, and grows by", () => {
    const perPhoto = (many.sequenceItemBytes - few.sequenceItemBytes) / 50;

    expect(perPhoto).toBe(MEASURED.nameMarkBytes);
    expect(few.sequenceItemBytes - 10 * perPhoto).toBe(MEASURED.closedSequenceBytes);
    expect(few.openSequenceBytes - 10 * perPhoto).toBe(MEASURED.openSequenceBytes);
  });

  it("is what the log takes", () => {
    const lines = few.logged.map((logged) => ({
      event: logged.event,
      bytes: Buffer.byteLength(lineOf(logged)),
    }));
    const ofPhotos = lines.filter(({ event }) => event === "photo.relayed");
    const ofSequence = lines.filter(({ event }) => event.startsWith("sequence."));

    expect(ofPhotos).toHaveLength(10);
    expect(ofPhotos.map(({ bytes }) => bytes)).toEqual(ofPhotos.map(() => MEASURED.photoLogBytes));
    expect(ofSequence).toHaveLength(MEASURED.sequenceLogLines);
    expect(ofSequence.reduce((sum, { bytes }) => sum + bytes, 0)).toBe(MEASURED.sequenceLogBytes);
    expect(lines).toHaveLength(10 + MEASURED.sequenceLogLines);
  });

  it("is what a round of closing reads that finds nothing to do", () => {
    expect(few.idleRound).toMatchObject({ writes: 0, readUnits: MEASURED.idleRoundReadUnits });
  });

  it("is what S3 sends for an object", async () => {
    const file = new URL("../../fixtures/events/aws-put-versioned.json", import.meta.url);
    const event: unknown = JSON.parse(await readFile(file, "utf8"));

    expect(Buffer.byteLength(JSON.stringify(event))).toBe(MEASURED.intakeMessageBytes);
  });
});

describe("the model's units of the table", () => {
  it.each([
    ["10 photos of a track", () => few, 10, 1],
    ["60 photos of a track", () => many, 60, 1],
    ["20 photos of two tracks in turn", () => mixed, 20, 2],
  ])("for %s are those that a real drive uses", (_name, driven, photos, tracks) => {
    const measured = driven();
    const { writeUnits, readUnits } = quantitiesOf(
      "bucket",
      // Of two rounds, one closes the sequence and one finishes it.
      workloadOf({
        photosPerBatch: 10,
        tracksPerBatch: tracks,
        photosPerSequence: photos / tracks,
        roundsPerSequence: 2,
      }),
    );
    const idle = measured.idleRound.readUnits;

    expect(photos * writeUnits).toBeCloseTo(measured.relaying.writeUnits + measured.closing.writeUnits, 6);
    expect(photos * readUnits).toBeCloseTo(
      measured.relaying.readUnits + measured.closing.readUnits - idle,
      6,
    );
  });
});
