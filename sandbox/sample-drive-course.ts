/** A place on the ground, WGS 84: latitude north positive, longitude east positive, in degrees. */
export type Place = readonly [latitudeDeg: number, longitudeDeg: number];

/** Where a camera is at one moment, and where it looks. */
export interface Pose {
  readonly latitudeDeg: number;
  readonly longitudeDeg: number;
  /** Along the course; 0 ≤ heading < 360, clockwise from north. */
  readonly headingDeg: number;
}

/** Mean radius of the earth (IUGG). */
const EARTH_RADIUS_METERS = 6_371_008.8;
const METERS_PER_DEGREE = (EARTH_RADIUS_METERS * Math.PI) / 180;

/** Berlin, Straße des 17. Juni: from the Brandenburg Gate west to the roundabout of the Victory Column. */
export const GATE_TO_COLUMN: readonly Place[] = [
  [52.516_23, 13.376_6],
  [52.515_96, 13.371_9],
  [52.514_72, 13.352_1],
];

/** Berlin, Straße des 17. Juni: from behind the Victory Column west to the Charlottenburg Gate. */
export const COLUMN_TO_CHARLOTTENBURG: readonly Place[] = [
  [52.514_38, 13.348_2],
  [52.513_63, 13.336_2],
  [52.513_39, 13.332_6],
];

/** Berlin, Unter den Linden: from Pariser Platz east to the Palace Bridge. */
export const UNTER_DEN_LINDEN: readonly Place[] = [
  [52.516_36, 13.379_6],
  [52.517_02, 13.388_8],
  [52.517_43, 13.394_1],
];

/**
 * Where somebody who follows `course` at an even pace is at equal intervals, the first time at its start. A course
 * that is too short is gone on from its last stretch.
 */
export function followCourse(course: readonly Place[], count: number, stepMeters: number): Pose[] {
  return Array.from({ length: count }, (_, nth) => poseAt(course, nth * stepMeters));
}

function poseAt(course: readonly Place[], meters: number): Pose {
  let leftMeters = meters;
  for (let nth = 1; nth < course.length; nth++) {
    const [from, to] = [course[nth - 1], course[nth]];
    if (from === undefined || to === undefined) break;
    const stretch = measure(from, to);
    if (leftMeters <= stretch.lengthMeters || nth === course.length - 1)
      return goAlong(from, stretch, leftMeters);
    leftMeters -= stretch.lengthMeters;
  }
  throw new RangeError(`a course has ${course.length} places; expected at least 2`);
}

interface Stretch {
  readonly lengthMeters: number;
  readonly headingDeg: number;
}

/** On a plane that touches the earth there: over a street's length the error is some millimetres. */
function measure([fromLatitude, fromLongitude]: Place, [toLatitude, toLongitude]: Place): Stretch {
  const northMeters = (toLatitude - fromLatitude) * METERS_PER_DEGREE;
  const eastMeters = (toLongitude - fromLongitude) * METERS_PER_DEGREE * narrowing(fromLatitude);
  const headingDeg = ((Math.atan2(eastMeters, northMeters) * 180) / Math.PI + 360) % 360;
  return { lengthMeters: Math.hypot(northMeters, eastMeters), headingDeg };
}

function goAlong([latitudeDeg, longitudeDeg]: Place, { headingDeg }: Stretch, meters: number): Pose {
  const angle = (headingDeg * Math.PI) / 180;
  return {
    latitudeDeg: latitudeDeg + (Math.cos(angle) * meters) / METERS_PER_DEGREE,
    longitudeDeg: longitudeDeg + (Math.sin(angle) * meters) / (METERS_PER_DEGREE * narrowing(latitudeDeg)),
    headingDeg,
  };
}

/** A degree of longitude, measured in degrees of latitude. */
function narrowing(latitudeDeg: number): number {
  return Math.cos((latitudeDeg * Math.PI) / 180);
}
