/**
 * Distances and directions on the ground, reckoned as Mapillary's client does (mapillary_tools, geo.py), so that a
 * photo at the edge of a limit falls on the same side of it. Heights are left out.
 */

/** A place on the ground, WGS 84. */
export interface Position {
  /** Degrees, north positive. */
  readonly latitude: number;
  /** Degrees, east positive. */
  readonly longitude: number;
}

/** The same place in metres from the Earth's centre, turning with the Earth (ECEF). */
export interface EarthPoint {
  /** Towards 0° N 0° E. */
  readonly x: number;
  /** Towards 0° N 90° E. */
  readonly y: number;
  /** Towards the North Pole. */
  readonly z: number;
}

const EQUATOR_RADIUS_METERS = 6_378_137;
const POLE_RADIUS_METERS = 6_356_752.314_245;
const HALF_TURN_DEG = 180;
const FULL_TURN_DEG = 360;

/** Where a position lies in space. Longitudes a full turn apart are the same point. */
export function earthPointOf({ latitude, longitude }: Position): EarthPoint {
  const [phi, lambda] = [radians(latitude), radians(longitude)];
  const equatorial = EQUATOR_RADIUS_METERS ** 2 * Math.cos(phi);
  const polar = POLE_RADIUS_METERS ** 2 * Math.sin(phi);
  const norm = Math.sqrt(equatorial * Math.cos(phi) + polar * Math.sin(phi));
  return {
    x: (equatorial / norm) * Math.cos(lambda),
    y: (equatorial / norm) * Math.sin(lambda),
    z: polar / norm,
  };
}

/** The straight line between two points, in metres: through the Earth, not along its surface. */
export function chordMeters(a: EarthPoint, b: EarthPoint): number {
  return Math.sqrt((a.x - b.x) ** 2 + (a.y - b.y) ** 2 + (a.z - b.z) ** 2);
}

/** {@link chordMeters} of two positions. */
export function distanceMeters(a: Position, b: Position): number {
  return chordMeters(earthPointOf(a), earthPointOf(b));
}

/** Which way it is from one position to another on a sphere: 0 ≤ bearing < 360, clockwise from north. */
export function bearingDeg(from: Position, to: Position): number {
  const [phiFrom, phiTo] = [radians(from.latitude), radians(to.latitude)];
  const eastward = radians(to.longitude - from.longitude);
  const east = Math.sin(eastward) * Math.cos(phiTo);
  const north =
    Math.cos(phiFrom) * Math.sin(phiTo) - Math.sin(phiFrom) * Math.cos(phiTo) * Math.cos(eastward);
  const degrees = (Math.atan2(east, north) / Math.PI) * HALF_TURN_DEG;
  return (degrees + FULL_TURN_DEG) % FULL_TURN_DEG;
}

/** How far apart two directions are, whichever way round: 0 ≤ turn ≤ 180 degrees. */
export function turnDeg(a: number, b: number): number {
  const apart = Math.abs(b - a) % FULL_TURN_DEG;
  return apart > HALF_TURN_DEG ? FULL_TURN_DEG - apart : apart;
}

function radians(degrees: number): number {
  return (degrees / HALF_TURN_DEG) * Math.PI;
}
