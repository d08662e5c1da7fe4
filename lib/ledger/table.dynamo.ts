import { BatchGetCommand, type DynamoDBDocumentClient, QueryCommand } from "@aws-sdk/lib-dynamodb";
import { INDEXES, type ItemKey } from "./table.ts";

/** The table and how to reach it. */
export interface Table {
  readonly client: DynamoDBDocumentClient;
  readonly name: string;
}

/** Most keys one BatchGetItem takes (DynamoDB quota). */
const MAX_KEYS_PER_READ = 100;

/** How often keys that DynamoDB left unread are asked for again before the read counts as failed. */
const MAX_READS_OF_LEFTOVERS = 8;

/** Runs a conditional write. @returns undefined when its condition did not hold */
export async function unlessConditionFails<T>(write: Promise<T>): Promise<T | undefined> {
  try {
    return await write;
  } catch (error) {
    if (error instanceof Error && error.name === "ConditionalCheckFailedException") return undefined;
    throw error;
  }
}

/** Reads items consistently, in no order; a key without an item is left out. */
export async function readItems<Item>(table: Table, keys: readonly ItemKey[]): Promise<Item[]> {
  const distinct = [...new Map(keys.map((key) => [`${key.pk}\n${key.sk}`, key])).values()];
  const chunks: ItemKey[][] = [];
  for (let at = 0; at < distinct.length; at += MAX_KEYS_PER_READ) {
    chunks.push(distinct.slice(at, at + MAX_KEYS_PER_READ));
  }
  return (await Promise.all(chunks.map((chunk) => readChunk<Item>(table, chunk)))).flat();
}

async function readChunk<Item>(table: Table, keys: readonly ItemKey[]): Promise<Item[]> {
  const items: Item[] = [];
  let wanted: readonly unknown[] = keys.map(({ pk, sk }) => ({ pk, sk }));
  for (let round = 0; wanted.length > 0; round += 1) {
    if (round > MAX_READS_OF_LEFTOVERS) throw new Error(`DynamoDB left ${wanted.length} keys unread`);
    const answer = await table.client.send(
      new BatchGetCommand({
        RequestItems: {
          [table.name]: { Keys: wanted as Record<string, unknown>[], ConsistentRead: true },
        },
      }),
    );
    items.push(...((answer.Responses?.[table.name] ?? []) as Item[]));
    wanted = answer.UnprocessedKeys?.[table.name]?.Keys ?? [];
  }
  return items;
}

/** Which items an index is asked for. */
export interface IndexQuery {
  readonly index: keyof typeof INDEXES;
  readonly hash: string;
  readonly value: string;
}

/** All keys under one hash key of an index, in the order of its range key. Pages until the end. */
export async function queryKeys(table: Table, query: IndexQuery): Promise<ItemKey[]> {
  const keys: ItemKey[] = [];
  let from: Record<string, unknown> | undefined;
  do {
    const page = await table.client.send(
      new QueryCommand({
        TableName: table.name,
        IndexName: INDEXES[query.index],
        KeyConditionExpression: "#hash = :value",
        ExpressionAttributeNames: { "#hash": query.hash },
        ExpressionAttributeValues: { ":value": query.value },
        ...(from && { ExclusiveStartKey: from }),
      }),
    );
    keys.push(...((page.Items ?? []) as ItemKey[]).map(({ pk, sk }) => ({ pk, sk })));
    from = page.LastEvaluatedKey;
  } while (from !== undefined);
  return keys;
}

/** Every item under one primary hash key, consistently, in order. */
export async function queryPartition<Item>(table: Table, pk: string, skPrefix: string): Promise<Item[]> {
  const items: Item[] = [];
  let from: Record<string, unknown> | undefined;
  do {
    const page = await table.client.send(
      new QueryCommand({
        TableName: table.name,
        ConsistentRead: true,
        KeyConditionExpression: "pk = :pk AND begins_with(sk, :prefix)",
        ExpressionAttributeValues: { ":pk": pk, ":prefix": skPrefix },
        ...(from && { ExclusiveStartKey: from }),
      }),
    );
    items.push(...((page.Items ?? []) as Item[]));
    from = page.LastEvaluatedKey;
  } while (from !== undefined);
  return items;
}

/** Parts of an UpdateExpression, written once: what is set, what is removed, and their names and values. */
export function updateOf(set: Record<string, unknown>, remove: readonly string[] = []) {
  const present = Object.entries(set).filter(([, value]) => value !== undefined);
  const assignments = present.map(([name]) => `#${name} = :${name}`);
  const removals = remove.map((name) => `#${name}`);
  return {
    expression: [
      assignments.length > 0 ? `SET ${assignments.join(", ")}` : "",
      removals.length > 0 ? `REMOVE ${removals.join(", ")}` : "",
    ]
      .join(" ")
      .trim(),
    names: Object.fromEntries(
      [...present.map(([name]) => name), ...remove].map((name) => [`#${name}`, name]),
    ),
    values: Object.fromEntries(present.map(([name, value]) => [`:${name}`, value])),
  };
}
