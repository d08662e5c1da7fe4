import { DescribeTableCommand } from "@aws-sdk/client-dynamodb";
import { describe, expect, it } from "vitest";
import type { Table } from "../../../lib/ledger/table.dynamo.ts";
import { createCountingTable } from "./counting-table.ts";
import { type Item, itemBytes, readUnitsOf, writeUnitsOf } from "./table-capacity.ts";

describe("an item's size", () => {
  it.each<[Item, number]>([
    [{}, 0],
    [{ pk: "abc" }, 5],
    [{ pk: "ä€" }, 7],
    // Two digits to a byte, one byte for the exponent.
    [{ n: 7 }, 3],
    [{ n: 4_012_345 }, 6],
    [{ n: 4_000_000 }, 3],
    [{ n: 52.5145 }, 5],
    [{ n: -52.5145 }, 6],
    [{ b: new Uint8Array(12) }, 13],
    [{ s: new Set([new Uint8Array(12), new Uint8Array(12)]) }, 25],
    [{ t: true, u: undefined }, 3],
    [{ l: ["a", "bc"] }, 9],
    [{ m: { code: "x" } }, 10],
    [{ m: {} }, 4],
  ])("of %j is %i bytes", (item, bytes) => {
    expect(itemBytes(item)).toBe(bytes);
  });
});

describe("a write", () => {
  const photo = { pk: "photo#1", sk: "sent", keyPath: "b/k", createdAt: "t0", sequenceId: "s", slot: 1 };
  const filled = (item: Item, bytes: number): Item => ({
    ...item,
    x: "x".repeat(bytes - itemBytes(item) - 1),
  });

  it("is a unit for the table, and one for each index that the item is new in", () => {
    expect(writeUnitsOf(undefined, photo)).toEqual({ table: 1, indexes: 2 });
    expect(writeUnitsOf(undefined, { pk: "track#1", sk: "head" })).toEqual({ table: 1, indexes: 0 });
  });

  it("costs an index nothing when the item's keys there stay as they are", () => {
    expect(writeUnitsOf(photo, { ...photo, status: "relayed", updatedAt: "t1" })).toEqual({
      table: 1,
      indexes: 0,
    });
  });

  it("costs an index two units when a key changes, and one when the item leaves it", () => {
    const open = { pk: "track#1", sk: "sequence#1", statusDay: "sequence#open", updatedAt: "t0" };

    expect(writeUnitsOf(open, { ...open, statusDay: "sequence#closing" })).toEqual({ table: 1, indexes: 2 });
    expect(writeUnitsOf(open, { ...open, statusDay: undefined })).toEqual({ table: 1, indexes: 1 });
    expect(writeUnitsOf(open, undefined)).toEqual({ table: 1, indexes: 1 });
  });

  it.each([
    [1024, 1],
    [1025, 2],
    [3072, 3],
  ])("of an item of %i bytes is %i units, whether it grows to that or shrinks from it", (bytes, units) => {
    const small = { pk: "track#1", sk: "head" };

    expect(writeUnitsOf(small, filled(small, bytes)).table).toBe(units);
    expect(writeUnitsOf(filled(small, bytes), small).table).toBe(units);
  });

  it("that is refused where there is no item costs a unit", () => {
    expect(writeUnitsOf(undefined, undefined)).toEqual({ table: 1, indexes: 0 });
  });
});

describe("a read", () => {
  it.each([
    [0, 1],
    [4096, 1],
    [4097, 2],
    [13_000, 4],
  ])("of %i bytes is %i units when it is consistent, and half of that otherwise", (bytes, units) => {
    expect(readUnitsOf(bytes, "consistent")).toBe(units);
    expect(readUnitsOf(bytes, "eventual")).toBe(units / 2);
  });
});

it("refuses to count a command whose price it does not know", async () => {
  const { table } = createCountingTable({ name: "t", client: {} } as unknown as Table);

  await expect(table.client.send(new DescribeTableCommand({ TableName: "t" }) as never)).rejects.toThrow(
    "DescribeTableCommand has no known price",
  );
});
