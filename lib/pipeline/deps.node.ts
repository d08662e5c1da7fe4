import { v4 as newId } from "uuid";
import type { Fleet } from "../config/fleet.ts";
import { createDynamoGates } from "../ledger/gate.dynamo.ts";
import { createDynamoLedger } from "../ledger/ledger.dynamo.ts";
import type { Table } from "../ledger/table.dynamo.ts";
import type { PhotoSource } from "../photo/photo.ts";
import { createDynamoSequences } from "../sequence/sequence.dynamo.ts";
import type { RetryPolicy } from "./backoff.ts";
import type { Account, Deps } from "./deps.ts";
import type { Log } from "./log.ts";

/** What differs between a Lambda and a laptop. */
export interface WorkerParts {
  readonly fleet: Fleet;
  readonly table: Table;
  readonly source: PhotoSource;
  readonly accounts: ReadonlyMap<string, Account>;
  readonly retries: RetryPolicy;
  readonly relayLifetimeMs: number;
  readonly indexLagMs: number;
  readonly log: Log;
}

/** Puts the pipeline together on the machine's clock, chance and timers. */
export function createDeps(parts: WorkerParts): Deps {
  const { table, fleet } = parts;
  const now = Date.now;
  return {
    ...parts,
    ledger: createDynamoLedger({ table, duplicates: fleet.duplicates, now }),
    sequences: createDynamoSequences({ table, now, newId }),
    gates: createDynamoGates({ table, now }),
    now,
    random: Math.random,
    newId,
    delay: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
  };
}
