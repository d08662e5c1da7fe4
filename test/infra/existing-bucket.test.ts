/** Photos from a bucket that is there already: what is looked at, what is refused, what is changed. */
import { afterEach, describe, expect, it, vi } from "vitest";
import { inspectBucket } from "../../infra/existing-bucket.ts";
import { type AwsStubOptions, queueNotification, startAwsStub } from "./engine/aws-stub.ts";
import { all, one, statementsIn, statementsOf, TYPE } from "./engine/graph.ts";
import { synth } from "./engine/synth.ts";
import { FULL_SECRETS, fleetFile } from "./fleets.ts";

const KEY = "arn:aws:kms:eu-central-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab";
const OURS = queueNotification("mapillary-relay-alice-intake", "mapillary-relay-alice-IntakeQueue-x");
const THEIRS = queueNotification("thumbnails", "thumbnailer");
const FLEET = { destination: "bucket", bucket: "fleet-photos" };

afterEach(() => {
  vi.unstubAllEnvs();
});

describe.concurrent("a stage that takes photos from an existing bucket", () => {
  it("changes nothing about it but its notifications, which it may, and may use its key", async () => {
    await using aws = await startAwsStub({ bucket: { kmsKey: KEY, notifications: OURS + THEIRS } });
    await using stage = await synth({
      stage: "alice",
      fleet: fleetFile({ ...FLEET, replaceNotifications: true }),
      secrets: FULL_SECRETS,
      environment: aws.environment,
    });

    expect(stage.error).toBeUndefined();
    expect(one(stage, TYPE.bucket)).toMatchObject({ id: "fleet-photos", inputs: {} });
    const ofBucket = stage.resources.filter(({ inputs }) => inputs.bucket === "fleet-photos");
    expect(ofBucket.map(({ type }) => type)).toEqual([TYPE.bucketNotification]);
    expect(all(stage, TYPE.bucketPolicy)).toEqual([]);
    expect(one(stage, TYPE.bucketNotification).inputs.queues).toMatchObject([
      { id: "mapillary-relay-alice-intake", events: ["s3:ObjectCreated:*"] },
    ]);
    expect(statementsIn(one(stage, TYPE.queuePolicy).inputs.policy)).toMatchObject([
      { Condition: { ArnEquals: { "aws:SourceArn": "arn:aws:s3:::fleet-photos" } } },
    ]);
    expect(statementsOf(one(stage, TYPE.role, "RelayRole"))).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ Resource: ["arn:aws:s3:::fleet-photos/*"] }),
        { Effect: "Allow", Action: ["kms:Decrypt"], Resource: [KEY] },
      ]),
    );
  });

  it("is not begun when somebody else is notified by it", async () => {
    await using aws = await startAwsStub({ bucket: { notifications: OURS + THEIRS } });
    await using stage = await synth({
      stage: "alice",
      fleet: fleetFile(FLEET),
      secrets: FULL_SECRETS,
      environment: aws.environment,
    });

    expect(stage.error).toContain(
      "the bucket fleet-photos has 1 notification(s) that the deployment would remove:\n" +
        "  - thumbnails: queue arn:aws:sqs:eu-central-1:123456789012:thumbnailer\n",
    );
    expect(stage.error).toContain("`replaceNotifications: true` in fleet.config.ts");
    expect(stage.resources.map(({ type }) => type)).toEqual([TYPE.stack]);
  });
});

describe("a bucket that is looked at", () => {
  const EVENT = "<Event>s3:ObjectCreated:*</Event>";
  const OTHERS: Readonly<Record<string, string>> = {
    "a queue": THEIRS,
    "another stage's queue": queueNotification("mapillary-relay-production-intake", "IntakeQueue"),
    "a topic": `<TopicConfiguration><Id>t</Id><Topic>arn:aws:sns:r:1:t</Topic>${EVENT}</TopicConfiguration>`,
    "a function":
      `<CloudFunctionConfiguration><Id>f</Id><CloudFunction>arn:aws:lambda:r:1:function:f</CloudFunction>` +
      `${EVENT}</CloudFunctionConfiguration>`,
    EventBridge: "<EventBridgeConfiguration/>",
  };

  it.each(Object.entries(OTHERS))(
    "is refused while it notifies %s, and taken when told to",
    async (_, xml) => {
      const bucket = { notifications: OURS + xml };

      await expect(inspect({ bucket })).rejects.toThrow(/has 1 notification\(s\)/);
      await expect(inspect({ bucket }, { replaceNotifications: true })).resolves.toEqual({
        name: "fleet-photos",
      });
    },
  );

  it("is taken when it notifies nobody, or us", async () => {
    await expect(inspect({})).resolves.toEqual({ name: "fleet-photos" });
    await expect(inspect({ bucket: { notifications: OURS } })).resolves.toEqual({ name: "fleet-photos" });
  });

  it.each([
    [{ status: 301, region: "us-east-1" }, /is in us-east-1.*AWS_REGION=us-east-1/],
    [{ status: 400, region: "us-east-1" }, /is in us-east-1/],
    // S3 answers so to a client that it leads to the right region.
    [{ status: 403, region: "us-east-1" }, /is in us-east-1/],
    [{ status: 404 }, /there is no bucket fleet-photos/],
    [{ status: 403 }, /another account's/],
  ])("is refused when S3 answers %j", async (bucket, message) => {
    await expect(inspect({ bucket })).rejects.toThrow(message);
  });

  it("is not taken for refused when S3 fails", async () => {
    await expect(inspect({ bucket: { status: 501 } })).rejects.not.toThrow(/there is no|another account/);
  });

  it.each([
    [KEY, KEY],
    [undefined, undefined],
    ["", undefined],
    ["alias/aws/s3", undefined],
    ["arn:aws:kms:eu-central-1:123456789012:alias/aws/s3", undefined],
  ])("that encrypts with %j needs %j", async (kmsKey, kmsKeyArn) => {
    const bucket = kmsKey === undefined ? {} : { kmsKey };

    expect((await inspect({ bucket })).kmsKeyArn).toBe(kmsKeyArn);
  });

  it.each(["alias/photos", "1234abcd-12ab-34cd-56ef-1234567890ab", `${KEY}/*`, "*"])(
    "is refused when its key is called %j, which IAM cannot grant as it is",
    async (kmsKey) => {
      await expect(inspect({ bucket: { kmsKey } })).rejects.toThrow(/name the key by its ARN/);
    },
  );
});

async function inspect(options: AwsStubOptions, claim: { readonly replaceNotifications?: boolean } = {}) {
  await using aws = await startAwsStub(options);
  for (const [name, value] of Object.entries(aws.environment)) vi.stubEnv(name, value);
  return await inspectBucket({
    name: "fleet-photos",
    notificationId: "mapillary-relay-alice-intake",
    replaceNotifications: false,
    ...claim,
  });
}
