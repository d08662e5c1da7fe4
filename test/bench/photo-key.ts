import { createHash } from "node:crypto";

/** The bucket that photos are read from. */
export const SOURCE_BUCKET = "photos";

/** Size of the photos that a process is warmed up with: a head, and a few reads of a picture. */
export const SMALL_PHOTO_BYTES = 2 ** 18;

/** Keys of the photos of one run. All of them lie on one track. */
export function photoKeys(run: string, sizeBytes: number, from: number, count: number): string[] {
  return Array.from(
    { length: count },
    (_, at) => `${run}/${sizeBytes}/IMG_${String(from + at).padStart(6, "0")}.jpg`,
  );
}

/** The size that a key of {@link photoKeys} speaks of. */
export function sizeBytesOf(key: string): number {
  return Number(key.split("/").at(-2));
}

/** The ETag of a photo, without quotes. Each key has its own, so that no photo is taken for another's duplicate. */
export function etagOf(key: string): string {
  return createHash("md5").update(key).digest("hex");
}
