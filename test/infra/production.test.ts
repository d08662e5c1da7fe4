/** What production keeps, and how it is watched. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { LOG_METRICS, patternOf } from "../../infra/metrics.ts";
import { ALARMS, type LogEvents } from "../../lib/pipeline/log.ts";
import { ASSUMPTIONS } from "../bench/cost/workload.ts";
import { all, nameIn, one, TYPE, text } from "./engine/graph.ts";
import { ROOT } from "./engine/program.ts";
import { type Synth, synth } from "./engine/synth.ts";
import { FULL_FLEET, FULL_SECRETS, fleetFile } from "./fleets.ts";

let production: Synth;

beforeAll(async () => {
  production = await synth({ stage: "production", fleet: fleetFile(FULL_FLEET), secrets: FULL_SECRETS });
  return production[Symbol.asyncDispose];
});

describe("production", () => {
  it("keeps photos and ledger, whatever happens", () => {
    expect(production.error).toBeUndefined();
    expect(production.app).toMatchObject({ removal: "retain", protect: true });
    const bucket = one(production, TYPE.bucket);
    expect(bucket).toMatchObject({ retainOnDelete: true, inputs: { forceDestroy: false } });
    const table = one(production, TYPE.table);
    expect(table).toMatchObject({ retainOnDelete: true, inputs: { deletionProtectionEnabled: true } });
  });

  it("is deployed by the very version of SST that is installed, and tested", async () => {
    const { devDependencies } = JSON.parse(await readFile(join(ROOT, "package.json"), "utf8"));

    expect(production.app.version).toBe(devDependencies.sst);
  });

  it("keeps the bucket as safe as it was, and nothing else", () => {
    const kept = production.resources.filter(({ retainOnDelete }) => retainOnDelete).map(({ type }) => type);

    expect(kept.filter((type) => type.startsWith("aws:")).sort()).toEqual(
      [
        TYPE.table,
        TYPE.bucket,
        TYPE.bucketPolicy,
        "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",
        "aws:s3/bucketVersioning:BucketVersioning",
      ].sort(),
    );
  });
});

describe("the log", () => {
  it("is kept for a month", () => {
    expect(one(production, TYPE.logGroup).inputs).toEqual({
      name: "/mapillary-relay/production",
      retentionInDays: 30,
    });
  });

  it("is counted by CloudWatch, in the stage's own namespace", () => {
    const filters = all(production, TYPE.metricFilter).map(({ inputs }) => inputs);

    expect(filters.map(({ name }) => name)).toEqual(Object.keys(LOG_METRICS));
    for (const [name, metric] of Object.entries(LOG_METRICS)) {
      expect(filters).toContainEqual({
        name,
        logGroupName: "/mapillary-relay/production",
        pattern: patternOf(metric),
        metricTransformation: {
          namespace: "mapillary-relay/production",
          name,
          value: "value" in metric ? metric.value : "1",
          unit: metric.unit,
        },
      });
    }
  });

  it("is searched for an event by its name, and for the value that is taken", () => {
    expect(patternOf({ events: ["photo.failed"], unit: "Count" })).toBe('{ ($.event = "photo.failed") }');
    expect(patternOf({ events: ["photo.failed", "photo.rejected"], unit: "Count" })).toBe(
      '{ ($.event = "photo.failed") || ($.event = "photo.rejected") }',
    );
    expect(patternOf({ events: ["photo.relayed"], value: "$.photo.sizeBytes", unit: "Bytes" })).toBe(
      '{ (($.event = "photo.relayed")) && ($.photo.sizeBytes = *) }',
    );
  });

  it("has the values where the metrics take them", () => {
    const relayed: LogEvents["photo.relayed"] = {
      photo: { bucket: "b", key: "k", etag: "e", sizeBytes: 7 },
      sequenceId: "s",
      destinationKey: "d",
      attempts: 1,
      durationMs: 5,
    };
    const published: LogEvents["sequence.published"] = { sequenceId: "s", trackPath: "t", photos: 3 };

    expect(valueAt(relayed, LOG_METRICS.RelayedBytes.value)).toBe(7);
    expect(valueAt(relayed, LOG_METRICS.RelayDuration.value)).toBe(5);
    expect(valueAt(published, LOG_METRICS.PublishedPhotos.value)).toBe(3);
  });
});

describe("an alarm", () => {
  const ANY_IN_FIVE_MINUTES = {
    comparisonOperator: "GreaterThanThreshold",
    threshold: 0,
    period: 300,
    evaluationPeriods: 1,
  };

  it("goes to the topic, with its end, and by mail to who asked for it", () => {
    const topic = `arn:aws:sns:eu-central-1:123456789012:${nameIn(production, TYPE.topic)}`;
    const alarms = all(production, TYPE.alarm);

    expect(alarms.length).toBeGreaterThan(8);
    for (const { inputs } of alarms) {
      expect(inputs).toMatchObject({ alarmActions: [topic], okActions: [topic] });
      expect(inputs.name).toMatch(/^mapillary-relay-production-/);
      expect(inputs.alarmDescription).toMatch(/\w+ .*\.$/);
    }
    expect(all(production, TYPE.subscription).map(({ inputs }) => inputs)).toEqual([
      { topic, protocol: "email", endpoint: FULL_FLEET.alarmEmail },
    ]);
  });

  /** Events that are logged once a day, for as long as it is so. */
  const DAILY: ReadonlySet<keyof LogEvents> = new Set(["token.not-refreshed"]);
  const ANY_IN_25_HOURS = {
    comparisonOperator: "GreaterThanThreshold",
    threshold: 0,
    period: 3_600,
    evaluationPeriods: 25,
    datapointsToAlarm: 1,
  };

  it.each([...ALARMS])("hangs on the event %s", (event) => {
    const counting = Object.entries(LOG_METRICS).filter(([, { events }]) =>
      (events as readonly string[]).includes(event),
    );
    const watched = all(production, TYPE.alarm).filter(
      ({ inputs }) => inputs.metricName === counting[0]?.[0],
    );

    expect(counting).toHaveLength(1);
    expect(watched.map(({ inputs }) => inputs)).toEqual([
      expect.objectContaining({
        ...(DAILY.has(event) ? ANY_IN_25_HOURS : ANY_IN_FIVE_MINUTES),
        namespace: "mapillary-relay/production",
        statistic: "Sum",
        treatMissingData: "notBreaching",
      }),
    ]);
  });

  it("is explained to whoever it wakes", async () => {
    const page = await readFile(join(ROOT, "docs/deploy.md"), "utf8");

    for (const { inputs } of all(production, TYPE.alarm)) {
      const name = String(inputs.name).replace(/^mapillary-relay-production-/, "");
      expect(page).toMatch(new RegExp(`^\\|.*\`${name}\`.*\\|.+\\|.+\\|$`, "m"));
    }
  });

  it("and a metric are as many as the reckoning of costs says", () => {
    // CloudWatch bills an alarm by the metrics it watches.
    const watched = all(production, TYPE.alarm).flatMap(({ inputs }) =>
      inputs.metricQueries === undefined
        ? [inputs]
        : (inputs.metricQueries as readonly object[]).filter((query) => "metric" in query),
    );

    expect(watched).toHaveLength(ASSUMPTIONS.alarms.value);
    expect(all(production, TYPE.metricFilter)).toHaveLength(ASSUMPTIONS.metrics.value);
  });

  it("tells of dead letters, also of those that are buried at once", () => {
    const { inputs } = one(production, TYPE.alarm, "Alarm-dead-letters");
    const QueueName = nameIn(production, TYPE.queue, "DeadLettersQueue");
    const metric = (metricName: string, stat: string) => ({
      metric: { namespace: "AWS/SQS", metricName, dimensions: { QueueName }, stat, period: 300 },
    });

    expect(inputs).toMatchObject({ comparisonOperator: "GreaterThanThreshold", threshold: 0 });
    expect(inputs.metricQueries).toEqual([
      { id: "visible", ...metric("ApproximateNumberOfMessagesVisible", "Maximum") },
      { id: "inFlight", ...metric("ApproximateNumberOfMessagesNotVisible", "Maximum") },
      { id: "received", ...metric("NumberOfMessagesReceived", "Sum") },
      {
        id: "any",
        expression: "FILL(visible, 0) + FILL(inFlight, 0) + FILL(received, 0)",
        label: "dead letters",
        returnData: true,
      },
    ]);
  });

  it("tells of messages that have waited for an hour", () => {
    expect(one(production, TYPE.alarm, "Alarm-old-messages").inputs).toMatchObject({
      namespace: "AWS/SQS",
      metricName: "ApproximateAgeOfOldestMessage",
      dimensions: { QueueName: nameIn(production, TYPE.queue, "IntakeQueue") },
      statistic: "Maximum",
      comparisonOperator: "GreaterThanThreshold",
      threshold: 3_600,
      period: 300,
      evaluationPeriods: 3,
    });
  });

  it.each([
    ["relay", "RelayFunction"],
    ["dead-letter", "DeadLetterFunction"],
    ["close-sequences", "CloseSequencesFunction"],
    ["credentials", "CredentialsFunction"],
  ])("tells of errors of %s", (name, fn) => {
    expect(one(production, TYPE.alarm, `Alarm-${name}-errors`).inputs).toMatchObject({
      ...ANY_IN_FIVE_MINUTES,
      namespace: "AWS/Lambda",
      metricName: "Errors",
      dimensions: { FunctionName: nameIn(production, TYPE.function, fn) },
      statistic: "Sum",
      treatMissingData: "notBreaching",
    });
  });

  it("tells when nobody closes sequences any more, which no error would", () => {
    expect(one(production, TYPE.alarm, "Alarm-close-sequences-silent").inputs).toMatchObject({
      namespace: "AWS/Lambda",
      metricName: "Invocations",
      dimensions: { FunctionName: nameIn(production, TYPE.function, "CloseSequencesFunction") },
      statistic: "Sum",
      comparisonOperator: "LessThanThreshold",
      threshold: 1,
      period: 900,
      treatMissingData: "breaching",
    });
  });
});

describe("the dashboard", () => {
  it("shows every metric of the log and the queue's age, without one chart over another", () => {
    const dashboard = one(production, "aws:cloudwatch/dashboard:Dashboard");
    const { widgets } = JSON.parse(text(dashboard, "dashboardBody")) as {
      widgets: {
        x: number;
        y: number;
        width: number;
        properties: { region: string; metrics: unknown[][] };
      }[];
    };
    const shown = widgets.flatMap(({ properties }) => properties.metrics.map(([, metric]) => metric));

    expect(shown).toEqual(
      expect.arrayContaining([...Object.keys(LOG_METRICS), "ApproximateAgeOfOldestMessage"]),
    );
    expect(new Set(widgets.map(({ x, y }) => `${x} ${y}`)).size).toBe(widgets.length);
    for (const { x, width, properties } of widgets) {
      expect(x + width).toBeLessThanOrEqual(24);
      expect(properties.region).toBe("eu-central-1");
    }
  });
});

function valueAt(event: object, path: string): unknown {
  const names = path.replace(/^\$\./, "").split(".");
  return names.reduce<unknown>((found, name) => (found as Record<string, unknown>)[name], event);
}
