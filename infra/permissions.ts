/** What each function may do: the calls it makes, on the things it makes them on, and nothing else. */
import type { Fleet } from "../lib/config/fleet.ts";
import { INDEXES } from "../lib/ledger/table.ts";
import type { PhotoBucket } from "./photo-bucket.ts";

/** One statement of a function's policy. */
export interface Permission {
  readonly actions: readonly string[];
  readonly resources: readonly $util.Input<string>[];
}

/** Where a function's calls go. */
export interface Places {
  readonly bucket: PhotoBucket;
  readonly table: sst.aws.Dynamo;
  readonly intake: sst.aws.Queue;
  readonly deadLetters: sst.aws.Queue;
  readonly logGroup: aws.cloudwatch.LogGroup;
  readonly tokens: TokenPlaces;
}

/** ARNs of the parameters with the accounts' tokens; none in the bucket lane. */
export interface TokenPlaces {
  readonly all: readonly $util.Output<string>[];
  /** Of the accounts whose tokens can be refreshed, since their client secret is known. */
  readonly refreshed: readonly $util.Output<string>[];
}

/** Photos are read and rows written, one item at a time. */
export function relayPermissions({ bucket, table, intake, tokens }: Places): Permission[] {
  return [
    ...readPhotos(bucket),
    {
      actions: ["BatchGetItem", "DeleteItem", "GetItem", "PutItem", "UpdateItem"].map(ofTable),
      resources: [table.arn],
    },
    { actions: [...CONSUME, "sqs:ChangeMessageVisibility"], resources: [intake.arn] },
    ...readTokens(tokens),
  ];
}

/** Rows are written, and no photo is looked at: AWS's events say which bytes they mean. */
export function deadLetterPermissions({ table, deadLetters }: Places): Permission[] {
  return [
    {
      actions: ["BatchGetItem", "DeleteItem", "PutItem", "UpdateItem"].map(ofTable),
      resources: [table.arn],
    },
    { actions: CONSUME, resources: [deadLetters.arn] },
  ];
}

/**
 * Sequences and their photos are found through two indexes, and their rows moved on. In the v4 lane an upload expires
 * that nobody finished: then the photo is sent once more.
 */
export function closePermissions(
  { bucket, table, tokens }: Places,
  destination: Fleet["destination"],
): Permission[] {
  const indexes = [INDEXES.bySequence, INDEXES.byStatus];
  return [
    ...(destination === "v4" ? readPhotos(bucket) : []),
    {
      actions: ["BatchGetItem", "DeleteItem", "GetItem", "UpdateItem"].map(ofTable),
      resources: [table.arn],
    },
    {
      actions: [ofTable("Query")],
      resources: indexes.map((index) => $interpolate`${table.arn}/index/${index}`),
    },
    ...readTokens(tokens),
  ];
}

/**
 * Accounts are stopped. In the v4 lane tokens are read, those that can be are replaced by fresh ones, and a stopped
 * account that has one which holds goes on.
 */
export function credentialsPermissions(
  { table, tokens }: Places,
  destination: Fleet["destination"],
): Permission[] {
  const onGates = destination === "v4" ? ["GetItem", "UpdateItem"] : ["UpdateItem"];
  return [
    { actions: onGates.map(ofTable), resources: [table.arn] },
    ...readTokens(tokens),
    ...onTokens(tokens.refreshed, "ssm:PutParameter"),
  ];
}

/** Lines are written to the stage's log, which is there already. */
export function logPermissions({ logGroup }: Places): Permission[] {
  return [
    {
      actions: ["logs:CreateLogStream", "logs:PutLogEvents"],
      resources: [$interpolate`${logGroup.arn}:*`],
    },
  ];
}

/** What Lambda does in the function's name to hand it a queue's messages. */
const CONSUME = ["sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"];

function ofTable(operation: string): string {
  return `dynamodb:${operation}`;
}

function readPhotos({ arn, kmsKeyArn }: PhotoBucket): Permission[] {
  return [
    { actions: ["s3:GetObject", "s3:GetObjectVersion"], resources: [$interpolate`${arn}/*`] },
    // Without it S3 answers 403 for an object that is gone, as if the world were broken.
    { actions: ["s3:ListBucket"], resources: [arn] },
    ...(kmsKeyArn === undefined ? [] : [{ actions: ["kms:Decrypt"], resources: [kmsKeyArn] }]),
  ];
}

function readTokens({ all }: TokenPlaces): Permission[] {
  return onTokens(all, "ssm:GetParameter");
}

function onTokens(resources: TokenPlaces["all"], action: string): Permission[] {
  return resources.length === 0 ? [] : [{ actions: [action], resources }];
}
