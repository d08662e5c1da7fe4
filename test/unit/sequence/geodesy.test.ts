import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { bearingDeg, distanceMeters, type Position, turnDeg } from "../../../lib/sequence/geodesy.ts";

const at = (latitude: number, longitude: number): Position => ({ latitude, longitude });
const anyPosition = fc.record({
  latitude: fc.double({ min: -90, max: 90, noNaN: true }),
  longitude: fc.double({ min: -180, max: 180, noNaN: true }),
});

describe("the distance", () => {
  it.each([
    [at(42.1, -11.1), at(42.2, -11.3), 19_916.285889611147],
    [at(0, 0), at(0, 0.001), 111.31949079186067],
    [at(0, 0), at(90, 0), 9_004_939.288],
    [at(0, 0), at(90, 180), 9_004_939.288],
    [at(0, 0), at(0, 180), 12_756_274],
    [at(51.5, -0.12), at(48.85, 2.35), 343_451.30216522317],
    [at(-33.9, 151.2), at(-33.9, 151.2000001), 0.00924929209163562],
  ])("of %j and %j is %d m", (a, b, meters) => {
    expect(Math.abs(distanceMeters(a, b) / meters - 1)).toBeLessThan(1e-6);
  });

  it.each([
    ["across the antimeridian", at(0, 179.9995), at(0, -179.9995), 111.3195],
    ["across the North Pole", at(89.9999, 0), at(89.9999, 180), 22.3388],
    ["across the South Pole", at(-89.9999, -90), at(-89.9999, 90), 22.3388],
    ["of the antimeridian's two names", at(-17, 180), at(-17, -180), 0],
    ["of a pole's many longitudes", at(90, 0), at(90, 123), 0],
  ])("%s is the short way", (_what, a, b, meters) => {
    expect(distanceMeters(a, b)).toBeCloseTo(meters, 4);
  });

  it("is one way as the other, nought to itself, and no longer than the Earth is thick", () => {
    fc.assert(
      fc.property(anyPosition, anyPosition, (a, b) => {
        const meters = distanceMeters(a, b);

        expect(distanceMeters(b, a)).toBe(meters);
        expect(distanceMeters(a, a)).toBe(0);
        expect(meters).toBeGreaterThanOrEqual(0);
        expect(meters).toBeLessThanOrEqual(12_756_274.001);
      }),
    );
  });
});

describe("the bearing", () => {
  it.each([
    [at(0, 0), at(0, 1), 90],
    [at(0, 0), at(1, 0), 0],
    [at(0, 0), at(-1, 0), 180],
    [at(0, 0), at(0, -1), 270],
    [at(0, 179.5), at(0, -179.5), 90],
    [at(0, -179.5), at(0, 179.5), 270],
    [at(42.1, -11.1), at(42.2, -11.3), 304.0631353488957],
    [at(51.5, -0.12), at(48.85, 2.35), 148.21025564846315],
    [at(1, 1), at(1, 1), 0],
  ])("from %j to %j is %d degrees", (from, to, degrees) => {
    expect(bearingDeg(from, to)).toBeCloseTo(degrees, 9);
  });

  it("lies from 0 up to 360 and excludes 360", () => {
    fc.assert(
      fc.property(anyPosition, anyPosition, (from, to) => {
        const degrees = bearingDeg(from, to);

        expect(degrees).toBeGreaterThanOrEqual(0);
        expect(degrees).toBeLessThan(360);
      }),
    );
  });
});

describe("the turn between two directions", () => {
  it.each([
    [10, 15, 5],
    [15, 10, 5],
    [358, 4, 6],
    [4, 358, 6],
    [0, 180, 180],
    [0, 181, 179],
    [90, 90, 0],
    [-90, 270, 0],
    [10, 735, 5],
  ])("%d and %d is %d degrees", (a, b, degrees) => {
    expect(turnDeg(a, b)).toBe(degrees);
  });
});
