import ms from "ms";
import * as z from "zod/mini";
import { toDotPath } from "zod/v4/core";
import en from "zod/v4/locales/en.js";
import { readTrackPattern } from "../sequence/track.ts";

// Not by way of `z`, whose name spaces `core` and `locales` a bundler keeps whole: 390 KB.
z.config(en());

const latitude = z.number().check(z.gte(-90), z.lte(90));
const longitude = z.number().check(z.gte(-180), z.lte(180));
const position = z.tuple([latitude, longitude]);

const duration = z.string().check(
  z.refine((text) => readDuration(text) !== undefined, {
    error: (issue) =>
      `${JSON.stringify(issue.input)} is no duration; expected one such as "10 minutes" or "90s"`,
  }),
);

const timeZone = z.string().check(
  z.refine(isTimeZone, {
    error: (issue) =>
      `${JSON.stringify(issue.input)} is no time zone; expected an IANA name such as "Europe/Berlin"`,
  }),
);

const prefix = z.string().check(
  z.refine((text) => !text.startsWith("/"), {
    error: "object keys do not begin with a slash; leave it out",
  }),
);

const circle = z.strictObject({
  /** Latitude, longitude in degrees. */
  center: position,
  radiusMeters: z.number().check(z.positive()),
});

const polygon = z.strictObject({
  /** Corners as latitude, longitude in degrees; the last is joined to the first. */
  polygon: z.array(position).check(z.minLength(3)),
});

/** What a key may begin with and an IAM policy may name without a wildcard. */
const vehicle = z.string().check(
  z.maxLength(32),
  z.regex(/^[\w.@-]+(\/[\w.@-]+)*$/, {
    error: "no folder of a vehicle; expected letters, digits and _ . @ -, as in van-7 or north/van-7",
  }),
);

const rule = z.strictObject({
  /** Object keys that begin so; `""` is every photo. */
  prefix,
  /** Name of the account that sends these photos. Default `default`. Decided for a whole track. */
  account: z.optional(
    z.string().check(
      z.regex(/^[a-z][a-z0-9_]*$/, {
        error: "no account name; expected lower-case letters, digits and underscores",
      }),
    ),
  ),
  /** IANA name of the zone in which the cameras' clocks run, for photos that do not say. Default: the zone at the photo's position. */
  timeZone: z.optional(timeZone),
  /** Where the camera looks against the direction of travel, in degrees clockwise; added to every heading. Default 0. */
  headingOffsetDeg: z.optional(z.number().check(z.gte(-360), z.lte(360))),
  /** v4: number of the organization whose sequences these photos make. Decided for a whole track. */
  organizationId: z.optional(
    z.string().check(z.regex(/^\d{1,20}$/, { error: "no organization; expected its number as text" })),
  ),
  /** Closed sequences wait for a person before they are finished. Default false. Decided for a whole track. */
  hold: z.optional(z.boolean()),
  /** Photos inside are rejected and never leave the bucket. */
  privacyZones: z.optional(z.array(z.union([circle, polygon]))),
  /** These photos are rejected unseen. Default false. */
  skip: z.optional(z.boolean()),
});

