import { buffer } from "node:stream/consumers";
import { readFleet } from "../../lib/config/fleet.ts";
import { makePhoto } from "../../sandbox/photo-maker.ts";
import { createMemoryStore } from "../../sandbox/s3/memory-store.ts";
import type { ObjectStore } from "../../sandbox/s3/object-store.ts";
import type { V4StandIn } from "../../sandbox/v4/stand-in.ts";

export const V4_FLEET = readFleet({ destination: "v4" });

/** One photo of a drive. */
export interface Shot {
  readonly key: string;
  /** After the start of the drive. */
  readonly second: number;
  /** Along a road to the east; a second is some 10 m unless it is told. */
  readonly meters?: number;
  readonly headingDeg?: number;
  /** Bytes behind the picture's own, as of a camera with more pixels. */
  readonly paddingBytes?: number;
}

const START_MS = Date.UTC(2024, 4, 1, 10);
const METERS_PER_DEGREE = 111_320;

/** A drive of one photo a second, in each of these folders. */
export function steadyDrive(count: number, folders: readonly string[] = ["van-1"]): Shot[] {
  return folders.flatMap((folder) =>
    Array.from({ length: count }, (_, at) => ({
      // Named against the order of capture: what sorts by name is found out.
      key: `${folder}/IMG_${String(count - at).padStart(5, "0")}.jpg`,
      second: at,
    })),
  );
}

/** Puts a drive into a bucket. */
export async function fillWithDrive(shots: readonly Shot[]): Promise<ObjectStore> {
  const photos = createMemoryStore();
  for (const [seed, { key, second, meters = second * 10, headingDeg, paddingBytes = 0 }] of shots.entries()) {
    const bytes = makePhoto({
      latitudeDeg: 0.5,
      longitudeDeg: 5 + meters / METERS_PER_DEGREE,
      takenAt: new Date(START_MS + second * 1000),
      seed,
      ...(headingDeg !== undefined && { headingDeg }),
    });
    const padded = Buffer.concat([bytes, Buffer.alloc(paddingBytes, seed)]);
    await photos.put({ key, modifiedMs: 0, headers: {}, tags: [], body: once(padded) });
  }
  return photos;
}

async function* once(bytes: Uint8Array) {
  yield bytes;
}

/** A JPEG from its first frame on: what no rewrite of its EXIF may touch. */
export function pictureOf(jpeg: Buffer): Buffer {
  const table = jpeg.indexOf(Buffer.from([0xff, 0xdb]));
  return jpeg.subarray(table);
}

/** What every sequence at Mapillary holds, by the names that the photos' descriptions give. */
export async function clustersOf(mapillary: V4StandIn | undefined): Promise<string[][]> {
  const clusters = (await mapillary?.clusters()) ?? [];
  return await Promise.all(
    clusters.map(
      async ({ images }) => await Promise.all(images.map(({ handle }) => nameOf(mapillary, handle))),
    ),
  );
}

/** The bytes of a handle. */
export async function bytesOf(mapillary: V4StandIn | undefined, handle: string): Promise<Buffer> {
  const image = mapillary?.openImage(handle);
  if (image === undefined) throw new Error(`nobody knows the handle ${handle}`);
  return await buffer(image);
}

async function nameOf(mapillary: V4StandIn | undefined, handle: string): Promise<string> {
  const text = (await bytesOf(mapillary, handle)).toString("latin1");
  return /"MAPFilename":"([^"]+)"/u.exec(text)?.[1] ?? "without a name";
}
