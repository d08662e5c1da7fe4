/**
 * SQS on this machine: fauxqs, on 127.0.0.1 only, with its queues kept on disk when a directory is given.
 *
 * fauxqs can do both, but not together: `startFauxqs` keeps queues and listens on every address, `buildApp` listens
 * where it is told and forgets. So its app is built here around its own stores, loaded from its own persistence;
 * the version is pinned, and a test restarts a queue.
 */
import {
  CreateQueueCommand,
  GetQueueAttributesCommand,
  SendMessageCommand,
  SQSClient,
} from "@aws-sdk/client-sqs";
import { buildApp } from "fauxqs";

type Stores = NonNullable<NonNullable<Parameters<typeof buildApp>[0]>["stores"]>;
type SqsStore = Stores["sqsStore"];
type Persistence = NonNullable<SqsStore["persistence"]>;

/** The two queues of the pipeline. */
export interface QueueSandbox {
  readonly client: SQSClient;
  readonly intakeUrl: string;
  readonly deadLetterUrl: string;
  send(body: string): Promise<void>;
  /** Messages in the two queues, whether visible, in the works or put off. */
  countMessages(): Promise<number>;
  stop(): Promise<void>;
}

/** What the queues shall be. */
export interface QueueOptions {
  /** Where messages are kept between runs; in memory when absent. */
  readonly directory?: string;
  /** How long a received message stays hidden, in seconds. */
  readonly visibilitySeconds: number;
  /** A message received so often without success becomes a dead letter. */
  readonly maxReceives: number;
}

/** Starts the queues. Messages that were in the works when the last run ended are visible at once. */
export async function startQueueSandbox(options: QueueOptions): Promise<QueueSandbox> {
  const { stores, persistence } = await openStores(options.directory);
  const app = buildApp({ logger: false, stores });
  const endpoint = await app.listen({ host: "127.0.0.1", port: 0 });
  const client = new SQSClient({
    endpoint,
    // Otherwise the client calls the host in the queue's URL, which names a domain.
    useQueueUrlAsEndpoint: false,
    region: "eu-west-1",
    credentials: { accessKeyId: "sandbox", secretAccessKey: "sandbox" },
  });
  const deadLetterUrl = await makeQueue(client, "dead-letters", {
    VisibilityTimeout: String(options.visibilitySeconds),
  });
  const intakeUrl = await makeQueue(client, "intake", {
    VisibilityTimeout: String(options.visibilitySeconds),
    RedrivePolicy: JSON.stringify({
      deadLetterTargetArn: await arnOf(client, deadLetterUrl),
      maxReceiveCount: options.maxReceives,
    }),
  });
  return {
    client,
    intakeUrl,
    deadLetterUrl,
    async send(body) {
      await client.send(new SendMessageCommand({ QueueUrl: intakeUrl, MessageBody: body }));
    },
    async countMessages() {
      const counts = await Promise.all([intakeUrl, deadLetterUrl].map((url) => countIn(client, url)));
      return counts.reduce((sum, count) => sum + count, 0);
    },
    async stop() {
      client.destroy();
      await app.close();
      persistence?.close();
    },
  };
}

async function openStores(directory: string | undefined) {
  const { SqsStore } = await insideFauxqs<{ SqsStore: new () => SqsStore }>("./sqs/sqsStore.js");
  const { SnsStore } = await insideFauxqs<{ SnsStore: new () => Stores["snsStore"] }>("./sns/snsStore.js");
  const { S3Store } = await insideFauxqs<{ S3Store: new () => Stores["s3Store"] }>("./s3/s3Store.js");
  const stores: Stores = { sqsStore: new SqsStore(), snsStore: new SnsStore(), s3Store: new S3Store() };
  if (directory === undefined) return { stores, persistence: undefined };
  const { PersistenceManager } = await insideFauxqs<{
    PersistenceManager: new (directory: string) => Persistence;
  }>("./persistence.js");
  const persistence = new PersistenceManager(directory);
  // fauxqs 2.4.1 writes a null where its own table forbids it, throws, and by then has forgotten the message. Left
  // alone, the row says that the message is in the works, and those are visible at the next start as well.
  persistence.updateMessageReady = () => {};
  // In this order: a store that knows its persistence while it is loaded writes everything back.
  persistence.loadSqsAndSns(stores.sqsStore, stores.snsStore);
  stores.sqsStore.persistence = persistence;
  for (const queue of stores.sqsStore.allQueues()) {
    queue.persistence = persistence;
    for (const receiptHandle of [...queue.inflightMessages.keys()]) queue.changeVisibility(receiptHandle, 0);
  }
  return { stores, persistence };
}

/** Loads a module of fauxqs that its package does not export. */
async function insideFauxqs<Module>(path: string): Promise<Module> {
  return (await import(new URL(path, import.meta.resolve("fauxqs")).href)) as Module;
}

async function makeQueue(
  client: SQSClient,
  name: string,
  attributes: Record<string, string>,
): Promise<string> {
  const { QueueUrl } = await client.send(new CreateQueueCommand({ QueueName: name, Attributes: attributes }));
  if (QueueUrl === undefined) throw new Error(`the queue ${name} was made without a URL`);
  return QueueUrl;
}

async function arnOf(client: SQSClient, queueUrl: string): Promise<string> {
  const { Attributes } = await client.send(
    new GetQueueAttributesCommand({ QueueUrl: queueUrl, AttributeNames: ["QueueArn"] }),
  );
  return Attributes?.QueueArn ?? "";
}

async function countIn(client: SQSClient, queueUrl: string): Promise<number> {
  const names = [
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesNotVisible",
    "ApproximateNumberOfMessagesDelayed",
  ] as const;
  const { Attributes } = await client.send(
    new GetQueueAttributesCommand({ QueueUrl: queueUrl, AttributeNames: [...names] }),
  );
  return names.reduce((sum, name) => sum + Number(Attributes?.[name] ?? 0), 0);
}