const fleet = z.strictObject({
  /** The lane. `bucket`: the S3 POST of 2017, to any bucket with POST policies · `v4`: what Mapillary takes today. No default. */
  destination: z.enum(["bucket", "v4"]),
  /** Name of an existing bucket for the photos; one is created when absent. */
  bucket: z.optional(
    z.string().check(
      z.regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, {
        error: "no bucket name; expected 3 to 63 lower-case letters, digits, dots and hyphens",
      }),
    ),
  ),
  /** Which leading folders name a sequence, such as `{vehicle}/{trip}/`. Default: the photo's own folder. */
  track: z.optional(z.string().check(z.superRefine(explainTrackPattern))),
  /** A track without a new photo for so long is complete. */
  quietPeriod: z._default(duration, "10 minutes"),
  /** `automatic`: complete sequences are finished · `by-hand`: they wait as `held`. */
  approve: z._default(z.enum(["automatic", "by-hand"]), "automatic"),
  /** `skip`: bytes that were relayed under another key are not sent again · `send`: they are. */
  duplicates: z._default(z.enum(["skip", "send"]), "skip"),
  /**
   * Photos that one worker handles at once; with the number of workers, how hard Mapillary is pushed. Of photos of
   * 4 MiB and more at most 12 are, whose heads might fill the memory kept for them.
   */
  photosAtOnce: z._default(z.int().check(z.gte(1), z.lte(64)), 16),
  /**
   * Workers that relay at once in a deployment, each a batch of 10 messages and {@link photosAtOnce} photos; with it,
   * how hard Mapillary is pushed. Lambda takes 2 to 1,000.
   */
  maxWorkers: z._default(z.int().check(z.gte(2), z.lte(1_000)), 10),
  /** An existing `bucket` has notifications, and they may be replaced by ours. Default false: then nothing is deployed. */
  replaceNotifications: z._default(z.boolean(), false),
  /** Folders of vehicles that upload on their own: each gets a user that can put photos there and nothing else. */
  vehicles: z._default(
    z
      .array(vehicle)
      .check(z.refine((all) => new Set(all).size === all.length, { error: "a vehicle is named twice" })),
    [],
  ),
  /** Where alarms of a deployment are mailed. Default: nowhere; the topic is there to be subscribed to. */
  alarmEmail: z.optional(z.email()),
  /** What holds for photos by the beginning of their keys. A longer prefix overrides a shorter one, field by field; privacy zones add up. */
  rules: z._default(z.array(rule), []),
});

/** A fleet's configuration as written in `fleet.config.ts`. */
export type FleetInput = z.input<typeof fleet>;
/** A fleet's configuration, checked, with every default filled in. */
export type Fleet = z.output<typeof fleet>;
/** What holds for photos under one prefix. */
export type Rule = z.output<typeof rule>;
/** A place that photos of which never leave the bucket. */
export type PrivacyZone = z.output<typeof circle> | z.output<typeof polygon>;

/** The configuration is wrong; `problems` names every field, what was found and what was expected. */
export class FleetConfigError extends Error {
  override readonly name = "FleetConfigError";
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(
      `the fleet configuration has ${problems.length} problem(s):\n${problems.map((p) => `  - ${p}`).join("\n")}`,
    );
    this.problems = problems;
  }
}

/**
 * Checks a fleet's configuration and fills in the defaults.
 *
 * @throws {FleetConfigError} with every problem at once
 */
export function defineFleet(input: FleetInput): Fleet {
  return readFleet(input);
}

/** The same for a configuration of unknown origin. @throws {FleetConfigError} */
export function readFleet(input: unknown): Fleet {
  const result = fleet.safeParse(input, { reportInput: true });
  if (result.success) return result.data;
  throw new FleetConfigError(result.error.issues.map(tellProblem));
}

/** Names the field and what was found in it; zod says what was expected. */
function tellProblem({ path, message, input }: z.core.$ZodIssue): string {
  const isShort = typeof input === "string" || typeof input === "number";
  const found = input === undefined ? "; found nothing" : isShort ? `; found ${JSON.stringify(input)}` : "";
  const field = toDotPath(path) || "fleet";
  return message.startsWith(JSON.stringify(input)) ? `${field}: ${message}` : `${field}: ${message}${found}`;
}

/** A duration such as `"10 minutes"` in ms; `undefined` when the text is none. */
function readDuration(text: string): number | undefined {
  const durationMs = text.length > 0 && text.length < 100 ? ms(text as ms.StringValue) : undefined;
  return Number.isFinite(durationMs) && Number(durationMs) >= 0 ? durationMs : undefined;
}

/** {@link Fleet.quietPeriod} in ms. */
export function quietMsOf({ quietPeriod }: Pick<Fleet, "quietPeriod">): number {
  return readDuration(quietPeriod) ?? 0;
}

function isTimeZone(name: string): boolean {
  try {
    Intl.DateTimeFormat("en", { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

function explainTrackPattern(pattern: string, context: z.core.$RefinementCtx<string>): void {
  try {
    readTrackPattern(pattern);
  } catch (error) {
    context.issues.push({
      code: "custom",
      input: pattern,
      message: error instanceof Error ? error.message : String(error),
    });
  }
}
