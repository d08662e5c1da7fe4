import { CreateTableCommand, DynamoDBClient, ResourceInUseException } from "@aws-sdk/client-dynamodb";
import { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import dynalite from "dynalite";
import type { Table } from "../lib/ledger/table.dynamo.ts";
import { TABLE_SHAPE } from "../lib/ledger/table.ts";
import { listenOnLoopback } from "./listen.ts";

/** DynamoDB on this machine, with the ledger's table in it. */
export interface TableSandbox {
  readonly url: string;
  readonly table: Table;
  stop(): Promise<void>;
}

/**
 * Starts a DynamoDB (dynalite) on 127.0.0.1 and makes the ledger's table.
 *
 * @param options.directory where the table is kept between runs; in memory when absent
 */
export async function startTableSandbox(
  options: { readonly directory?: string } = {},
): Promise<TableSandbox> {
  const server = dynalite({
    createTableMs: 0,
    ...(options.directory !== undefined && { path: options.directory }),
  });
  const listening = await listenOnLoopback(server);
  const client = new DynamoDBClient({
    endpoint: listening.url,
    region: "eu-west-1",
    credentials: { accessKeyId: "sandbox", secretAccessKey: "sandbox" },
  });
  const name = "mapillary-relay";
  await createTable(client, name);
  return {
    url: listening.url,
    table: {
      client: DynamoDBDocumentClient.from(client, { marshallOptions: { removeUndefinedValues: true } }),
      name,
    },
    async stop() {
      client.destroy();
      await listening.stop();
    },
  };
}

async function createTable(client: DynamoDBClient, name: string): Promise<void> {
  const keys = (of: { readonly hash: string; readonly range: string }) => [
    { AttributeName: of.hash, KeyType: "HASH" as const },
    { AttributeName: of.range, KeyType: "RANGE" as const },
  ];
  const command = new CreateTableCommand({
    TableName: name,
    BillingMode: "PAY_PER_REQUEST",
    AttributeDefinitions: Object.entries(TABLE_SHAPE.attributes).map(([AttributeName, AttributeType]) => ({
      AttributeName,
      AttributeType,
    })),
    KeySchema: keys(TABLE_SHAPE.primary),
    GlobalSecondaryIndexes: TABLE_SHAPE.indexes.map((index) => ({
      IndexName: index.name,
      KeySchema: keys(index),
      Projection: { ProjectionType: "KEYS_ONLY" as const },
    })),
  });
  try {
    await client.send(command);
  } catch (error) {
    if (!(error instanceof ResourceInUseException)) throw error;
  }
}
