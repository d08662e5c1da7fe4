import { makePhoto } from "../../sandbox/photo-maker.ts";
import { startV4StandIn, type V4StandIn, type V4StandInOptions } from "../../sandbox/v4/stand-in.ts";

/** Today's Mapillary in this process, and how the program is sent to it. */
export interface Mapillary extends AsyncDisposable {
  readonly standIn: V4StandIn;
  /** The flags with both endpoints. */
  readonly args: readonly string[];
  /** The first user's token. */
  readonly env: Readonly<Record<string, string>>;
}

/** Starts a Mapillary that is stopped at the end of the test. */
export async function startMapillary(options: V4StandInOptions = {}): Promise<Mapillary> {
  const standIn = await startV4StandIn(options);
  return {
    standIn,
    args: ["--upload-endpoint", standIn.uploadUrl, "--graph-endpoint", standIn.url],
    env: { MAPILLARY_ACCESS_TOKEN: standIn.users[0]?.accessToken ?? "" },
    [Symbol.asyncDispose]: standIn.stop,
  };
}

/** What a drive's photos may differ in. */
export interface DriveWish {
  /** Default 20: photos that no sequence does without. */
  readonly metersApart?: number;
  /** Makes the photos of two drives different. Default 0. */
  readonly seed?: number;
}

const METERS_PER_DEGREE = 111_195;

/** Photos of somebody who drives north, a photo every two seconds, by path: `FOLDER/1.jpg` is the first. */
export function makeDrive(folder: string, photos: number, wish: DriveWish = {}): Record<string, Uint8Array> {
  const { metersApart = 20, seed = 0 } = wish;
  const shots = Array.from({ length: photos }, (_, nth) => [
    `${folder}/${nth + 1}.jpg`,
    makePhoto({
      seed: seed + nth,
      latitudeDeg: 50 + seed + (nth * metersApart) / METERS_PER_DEGREE,
      takenAt: new Date(Date.parse("2026-05-04T10:00:00Z") + nth * 2_000),
    }),
  ]);
  return Object.fromEntries(shots);
}
