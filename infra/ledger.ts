import { TABLE_SHAPE } from "../lib/ledger/table.ts";
import { isProduction } from "./stage.ts";

const FIELD_TYPES = { S: "string", N: "number" } as const;

/** Makes the table as the code knows it: on demand, and with recovery to any second of the last 35 days. */
export function createLedger(): sst.aws.Dynamo {
  const { attributes, primary, indexes } = TABLE_SHAPE;
  return new sst.aws.Dynamo("Ledger", {
    fields: Object.fromEntries(
      Object.entries(attributes).map(([name, type]) => [name, FIELD_TYPES[type]] as const),
    ),
    primaryIndex: { hashKey: primary.hash, rangeKey: primary.range },
    globalIndexes: Object.fromEntries(
      indexes.map(
        ({ name, hash, range }) =>
          [name, { hashKey: hash, rangeKey: range, projection: "keys-only" }] as const,
      ),
    ),
    deletionProtection: isProduction(),
  });
}
