import { booleanPointInPolygon } from "@turf/boolean-point-in-polygon";
import { distance } from "@turf/distance";
import type { PrivacyZone } from "./fleet.ts";

/** A place on the ground, WGS 84. */
export interface Position {
  readonly latitudeDeg: number;
  readonly longitudeDeg: number;
}

/** Says whether a position lies in a privacy zone; the border belongs to it. */
export function isInPrivacyZone(position: Position, zone: PrivacyZone): boolean {
  const point = [position.longitudeDeg, position.latitudeDeg];
  if ("polygon" in zone) return booleanPointInPolygon(point, ringOf(zone.polygon));
  const [latitudeDeg, longitudeDeg] = zone.center;
  return distance(point, [longitudeDeg, latitudeDeg], { units: "meters" }) <= zone.radiusMeters;
}

/** GeoJSON wants longitude first and a closed ring. */
function ringOf(corners: readonly (readonly [number, number])[]) {
  const ring = corners.map(([latitudeDeg, longitudeDeg]) => [longitudeDeg, latitudeDeg]);
  return { type: "Polygon" as const, coordinates: [[...ring, ...ring.slice(0, 1)]] };
}
