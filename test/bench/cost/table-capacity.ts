/**
 * What DynamoDB charges on demand, by its own rules:
 * https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html (sizes),
 * https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/GSI.html#GSI.Writes (indexes).
 */
import { TABLE_SHAPE } from "../../../lib/ledger/table.ts";

/** An item as the document client has it. */
export type Item = Readonly<Record<string, unknown>>;

/** One write unit writes so much of an item. */
const WRITE_UNIT_BYTES = 2 ** 10;

/** One read unit reads so much, consistently; half of one reads it with a lag. */
const READ_UNIT_BYTES = 4 * 2 ** 10;

/** What a list or map takes beside its elements, and each element beside itself. */
const COLLECTION_BYTES = 3;
const ELEMENT_BYTES = 1;

/** An item's size: names and values of its attributes. */
export function itemBytes(item: Item): number {
  return sum(Object.entries(item).map(([name, value]) => Buffer.byteLength(name) + valueBytes(value)));
}

function valueBytes(value: unknown): number {
  if (typeof value === "string") return Buffer.byteLength(value);
  if (typeof value === "number") return numberBytes(value);
  if (value instanceof Uint8Array) return value.byteLength;
  if (value instanceof Set) return sum([...value].map(valueBytes));
  if (Array.isArray(value)) {
    return COLLECTION_BYTES + sum(value.map((element) => ELEMENT_BYTES + valueBytes(element)));
  }
  if (typeof value === "object" && value !== null) {
    const elements = Object.entries(value).filter(([, element]) => element !== undefined);
    return (
      COLLECTION_BYTES +
      sum(elements.map(([name, element]) => ELEMENT_BYTES + itemBytes({ [name]: element })))
    );
  }
  // null and booleans; an attribute that is undefined is not written.
  return value === undefined ? 0 : 1;
}

/** A byte for two significant digits, one for the exponent, one for a minus: "approximately", says the page. */
function numberBytes(value: number): number {
  const [mantissa = ""] = Math.abs(value).toExponential().split("e");
  const digits = mantissa.replace(".", "").replace(/0+$/, "").length;
  return Math.ceil(digits / 2) + 1 + (value < 0 ? 1 : 0);
}

/** Units of one write, of the table and of its indexes. */
export interface WriteUnits {
  readonly table: number;
  readonly indexes: number;
}

/** What one write costs that made `before` into `after`; `undefined` is no item. A refused write costs as much. */
export function writeUnitsOf(before: Item | undefined, after: Item | undefined): WriteUnits {
  const largest = Math.max(sizeOf(before), sizeOf(after));
  return {
    table: Math.max(1, Math.ceil(largest / WRITE_UNIT_BYTES)),
    indexes: sum(
      TABLE_SHAPE.indexes.map((index) => indexUnitsOf(entryOf(before, index), entryOf(after, index))),
    ),
  };
}

type Index = (typeof TABLE_SHAPE.indexes)[number];

/** What an index holds of an item: its keys. `undefined`: the item is not in it. */
export function entryOf(item: Item | undefined, { hash, range }: Index): Item | undefined {
  if (item?.[hash] === undefined || item[range] === undefined) return undefined;
  return { pk: item.pk, sk: item.sk, [hash]: item[hash], [range]: item[range] };
}

/** An entry that stays as it is costs nothing; one whose keys change is taken out and put in anew. */
function indexUnitsOf(before: Item | undefined, after: Item | undefined): number {
  if (JSON.stringify(before) === JSON.stringify(after)) return 0;
  return sum([before, after].map((entry) => Math.ceil(sizeOf(entry) / WRITE_UNIT_BYTES)));
}

/** How consistent a read is, which decides its price. */
export type Consistency = "consistent" | "eventual";

/** Units of one read of `bytes`: of an item, or of all that one query found. Reading nothing costs the least. */
export function readUnitsOf(bytes: number, consistency: Consistency): number {
  const units = Math.max(1, Math.ceil(bytes / READ_UNIT_BYTES));
  return consistency === "consistent" ? units : units / 2;
}

function sizeOf(item: Item | undefined): number {
  return item === undefined ? 0 : itemBytes(item);
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
