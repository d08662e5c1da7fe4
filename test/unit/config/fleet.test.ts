import { describe, expect, it } from "vitest";
import { defineFleet, FleetConfigError, quietMsOf, readFleet } from "../../../lib/config/fleet.ts";
import { isInPrivacyZone } from "../../../lib/config/privacy-zone.ts";
import { accountNamesOf, ruleFor } from "../../../lib/config/rules.ts";
import { createSettingsReader, readBucketAccount } from "../../../lib/config/settings.ts";

describe("a fleet's configuration", () => {
  it("needs no more than a destination", () => {
    expect(defineFleet({ destination: "bucket" })).toEqual({
      destination: "bucket",
      quietPeriod: "10 minutes",
      approve: "automatic",
      duplicates: "skip",
      photosAtOnce: 16,
      maxWorkers: 10,
      replaceNotifications: false,
      vehicles: [],
      rules: [],
    });
  });

  it("is told every problem at once, each with its field, what was found and what was expected", () => {
    const wrong = {
      bucket: "Photos!",
      track: "van-{n}/",
      quietPeriod: "soon",
      photosAtOnce: 0,
      colour: "red",
      rules: [
        { prefix: "/van", timeZone: "Mars/Olympus", headingOffsetDeg: 400 },
        { prefix: "", privacyZones: [{ center: [91, 0], radiusMeters: 10 }] },
      ],
    };

    const problems = problemsOf(() => readFleet(wrong));

    for (const field of [
      "destination",
      "bucket",
      "track",
      "quietPeriod",
      "photosAtOnce",
      "rules[0].prefix",
      "rules[0].timeZone",
      "rules[0].headingOffsetDeg",
      "rules[1].privacyZones[0].center[0]",
    ]) {
      expect(problems.join("\n")).toContain(`${field}: `);
    }
    expect(problems).toContain('destination: Invalid option: expected one of "bucket"|"v4"; found nothing');
    expect(problems.join("\n")).toContain(
      'no bucket name; expected 3 to 63 lower-case letters, digits, dots and hyphens; found "Photos!"',
    );
    expect(problems.join("\n")).toContain('Unrecognized key: "colour"');
    expect(problems.join("\n")).toContain('"soon" is no duration; expected one such as');
    expect(problems.join("\n")).toContain('"Mars/Olympus" is no time zone; expected an IANA name');
  });

  it.each([
    ["90s", 90_000],
    ["10 minutes", 600_000],
    ["1h", 3_600_000],
    ["0s", 0],
  ])("takes the quiet period %s", (quietPeriod, quietMs) => {
    expect(quietMsOf(defineFleet({ destination: "bucket", quietPeriod }))).toBe(quietMs);
  });

  it.each(["", "-5m", "ten minutes", "5 parsecs"])("refuses the quiet period %j", (quietPeriod) => {
    expect(problemsOf(() => defineFleet({ destination: "bucket", quietPeriod }))).toHaveLength(1);
  });
});

describe("a fleet's deployment", () => {
  it.each(["van-7", "north/van-7", "Bus_3", "a.b@c", "v".repeat(32)])("takes the vehicle %j", (vehicle) => {
    expect(defineFleet({ destination: "bucket", vehicles: [vehicle] }).vehicles).toEqual([vehicle]);
  });

  // A policy would take the first three for more than one folder.
  it.each(["*", "van-?", "van-$", "", "/van-7", "van-7/", "a//b", "van 7", "Straße", "v".repeat(33)])(
    "refuses the vehicle %j",
    (vehicle) => {
      const problems = problemsOf(() => defineFleet({ destination: "bucket", vehicles: [vehicle] }));

      expect(problems.join()).toContain("vehicles[0]: ");
    },
  );

  it("refuses a vehicle that is named twice", () => {
    const vehicles = ["van-7", "van-8", "van-7"];

    expect(problemsOf(() => defineFleet({ destination: "bucket", vehicles }))).toEqual([
      "vehicles: a vehicle is named twice",
    ]);
  });

  it.each([2, 1_000])("takes %i workers, as Lambda does", (maxWorkers) => {
    expect(defineFleet({ destination: "bucket", maxWorkers }).maxWorkers).toBe(maxWorkers);
  });

  it.each([0, 1, 1_001, 2.5])("refuses %d workers", (maxWorkers) => {
    expect(problemsOf(() => defineFleet({ destination: "bucket", maxWorkers }))).toHaveLength(1);
  });

  it("refuses an address that mail would not reach", () => {
    expect(problemsOf(() => defineFleet({ destination: "bucket", alarmEmail: "fleet" })).join()).toContain(
      "alarmEmail: ",
    );
  });
});

