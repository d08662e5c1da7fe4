import { PurgeQueueCommand, SendMessageCommand } from "@aws-sdk/client-sqs";
import type { SQSBatchResponse } from "aws-lambda";
import type { Fleet } from "../../../lib/config/fleet.ts";
import { createDynamoLedger } from "../../../lib/ledger/ledger.dynamo.ts";
import type { Ledger, PhotoRow } from "../../../lib/ledger/ledger.ts";
import { runEventLoop } from "../../../sandbox/event-loop.ts";
import { createFaults, type Faults } from "../../../sandbox/faults.ts";
import { type QueueSandbox, startQueueSandbox } from "../../../sandbox/queue.ts";
import { createMemoryStore } from "../../../sandbox/s3/memory-store.ts";
import type { ObjectInfo } from "../../../sandbox/s3/object-store.ts";
import { startS3Sandbox } from "../../../sandbox/s3/server.ts";
import type { S3Operation } from "../../../sandbox/s3/service.ts";
import { startTableSandbox } from "../../../sandbox/table.ts";
import { environmentOf, nameIn, one, statementsOf, TYPE, text } from "../engine/graph.ts";
import { ACCOUNT, REGION } from "../engine/mock-engine.ts";
import type { Synth } from "../engine/synth.ts";
import { type Gate, type GateOptions, startGate } from "./gate.ts";
import { type LambdaHost, startLambda } from "./host.ts";
import { startParameterStore } from "./parameter-store.ts";

/** Version of every object in the bucket: that of the captured event. */
const VERSION_ID = "096fKKXTRTtl3on89fVO.nfljtsv6qko";

/** The embedded cloud, as a deployed stage has it. */
export interface DeployedCloud extends AsyncDisposable {
  /** Name of the photo bucket. */
  readonly bucket: string;
  readonly photoFaults: Faults<S3Operation>;
  /** SecureStrings by name. */
  readonly parameters: Map<string, string>;
  readonly ledger: Ledger;
  put(key: string, bytes: Uint8Array): Promise<ObjectInfo>;
  remove(key: string): Promise<void>;
  /** The rows of an object. */
  rowsOf(key: string): Promise<readonly PhotoRow[]>;
  /** Puts messages into a queue. */
  send(queue: QueueName, ...bodies: readonly string[]): Promise<void>;
  /** Empties the queues. */
  purge(): Promise<void>;
  /** Hands one batch of a queue to a function, as Lambda does. @returns what it answers */
  deliver(queue: QueueName, fn: StartedFunction): Promise<SQSBatchResponse>;
  /**
   * Starts a function of the stage behind its own policy.
   *
   * @param without action that its policy is to lack
   */
  start(name: string, without?: string): Promise<StartedFunction>;
  /** What became of all calls of a function, whenever it was started with its whole policy. */
  callsOf(name: string): Pick<Gate, "used" | "refused">;
}

type QueueName = "intake" | "deadLetters";

/** A function of the stage, and the gate before it. */
export interface StartedFunction extends AsyncDisposable {
  readonly host: LambdaHost;
  readonly gate: Gate;
  /** What it logged, line by line. */
  logged(): Record<string, unknown>[];
}

