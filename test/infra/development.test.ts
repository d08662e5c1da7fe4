/** What a stage other than production consists of, with every option of a fleet in use. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import {
  BATCH_SIZE,
  CLOSE_TIMEOUT_SECONDS,
  MAX_ENVIRONMENT_BYTES,
  RELAY_TIMEOUT_SECONDS,
  RETENTION_SECONDS,
} from "../../infra/sizes.ts";
import { readFleet } from "../../lib/config/fleet.ts";
import { TABLE_SHAPE } from "../../lib/ledger/table.ts";
import { FINISH_MOMENTS_MS } from "../../lib/pipeline/close-sequences.ts";
import { all, environmentOf, nameIn, one, statementsIn, TYPE, text } from "./engine/graph.ts";
import { ACCOUNT, REGION } from "./engine/mock-engine.ts";
import { type Synth, synth } from "./engine/synth.ts";
import { FULL_FLEET, FULL_SECRETS, fleetFile } from "./fleets.ts";

let stage: Synth;

beforeAll(async () => {
  stage = await synth({
    stage: "alice",
    fleet: fleetFile(FULL_FLEET),
    secrets: FULL_SECRETS,
    manner: "faithful",
  });
  return stage[Symbol.asyncDispose];
});

it("is deployed without a complaint", () => {
  expect(stage.error).toBeUndefined();
  expect(stage.outputs).toMatchObject({
    bucket: nameIn(stage, TYPE.bucket),
    table: nameIn(stage, TYPE.table),
    log: "/mapillary-relay/alice",
    vehicles: {
      "van-7": "mapillary-relay-alice-vehicle-van-7",
      "north/van-1": "mapillary-relay-alice-vehicle-north+van-1",
    },
  });
});

describe("the photo bucket", () => {
  it("is versioned, and closed to the public", () => {
    expect(one(stage, "aws:s3/bucketVersioning:BucketVersioning").inputs).toMatchObject({
      bucket: nameIn(stage, TYPE.bucket),
      versioningConfiguration: { status: "Enabled" },
    });
    expect(one(stage, "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock").inputs).toEqual({
      bucket: nameIn(stage, TYPE.bucket),
      blockPublicAcls: true,
      blockPublicPolicy: true,
      ignorePublicAcls: true,
      restrictPublicBuckets: true,
    });
  });

  it("refuses what does not come by TLS, and allows nobody anything by itself", () => {
    const arn = `arn:aws:s3:::${nameIn(stage, TYPE.bucket)}`;

    expect(statementsIn(one(stage, TYPE.bucketPolicy).inputs.policy)).toEqual([
      {
        Effect: "Deny",
        Action: ["s3:*"],
        Resource: [arn, `${arn}/*`],
        Principal: { "*": ["*"] },
        Condition: { Bool: { "aws:SecureTransport": ["false"] } },
      },
    ]);
  });

  it("has nothing for browsers", () => {
    expect(all(stage, "aws:s3/bucketCorsConfiguration:BucketCorsConfiguration")).toEqual([]);
  });

  it("tells the intake queue of every new object, and nobody else", () => {
    const { inputs, dependsOn } = one(stage, TYPE.bucketNotification);

    expect(inputs).toEqual({
      bucket: nameIn(stage, TYPE.bucket),
      queues: [
        {
          id: "mapillary-relay-alice-intake",
          queueArn: arnOfQueue("IntakeQueue"),
          events: ["s3:ObjectCreated:*"],
        },
      ],
    });
    expect(dependsOn).toEqual(["IntakePolicy"]);
  });
});

describe("the queues", () => {
  it("keep messages for two weeks, and give up those that were received a thousand times", () => {
    const intake = one(stage, TYPE.queue, "IntakeQueue");
    const deadLetters = one(stage, TYPE.queue, "DeadLettersQueue");

    for (const { inputs } of [intake, deadLetters]) {
      expect(inputs).toMatchObject({
        messageRetentionSeconds: RETENTION_SECONDS,
        sqsManagedSseEnabled: true,
      });
    }
    expect(JSON.parse(text(intake, "redrivePolicy"))).toEqual({
      deadLetterTargetArn: arnOfQueue("DeadLettersQueue"),
      maxReceiveCount: 1_000,
    });
    expect(deadLetters.inputs.redrivePolicy).toBeUndefined();
  });

  it.each([
    ["IntakeQueue", "RelayFunction"],
    ["DeadLettersQueue", "DeadLetterFunction"],
  ])("hide what is in the works for at least six time-outs: %s, %s", (queue, fn) => {
    const { visibilityTimeoutSeconds } = one(stage, TYPE.queue, queue).inputs;
    const { timeout } = one(stage, TYPE.function, fn).inputs;

    expect(Number(visibilityTimeoutSeconds)).toBeGreaterThanOrEqual(6 * Number(timeout));
  });

  it("take messages from the photo bucket of this account alone", () => {
    expect(all(stage, TYPE.queuePolicy).map(({ inputs }) => statementsIn(inputs.policy))).toEqual([
      [
        {
          Effect: "Allow",
          Principal: { Service: "s3.amazonaws.com" },
          Action: "sqs:SendMessage",
          Resource: arnOfQueue("IntakeQueue"),
          Condition: {
            ArnEquals: { "aws:SourceArn": `arn:aws:s3:::${nameIn(stage, TYPE.bucket)}` },
            StringEquals: { "aws:SourceAccount": ACCOUNT },
          },
        },
      ],
    ]);
  });

  it.each([
    ["IntakeQueue", "RelayFunction", FULL_FLEET.maxWorkers],
    ["DeadLettersQueue", "DeadLetterFunction", 2],
  ])("hand batches of ten to a function that answers for each message: %s, %s", (queue, fn, workers) => {
    const mapping = all(stage, TYPE.mapping).filter(
      ({ inputs }) => inputs.eventSourceArn === arnOfQueue(queue),
    );

    expect(mapping.map(({ inputs }) => inputs)).toEqual([
      {
        eventSourceArn: arnOfQueue(queue),
        functionName: arnOfFunction(fn),
        functionResponseTypes: ["ReportBatchItemFailures"],
        batchSize: BATCH_SIZE,
        maximumBatchingWindowInSeconds: 0,
        scalingConfig: { maximumConcurrency: workers },
      },
    ]);
  });
});

describe("the table", () => {
  it("has the keys and indexes that the code uses, on demand, with recovery", () => {
    const { inputs } = one(stage, TYPE.table);

    expect(inputs).toMatchObject({
      billingMode: "PAY_PER_REQUEST",
      pointInTimeRecovery: { enabled: true },
      hashKey: TABLE_SHAPE.primary.hash,
      rangeKey: TABLE_SHAPE.primary.range,
      attributes: Object.entries(TABLE_SHAPE.attributes).map(([name, type]) => ({ name, type })),
      globalSecondaryIndexes: TABLE_SHAPE.indexes.map(({ name, hash, range }) => ({
        name,
        hashKey: hash,
        rangeKey: range,
        projectionType: "KEYS_ONLY",
      })),
    });
  });
});

describe("the functions", () => {
  const NAMES = ["CloseSequencesFunction", "CredentialsFunction", "DeadLetterFunction", "RelayFunction"];

  it("are four, on Lambda's Node 24 for arm64, and write to the stage's log", () => {
    const functions = all(stage, TYPE.function);

    expect(functions.map(({ name }) => name).sort()).toEqual(NAMES);
    for (const { inputs } of functions) {
      expect(inputs).toMatchObject({
        runtime: "nodejs24.x",
        architectures: ["arm64"],
        handler: "index.handler",
        loggingConfig: { logFormat: "Text", logGroup: "/mapillary-relay/alice" },
      });
      expect(inputs.reservedConcurrentExecutions).toBeUndefined();
    }
  });

  it.each([
    ["RelayFunction", 512, 300],
    ["DeadLetterFunction", 256, 60],
    ["CloseSequencesFunction", 256, 300],
    ["CredentialsFunction", 256, 300],
  ])("%s has %i MB and %i s", (name, memorySize, timeout) => {
    expect(one(stage, TYPE.function, name).inputs).toMatchObject({ memorySize, timeout });
  });

  it("close sequences within the time after which another round takes them for dead", () => {
    expect(CLOSE_TIMEOUT_SECONDS).toBeLessThanOrEqual(RELAY_TIMEOUT_SECONDS);
    // What is kept back for a finish leaves most of it.
    expect(CLOSE_TIMEOUT_SECONDS * 1000).toBeGreaterThan(2 * FINISH_MOMENTS_MS);
  });

  const LEDGER = ["NODE_OPTIONS", "RELAY_TIMEOUT_SECONDS", "TABLE_NAME"];
  const OF_SST = ["SST_KEY", "SST_KEY_FILE", "SST_RESOURCE_App"];

  it.each([
    ["RelayFunction", [...LEDGER, "INTAKE_QUEUE_URL", ...Object.keys(FULL_SECRETS)]],
    ["DeadLetterFunction", LEDGER],
    ["CloseSequencesFunction", [...LEDGER, ...Object.keys(FULL_SECRETS)]],
    ["CredentialsFunction", [...LEDGER, ...Object.keys(FULL_SECRETS)]],
  ])("%s is told what it needs and no more", (name, variables) => {
    const environment = environmentOf(one(stage, TYPE.function, name));

    expect(Object.keys(environment).sort()).toEqual([...variables, ...OF_SST].sort());
    expect(environment).toMatchObject({
      TABLE_NAME: nameIn(stage, TYPE.table),
      RELAY_TIMEOUT_SECONDS: String(RELAY_TIMEOUT_SECONDS),
      NODE_OPTIONS: "--max-semi-space-size=1 --max-old-space-size=128",
    });
    if (variables.includes("MAPILLARY_USERNAME")) expect(environment).toMatchObject(FULL_SECRETS);
  });

  it("leave room in the environment for the credentials that are let through", () => {
    for (const fn of all(stage, TYPE.function)) {
      const others = Object.entries(environmentOf(fn)).filter(([name]) => !name.startsWith("MAPILLARY_"));
      // See OTHER_ENVIRONMENT_BYTES in infra/account-credentials.ts.
      expect(Buffer.byteLength(others.flat().join(""))).toBeLessThanOrEqual(1_024);
    }
    expect(MAX_ENVIRONMENT_BYTES).toBe(4_096);
  });

  it("carry the fleet's configuration in their code, without what concerns the deployment alone", async () => {
    expect([...stage.folders.keys()].map((name) => `${name}Function`).sort()).toEqual(NAMES);
    for (const folder of stage.folders.values()) {
      const code = await readFile(join(folder, "fleet.mjs"), "utf8");
      const [, json = ""] = /^process\.env\.FLEET = (".*");\n$/.exec(code) ?? [];
      const fleet = JSON.parse(JSON.parse(json));

      const { alarmEmail: _, ...whole } = readFleet(FULL_FLEET);
      expect(readFleet(fleet)).toEqual({ ...whole, maxWorkers: 10, vehicles: [] });
    }
  });

  it.each([
    ["EveryMinuteSchedule", "rate(1 minute)", "CloseSequencesFunction"],
    ["EveryDaySchedule", "rate(1 day)", "CredentialsFunction"],
  ])("are called by the clock: %s, %s, %s", (schedule, scheduleExpression, fn) => {
    expect(all(stage, TYPE.schedule)).toHaveLength(2);
    expect(one(stage, TYPE.schedule, schedule).inputs).toMatchObject({
      scheduleExpression,
      state: "ENABLED",
      target: { arn: arnOfFunction(fn), retryPolicy: { maximumRetryAttempts: 0 } },
    });
  });

  it("close sequences once a minute, and not again when that fails", () => {
    expect(one(stage, "aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig").inputs).toEqual({
      functionName: nameIn(stage, TYPE.function, "CloseSequencesFunction"),
      maximumRetryAttempts: 0,
    });
  });
});

describe("when the stage is removed", () => {
  it("goes away whole, photos included", () => {
    expect(stage.app).toMatchObject({ removal: "remove", protect: false });
    expect(one(stage, TYPE.bucket).inputs.forceDestroy).toBe(true);
    expect(one(stage, TYPE.table).inputs.deletionProtectionEnabled).toBe(false);
    expect(stage.resources.filter(({ retainOnDelete }) => retainOnDelete)).toEqual([]);
  });
});

function arnOfQueue(name: string): string {
  return `arn:aws:sqs:${REGION}:${ACCOUNT}:${nameIn(stage, TYPE.queue, name)}`;
}

function arnOfFunction(name: string): string {
  return `arn:aws:lambda:${REGION}:${ACCOUNT}:function:${nameIn(stage, TYPE.function, name)}`;
}
