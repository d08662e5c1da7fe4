import { makePhoto, type PhotoSpec } from "./photo-maker.ts";
import { assembleJpeg, jfifSegment } from "./photo-maker-jpeg.ts";
import { createMemoryStore } from "./s3/memory-store.ts";
import type { ObjectStore } from "./s3/object-store.ts";
import {
  COLUMN_TO_CHARLOTTENBURG,
  followCourse,
  GATE_TO_COLUMN,
  type Place,
  UNTER_DEN_LINDEN,
} from "./sample-drive-course.ts";
import { drawStreetPicture, PICTURE_HEIGHT_PX, PICTURE_WIDTH_PX } from "./sample-drive-picture.ts";

/** One file of the sample drive. */
export interface SampleFile {
  /** Its object key: `{vehicle}/{trip}/{file}`. */
  readonly key: string;
  readonly bytes: Uint8Array;
}

interface Trip {
  readonly folder: string;
  readonly course: readonly Place[];
  readonly startedAt: string;
  readonly photos: number;
  readonly intervalMs: number;
  readonly metersPerSecond: number;
  readonly camera: Pick<PhotoSpec, "make" | "model">;
  /** Number on its first picture. */
  readonly firstFrame: number;
  /** What is wrong with some photos, by their number in the trip. */
  readonly flaws: Readonly<Record<number, PhotoSpec>>;
}

const VAN_CAMERA = { make: "Acme", model: "Roadrunner 1" };
const BICYCLE_CAMERA = { make: "Acme", model: "Handlebar 2" };

const TRIPS: readonly Trip[] = [
  {
    folder: "van-1/2026-05-04-morning",
    firstFrame: 1,
    course: GATE_TO_COLUMN,
    startedAt: "2026-05-04T07:12:30.000Z",
    photos: 17,
    intervalMs: 2_000,
    metersPerSecond: 12,
    camera: VAN_CAMERA,
    // The receiver had no fix yet, and later wrote the zeros of an unset position.
    flaws: {
      1: { latitudeDeg: null, longitudeDeg: null, headingDeg: null },
      9: { latitudeDeg: 0, longitudeDeg: 0 },
    },
  },
  {
    folder: "van-1/2026-05-04-noon",
    firstFrame: 18,
    course: COLUMN_TO_CHARLOTTENBURG,
    startedAt: "2026-05-04T10:40:05.000Z",
    photos: 10,
    intervalMs: 1_500,
    metersPerSecond: 10,
    camera: VAN_CAMERA,
    flaws: {},
  },
  {
    folder: "bicycle-2/2026-05-04",
    firstFrame: 28,
    course: UNTER_DEN_LINDEN,
    startedAt: "2026-05-04T15:20:00.500Z",
    photos: 11,
    intervalMs: 1_000,
    metersPerSecond: 5,
    camera: BICYCLE_CAMERA,
    // The camera's clock had lost its date.
    flaws: { 6: { takenAt: null } },
  },
];

/** The smallest PNG there is, one transparent pixel: what an export under the wrong name begins like. */
const TINY_PNG = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
  "base64",
);

/**
 * Makes the files of a day's drive through Berlin: two vehicles, three trips, and what a real bucket has among its
 * photos: some without a position or a date, one at null island, one without EXIF, a PNG and a text under a photo's
 * name, and a photo copied into a second folder. The same files every time.
 */
export function makeSampleDrive(): SampleFile[] {
  const photos = TRIPS.flatMap(makeTrip);
  const stripped = assembleJpeg([jfifSegment()], drawStreetPicture(99));
  const copied = photos.find(({ key }) => key === "van-1/2026-05-04-morning/IMG_0004.jpg");
  return [
    ...photos,
    { key: "bicycle-2/2026-05-04/IMG_0099_edited.jpg", bytes: stripped },
    { key: "bicycle-2/2026-05-04/screenshot.jpg", bytes: TINY_PNG },
    {
      key: "van-1/2026-05-04-noon/notes.txt",
      bytes: Buffer.from("Camera cleaned before the second trip.\n"),
    },
    ...(copied === undefined ? [] : [{ ...copied, key: "van-1/best-of/IMG_0004 (copy).jpg" }]),
  ];
}

/** The sample drive as the content of a bucket. */
export async function createSampleDriveStore(): Promise<ObjectStore> {
  const store = createMemoryStore();
  for (const { key, bytes } of makeSampleDrive()) {
    await store.put({
      key,
      body: inOnePiece(bytes),
      modifiedMs: Date.parse("2026-05-04T18:00:00Z"),
      headers: {},
      tags: [],
    });
  }
  return store;
}

async function* inOnePiece(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

function makeTrip(trip: Trip): SampleFile[] {
  const stepMeters = (trip.metersPerSecond * trip.intervalMs) / 1_000;
  return followCourse(trip.course, trip.photos, stepMeters).map((pose, nth) => {
    const number = nth + 1;
    const takenAt = new Date(Date.parse(trip.startedAt) + nth * trip.intervalMs);
    const bytes = makePhoto({
      ...pose,
      ...trip.camera,
      takenAt,
      widthPx: PICTURE_WIDTH_PX,
      heightPx: PICTURE_HEIGHT_PX,
      picture: drawStreetPicture(trip.firstFrame + nth),
      ...trip.flaws[number],
    });
    return { key: `${trip.folder}/IMG_${String(number).padStart(4, "0")}.jpg`, bytes };
  });
}