/** Starts bucket, queues, table and parameters for a stage. */
export async function startDeployedCloud(stage: Synth, fleet: Fleet): Promise<DeployedCloud> {
  await using parts = new AsyncDisposableStack();
  const bucket = nameIn(stage, TYPE.bucket);
  const store = createMemoryStore();
  const photoFaults = createFaults<S3Operation>();
  const s3 = await startS3Sandbox({ buckets: { [bucket]: store }, faults: photoFaults });
  parts.defer(s3.stop);
  const queue = await startQueueSandbox({ visibilitySeconds: 60, maxReceives: 1_000 });
  parts.defer(queue.stop);
  const { table, url: tableUrl, stop } = await startTableSandbox();
  parts.defer(stop);
  const parameters = parts.use(await startParameterStore());
  const services: Services = {
    upstream: {
      s3: s3.url,
      sqs: new URL(queue.intakeUrl).origin,
      dynamodb: tableUrl,
      ssm: parameters.url,
    },
    tableName: table.name,
    queuePath: new URL(queue.intakeUrl).pathname,
  };
  const ledger = createDynamoLedger({ table, duplicates: fleet.duplicates, now: Date.now });
  const urls = { intake: queue.intakeUrl, deadLetters: queue.deadLetterUrl };
  const gates = new Map<string, Gate[]>();
  const kept = parts.move();
  return {
    bucket,
    ledger,
    photoFaults,
    parameters: parameters.values,
    put: (key, bytes) => store.put({ key, modifiedMs: 0, headers: {}, tags: [], body: once(bytes) }),
    remove: (key) => store.delete(key),
    rowsOf: (key) => ledger.ofKey(bucket, key),
    async send(name, ...bodies) {
      for (const MessageBody of bodies)
        await queue.client.send(new SendMessageCommand({ QueueUrl: urls[name], MessageBody }));
    },
    async purge() {
      for (const QueueUrl of Object.values(urls))
        await queue.client.send(new PurgeQueueCommand({ QueueUrl }));
    },
    deliver: (name, { host }) => deliverOnce(queue, urls[name], host),
    async start(name, without) {
      const started = await startFunction(stage, services, name, without);
      if (without === undefined) gates.set(name, [...(gates.get(name) ?? []), started.gate]);
      return started;
    },
    callsOf(name) {
      const all = gates.get(name) ?? [];
      return {
        used: new Set(all.flatMap(({ used }) => [...used])),
        refused: all.flatMap(({ refused }) => refused),
      };
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

/** What the functions are to find where AWS would be. */
interface Services extends Pick<GateOptions, "upstream"> {
  readonly tableName: string;
  /** Of the intake queue's URL. */
  readonly queuePath: string;
}

async function startFunction(
  stage: Synth,
  { upstream, tableName, queuePath }: Services,
  name: string,
  without: string | undefined,
): Promise<StartedFunction> {
  await using parts = new AsyncDisposableStack();
  const fn = one(stage, TYPE.function, `${name}Function`);
  const statements = statementsOf(one(stage, TYPE.role, `${name}Role`)).map((statement) => ({
    ...statement,
    Action: [statement.Action].flat().filter((action) => action !== without),
  }));
  const arns = {
    table: `arn:aws:dynamodb:${REGION}:${ACCOUNT}:table/${nameIn(stage, TYPE.table)}`,
    intake: `arn:aws:sqs:${REGION}:${ACCOUNT}:${nameIn(stage, TYPE.queue, "IntakeQueue")}`,
    parameters: `arn:aws:ssm:${REGION}:${ACCOUNT}:parameter`,
  };
  const gate = parts.use(await startGate({ statements, upstream, arns, versionId: VERSION_ID }));
  const configured = environmentOf(fn);
  const hasQueue = configured.INTAKE_QUEUE_URL !== undefined;
  const host = parts.use(
    await startLambda({
      folder: stage.folders.get(name) ?? "",
      handler: text(fn, "handler"),
      environment: {
        ...configured,
        TABLE_NAME: tableName,
        ...(hasQueue && { INTAKE_QUEUE_URL: `${gate.url}${queuePath}` }),
        AWS_ENDPOINT_URL: gate.url,
      },
      memoryMb: Number(fn.inputs.memorySize),
      timeoutSeconds: Number(fn.inputs.timeout),
    }),
  );
  const kept = parts.move();
  return {
    host,
    gate,
    logged: () => host.lines.map((line) => JSON.parse(line)),
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

async function deliverOnce(queue: QueueSandbox, queueUrl: string, fn: LambdaHost): Promise<SQSBatchResponse> {
  const delivered = new AbortController();
  const answers: SQSBatchResponse[] = [];
  await runEventLoop(
    {
      client: queue.client,
      queueUrl,
      batchSize: 10,
      concurrency: 1,
      timeoutMs: 60_000,
      handler: async (event) => {
        delivered.abort();
        const answer = (await fn.invoke(event)) as SQSBatchResponse;
        answers.push(answer);
        return answer;
      },
    },
    delivered.signal,
  );
  const [answer] = answers;
  if (answer === undefined) throw new Error("the function threw");
  return answer;
}

async function* once(bytes: Uint8Array) {
  yield bytes;
}
