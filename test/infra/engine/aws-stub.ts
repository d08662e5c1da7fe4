import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { text } from "node:stream/consumers";
import { listenOnLoopback } from "../../../sandbox/listen.ts";

/** What a deployment asks AWS while it looks around. */
export interface AwsStub extends AsyncDisposable {
  readonly url: string;
  /** For the process that deploys. */
  readonly environment: Readonly<Record<string, string>>;
  /** Every request, as in `GET /photos?notification`. */
  readonly requests: readonly string[];
}

/** What there is. */
export interface AwsStubOptions {
  /** The bucket `fleet-photos`. Default: there, in eu-central-1, without notifications. */
  readonly bucket?: {
    /** Of the answer to HEAD. Default 200. */
    readonly status?: number;
    /** Default eu-central-1. */
    readonly region?: string;
    /** What is in its `NotificationConfiguration`. Default nothing. */
    readonly notifications?: string;
    /** Its default key. Default: none, S3's own encryption. */
    readonly kmsKey?: string;
  };
  /** Names of the SecureStrings there are. Default: none. */
  readonly parameters?: readonly string[];
  /** Names of the parameters that are not encrypted. Default: none. */
  readonly plainParameters?: readonly string[];
}

/** Starts it on 127.0.0.1. */
export async function startAwsStub(options: AwsStubOptions = {}): Promise<AwsStub> {
  const requests: string[] = [];
  const server = createServer(async (request, response) => {
    requests.push(`${request.method} ${request.url}`);
    if (request.headers["x-amz-target"] === "AmazonSSM.GetParameters")
      await answerParameters(request, response, options);
    else answerBucket(request, response, options.bucket ?? {});
  });
  const { url, stop } = await listenOnLoopback(server);
  return {
    url,
    requests,
    environment: {
      AWS_ENDPOINT_URL: url,
      SST_AWS_REGION: "eu-central-1",
      SST_AWS_ACCESS_KEY_ID: "AKIADEPLOYER",
      SST_AWS_SECRET_ACCESS_KEY: "not-a-secret",
    },
    [Symbol.asyncDispose]: stop,
  };
}

async function answerParameters(
  request: IncomingMessage,
  response: ServerResponse,
  { parameters = [], plainParameters = [] }: AwsStubOptions,
): Promise<void> {
  const { Names, WithDecryption = false } = JSON.parse(await text(request)) as {
    Names: readonly string[];
    WithDecryption?: boolean;
  };
  if (WithDecryption || Names.length === 0 || Names.length > 10) response.statusCode = 400;
  const there = Names.flatMap((Name) => {
    if (plainParameters.includes(Name)) return [{ Name, Type: "String", Value: "plain" }];
    return parameters.includes(Name) ? [{ Name, Type: "SecureString", Value: "encrypted" }] : [];
  });
  response.setHeader("content-type", "application/x-amz-json-1.1").end(
    JSON.stringify({
      Parameters: there,
      InvalidParameters: Names.filter((name) => there.every(({ Name }) => Name !== name)),
    }),
  );
}

function answerBucket(
  { method, url = "" }: IncomingMessage,
  response: ServerResponse,
  bucket: NonNullable<AwsStubOptions["bucket"]>,
): void {
  const { status = 200, region = "eu-central-1", notifications = "", kmsKey } = bucket;
  response.setHeader("x-amz-bucket-region", region);
  if (method === "HEAD") response.writeHead(status).end();
  else if (url.includes("?notification"))
    response.end(`<NotificationConfiguration>${notifications}</NotificationConfiguration>`);
  else if (url.includes("?encryption")) response.end(encryptionXml(kmsKey));
  else response.writeHead(501).end();
}

function encryptionXml(kmsKey: string | undefined): string {
  const how =
    kmsKey === undefined
      ? "<SSEAlgorithm>AES256</SSEAlgorithm>"
      : `<SSEAlgorithm>aws:kms</SSEAlgorithm><KMSMasterKeyID>${kmsKey}</KMSMasterKeyID>`;
  return (
    "<ServerSideEncryptionConfiguration><Rule><ApplyServerSideEncryptionByDefault>" +
    `${how}</ApplyServerSideEncryptionByDefault></Rule></ServerSideEncryptionConfiguration>`
  );
}

/** A queue that a bucket notifies, as S3 tells of it. */
export function queueNotification(id: string, queueName: string): string {
  return (
    `<QueueConfiguration><Id>${id}</Id><Queue>arn:aws:sqs:eu-central-1:123456789012:${queueName}</Queue>` +
    "<Event>s3:ObjectCreated:*</Event></QueueConfiguration>"
  );
}
