/** Who may do what: every role, user and resource policy of a stage, statement by statement. */
import { beforeAll, describe, expect, it } from "vitest";
import { all, nameIn, one, statementsIn, statementsOf, TYPE } from "./engine/graph.ts";
import { ACCOUNT, REGION } from "./engine/mock-engine.ts";
import { type Synth, synth } from "./engine/synth.ts";
import { FULL_FLEET, FULL_SECRETS, fleetFile } from "./fleets.ts";

let stage: Synth;

beforeAll(async () => {
  stage = await synth({ stage: "alice", fleet: fleetFile(FULL_FLEET), secrets: FULL_SECRETS });
  return stage[Symbol.asyncDispose];
});

describe("a function's role", () => {
  it("of the relay reads photos, writes rows one at a time, and takes messages of the intake", () => {
    expect(statementsOf(one(stage, TYPE.role, "RelayRole"))).toEqual([
      allow(["s3:GetObject", "s3:GetObjectVersion"], `${bucket()}/*`),
      allow(["s3:ListBucket"], bucket()),
      allow(onTable("BatchGetItem", "DeleteItem", "GetItem", "PutItem", "UpdateItem"), table()),
      allow([...CONSUME, "sqs:ChangeMessageVisibility"], queue("IntakeQueue")),
      allow(["logs:CreateLogStream", "logs:PutLogEvents"], `${log()}:*`),
    ]);
  });

  it("of the dead letters sees no photo, writes rows, and takes messages of its own queue alone", () => {
    expect(statementsOf(one(stage, TYPE.role, "DeadLetterRole"))).toEqual([
      allow(onTable("BatchGetItem", "DeleteItem", "PutItem", "UpdateItem"), table()),
      allow(CONSUME, queue("DeadLettersQueue")),
      allow(["logs:CreateLogStream", "logs:PutLogEvents"], `${log()}:*`),
    ]);
  });

  it("of the closing sees no photo and no queue, and asks two indexes", () => {
    expect(statementsOf(one(stage, TYPE.role, "CloseSequencesRole"))).toEqual([
      allow(onTable("BatchGetItem", "DeleteItem", "GetItem", "UpdateItem"), table()),
      allow(onTable("Query"), `${table()}/index/bySequence`, `${table()}/index/byStatus`),
      allow(["logs:CreateLogStream", "logs:PutLogEvents"], `${log()}:*`),
    ]);
  });

  it("of the daily look stops accounts, which is all that it can do in the bucket lane", () => {
    expect(statementsOf(one(stage, TYPE.role, "CredentialsRole"))).toEqual([
      allow(onTable("UpdateItem"), table()),
      allow(["logs:CreateLogStream", "logs:PutLogEvents"], `${log()}:*`),
    ]);
  });

  it.each(["RelayRole", "DeadLetterRole", "CloseSequencesRole", "CredentialsRole"])(
    "%s is Lambda's to take alone",
    (name) => {
      const { inputs } = one(stage, TYPE.role, name);

      expect(inputs.managedPolicyArns).toEqual([]);
      expect(statementsIn(inputs.assumeRolePolicy)).toEqual([
        expect.objectContaining({
          Effect: "Allow",
          Action: "sts:AssumeRole",
          Principal: { Service: "lambda.amazonaws.com" },
        }),
      ]);
    },
  );
});

describe("a schedule's role", () => {
  it.each([
    ["EveryMinuteRole", "CloseSequencesFunction"],
    ["EveryDayRole", "CredentialsFunction"],
  ])("calls one function, for schedules of this account: %s, %s", (name, called) => {
    const role = one(stage, TYPE.role, name);
    const fn = nameIn(stage, TYPE.function, called);

    expect(statementsOf(role)).toEqual([
      allow(["lambda:InvokeFunction"], `arn:aws:lambda:${REGION}:${ACCOUNT}:function:${fn}`),
    ]);
    expect(role.inputs.managedPolicyArns ?? []).toEqual([]);
    expect(statementsIn(role.inputs.assumeRolePolicy)).toEqual([
      {
        Effect: "Allow",
        Action: "sts:AssumeRole",
        Principal: { Service: "scheduler.amazonaws.com" },
        Condition: { StringEquals: { "aws:SourceAccount": ACCOUNT } },
      },
    ]);
  });
});

