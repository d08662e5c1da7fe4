import {
  BatchGetCommand,
  DeleteCommand,
  type DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
  QueryCommand,
  UpdateCommand,
} from "@aws-sdk/lib-dynamodb";
import type { Table } from "../../../lib/ledger/table.dynamo.ts";
import { type Item, itemBytes, readUnitsOf, writeUnitsOf } from "./table-capacity.ts";

/** What a table was asked for so far. */
export interface TableUsage {
  readonly writes: number;
  readonly writeUnits: number;
  /** Of these, units of the indexes. */
  readonly indexWriteUnits: number;
  readonly readUnits: number;
}

/** A table that counts what it would cost. */
export interface CountingTable {
  readonly table: Table;
  /** Since the last call of this. */
  takeUsage(): TableUsage;
}

type Command = Parameters<DynamoDBDocumentClient["send"]>[0];

/**
 * Puts a counter in front of a table. Every write is looked at before and after, so no two may be under way to one
 * item, or what they cost is not told apart.
 */
export function createCountingTable({ client, name }: Table): CountingTable {
  let usage = NO_USAGE;

  async function read(key: Item): Promise<Item | undefined> {
    const { Item } = await client.send(new GetCommand({ TableName: name, Key: key, ConsistentRead: true }));
    return Item;
  }

  async function write(command: Command, key: Item): Promise<unknown> {
    const before = await read(key);
    try {
      return await client.send(command);
    } finally {
      const units = writeUnitsOf(before, await read(key));
      usage = {
        ...usage,
        writes: usage.writes + 1,
        writeUnits: usage.writeUnits + units.table + units.indexes,
        indexWriteUnits: usage.indexWriteUnits + units.indexes,
      };
    }
  }

  function countRead(units: number): void {
    usage = { ...usage, readUnits: usage.readUnits + units };
  }

  async function send(command: Command): Promise<unknown> {
    if (command instanceof PutCommand) return await write(command, keyOf(command.input.Item));
    if (command instanceof UpdateCommand || command instanceof DeleteCommand) {
      return await write(command, keyOf(command.input.Key));
    }
    if (command instanceof GetCommand) {
      const answer = await client.send(command);
      countRead(readUnitsOf(itemBytes(answer.Item ?? {}), consistencyOf(command.input.ConsistentRead)));
      return answer;
    }
    if (command instanceof QueryCommand) {
      const answer = await client.send(command);
      const bytes = (answer.Items ?? []).reduce((sum, item) => sum + itemBytes(item), 0);
      countRead(readUnitsOf(bytes, consistencyOf(command.input.ConsistentRead)));
      return answer;
    }
    if (command instanceof BatchGetCommand) return await readBatch(command);
    throw new TypeError(`${command.constructor.name} has no known price here`);
  }

  /** Each key counts by itself; one without an item costs the least there is. */
  async function readBatch(command: BatchGetCommand): Promise<unknown> {
    const answer = await client.send(command);
    const asked = command.input.RequestItems?.[name];
    const found = answer.Responses?.[name] ?? [];
    const missing = (asked?.Keys?.length ?? 0) - found.length;
    const sizes = [...found.map(itemBytes), ...new Array<number>(missing).fill(0)];
    for (const bytes of sizes) countRead(readUnitsOf(bytes, consistencyOf(asked?.ConsistentRead)));
    return answer;
  }

  return {
    // The pipeline uses nothing of a client but this.
    table: { name, client: { send } as unknown as DynamoDBDocumentClient },
    takeUsage() {
      const taken = usage;
      usage = NO_USAGE;
      return taken;
    },
  };
}

const NO_USAGE: TableUsage = { writes: 0, writeUnits: 0, indexWriteUnits: 0, readUnits: 0 };

function keyOf(item: Item | undefined): Item {
  return { pk: item?.pk, sk: item?.sk };
}

function consistencyOf(flag: boolean | undefined) {
  return flag === true ? "consistent" : "eventual";
}