describe("rules", () => {
  const fleet = defineFleet({
    destination: "bucket",
    rules: [
      { prefix: "north/van-1/", timeZone: "Europe/Oslo", headingOffsetDeg: 90 },
      { prefix: "", timeZone: "Europe/Berlin", privacyZones: [{ center: [1, 1], radiusMeters: 5 }] },
      { prefix: "north/", account: "north", hold: true, privacyZones: [{ center: [2, 2], radiusMeters: 5 }] },
    ],
  });

  it("add up, the longer prefix winning field by field", () => {
    expect(ruleFor(fleet, "north/van-1/a.jpg")).toEqual({
      account: "north",
      timeZone: "Europe/Oslo",
      headingOffsetDeg: 90,
      hold: true,
      skip: false,
      privacyZones: [
        { center: [1, 1], radiusMeters: 5 },
        { center: [2, 2], radiusMeters: 5 },
      ],
    });
    expect(ruleFor(fleet, "south/a.jpg")).toMatchObject({
      account: "default",
      timeZone: "Europe/Berlin",
      hold: false,
    });
  });

  it("name the accounts that need credentials", () => {
    expect(accountNamesOf(fleet)).toEqual(["default", "north"]);
  });
});

describe("a privacy zone", () => {
  it("is a circle in metres on the ground", () => {
    const zone = { center: [60, 10] as [number, number], radiusMeters: 100 };

    expect(isInPrivacyZone({ latitudeDeg: 60.0008, longitudeDeg: 10 }, zone)).toBe(true);
    expect(isInPrivacyZone({ latitudeDeg: 60.001, longitudeDeg: 10 }, zone)).toBe(false);
    expect(isInPrivacyZone({ latitudeDeg: 60, longitudeDeg: 10.0017 }, zone)).toBe(true);
    expect(isInPrivacyZone({ latitudeDeg: 60, longitudeDeg: 10.002 }, zone)).toBe(false);
  });

  it("is a polygon whose last corner joins the first", () => {
    const zone = {
      polygon: [
        [0, 0],
        [0, 2],
        [2, 2],
        [2, 0],
      ] as [number, number][],
    };

    expect(isInPrivacyZone({ latitudeDeg: 1, longitudeDeg: 0.01 }, zone)).toBe(true);
    expect(isInPrivacyZone({ latitudeDeg: 1, longitudeDeg: -0.01 }, zone)).toBe(false);
  });
});

describe("credentials from the environment", () => {
  it("are told of all at once when they are missing, by name and never by value", () => {
    const environment = { MAPILLARY_USERNAME: "a/b", MAPILLARY_SIGNATURE_HASH: "s3cret value" };
    const reader = createSettingsReader(environment);
    readBucketAccount(reader, environment, "default");

    expect(() => reader.finish()).toThrow(
      /3 problem\(s\):\n {2}- MAPILLARY_USERNAME contains a slash[^\n]*\n {2}- MAPILLARY_PERMISSION_HASH is not set\n {2}- MAPILLARY_SIGNATURE_HASH contains white space/,
    );
    expect(() => reader.finish()).not.toThrow(/s3cret|a\/b/);
  });

  it("of a named account have its name behind them", () => {
    const environment = {
      MAPILLARY_USERNAME_NORTH: "nils",
      MAPILLARY_PERMISSION_HASH_NORTH: "p",
      MAPILLARY_SIGNATURE_HASH_NORTH: "s",
      MAPILLARY_UPLOAD_URL_NORTH: "https://example.org/bucket",
    };
    const reader = createSettingsReader(environment);

    const account = readBucketAccount(reader, environment, "north");

    reader.finish();
    expect(account).toMatchObject({ username: "nils", uploadUrl: "https://example.org/bucket" });
    expect(account.accessKeyId).toMatch(/^AKIA/);
  });
});

function problemsOf(work: () => unknown): readonly string[] {
  try {
    work();
  } catch (error) {
    if (error instanceof FleetConfigError) return error.problems;
    throw error;
  }
  throw new Error("nothing was found wrong");
}