describe("a vehicle", () => {
  it.each([
    ["van-7", "mapillary-relay-alice-vehicle-van-7"],
    ["north/van-1", "mapillary-relay-alice-vehicle-north+van-1"],
  ])("%s puts objects into its folder, and nothing else", (vehicle, user) => {
    const policies = all(stage, TYPE.userPolicy).filter(({ inputs }) => inputs.user === user);

    expect(policies.flatMap(({ inputs }) => statementsIn(inputs.policy))).toEqual([
      {
        Effect: "Allow",
        Action: ["s3:PutObject", "s3:AbortMultipartUpload"],
        Resource: `${bucket()}/${vehicle}/*`,
      },
    ]);
    expect(one(stage, TYPE.user, new RegExp(`${escaped(user)}$`)).inputs).toEqual({
      name: user,
      path: "/mapillary-relay/alice/vehicles/",
      forceDestroy: true,
    });
  });

  it("gets its key by hand: none passes through the deployment", () => {
    expect(all(stage, "aws:iam/accessKey:AccessKey")).toEqual([]);
  });
});

describe("nobody else", () => {
  it("has a role, a user or a policy", () => {
    const ofIam = stage.resources.filter(({ type }) => type.startsWith("aws:iam/"));

    expect(ofIam.map(({ name }) => name).sort()).toEqual([
      "CloseSequencesRole",
      "CredentialsRole",
      "DeadLetterRole",
      "EveryDayRole",
      "EveryMinuteRole",
      "RelayRole",
      "Vehicle-mapillary-relay-alice-vehicle-north+van-1",
      "Vehicle-mapillary-relay-alice-vehicle-van-7",
      "VehiclePolicy-mapillary-relay-alice-vehicle-north+van-1",
      "VehiclePolicy-mapillary-relay-alice-vehicle-van-7",
    ]);
  });

  it("is let in by a function's URL or permission", () => {
    const doors = stage.resources.filter(({ type }) => /lambda\/(functionUrl|permission):/.test(type));

    expect(doors).toEqual([]);
  });

  it("is allowed an action by wildcard, or an action on everything", () => {
    const statements = [
      ...all(stage, TYPE.role).flatMap(statementsOf),
      ...all(stage, TYPE.userPolicy).flatMap(({ inputs }) => statementsIn(inputs.policy)),
      ...all(stage, TYPE.queuePolicy).flatMap(({ inputs }) => statementsIn(inputs.policy)),
    ];

    expect(statements.length).toBeGreaterThan(10);
    for (const { Effect, Action, Resource } of statements) {
      expect(Effect).toBe("Allow");
      for (const action of [Action].flat()) expect(action).toMatch(/^[a-z0-9-]+:[A-Za-z]+$/);
      // A star only at the end of something that names its owner: objects of the bucket, streams of the log.
      for (const resource of [Resource].flat()) {
        expect(resource).toMatch(/^arn:aws:[a-z0-9-]+:[^*]+(\/\*|:\*)?$/);
        expect(resource).toContain("mapillary-relay");
      }
    }
  });
});

/** What Lambda itself needs to hand over a queue's messages. */
const CONSUME = ["sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"];

function allow(actions: readonly string[], ...resources: readonly string[]) {
  return { Effect: "Allow", Action: actions, Resource: resources };
}

function onTable(...operations: readonly string[]): string[] {
  return operations.map((operation) => `dynamodb:${operation}`);
}

function bucket(): string {
  return `arn:aws:s3:::${nameIn(stage, TYPE.bucket)}`;
}

function table(): string {
  return `arn:aws:dynamodb:${REGION}:${ACCOUNT}:table/${nameIn(stage, TYPE.table)}`;
}

function queue(name: string): string {
  return `arn:aws:sqs:${REGION}:${ACCOUNT}:${nameIn(stage, TYPE.queue, name)}`;
}

function log(): string {
  return `arn:aws:logs:${REGION}:${ACCOUNT}:log-group:/mapillary-relay/alice`;
}

function escaped(name: string): string {
  return name.replaceAll("+", "\\+");
}
