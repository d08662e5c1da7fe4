import type { FleetInput } from "../../lib/config/fleet.ts";

/** The text of a `fleet.config.ts` as the README has it. */
export function fleetFile(fleet: object): string {
  return `import { defineFleet } from "./lib/config/fleet.ts";\n\nexport default defineFleet(${JSON.stringify(fleet)});\n`;
}

/** A fleet with everything that a deployment heeds. */
export const FULL_FLEET = {
  destination: "bucket",
  track: "{vehicle}/{trip}/",
  photosAtOnce: 8,
  maxWorkers: 7,
  vehicles: ["van-7", "north/van-1"],
  alarmEmail: "fleet@example.org",
  rules: [
    { prefix: "", timeZone: "Europe/Berlin" },
    { prefix: "north/", account: "north", privacyZones: [{ center: [52.52, 13.405], radiusMeters: 300 }] },
  ],
} as const satisfies FleetInput;

/** Secrets of the default account and of `north`, two of which have a value of their own for what may differ. */
export const FULL_SECRETS = {
  MAPILLARY_USERNAME: "driver",
  MAPILLARY_PERMISSION_HASH: "cGVybWlzc2lvbg==",
  MAPILLARY_SIGNATURE_HASH: "c2lnbmF0dXJl",
  MAPILLARY_USERNAME_NORTH: "nils",
  MAPILLARY_PERMISSION_HASH_NORTH: "bm9ydGg=",
  MAPILLARY_SIGNATURE_HASH_NORTH: "bm9ydGgtc2lnbmF0dXJl",
  MAPILLARY_UPLOAD_URL_NORTH: "https://s3.example.org/uploads",
} as const;
