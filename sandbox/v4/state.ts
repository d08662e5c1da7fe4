/**
 * What the stand-in knows besides bytes: tables in memory, and a log of every change from which they are made again.
 * A row is replaced, never changed in place, and a change is in the log before anybody is told of it.
 */
import { z } from "zod";
import type { V4Storage } from "./storage.ts";
import { FILE_NAME } from "./storage.ts";

const bytesSchema = {
  file: z.string().regex(FILE_NAME),
  sizeBytes: z.int().nonnegative(),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
};

const SCHEMAS = {
  /** The one application that may log people in; its row is called `client`. */
  clients: z.object({ id: z.string(), secret: z.string() }),
  /** Access tokens, by themselves. */
  tokens: z.object({
    userId: z.string(),
    issuedAtMs: z.number(),
    expiresAtMs: z.number(),
    revoked: z.boolean(),
  }),
  /** Authorization codes that have not been exchanged yet, by themselves. */
  codes: z.object({ userId: z.string(), clientId: z.string(), expiresAtMs: z.number() }),
  /** Upload sessions, by user and key. A row outlives its bytes, so that the key keeps its handle. */
  sessions: z.object({
    userId: z.string(),
    key: z.string(),
    /** How often the session was begun anew; a part of the name of its file. */
    generation: z.int().positive(),
    /** When the first byte of this generation came; absent when none has come. */
    startedAtMs: z.number().optional(),
    handle: z.string().optional(),
  }),
  /** File handles, by themselves. */
  handles: z.object({ userId: z.string(), key: z.string(), expiresAtMs: z.number(), ...bytesSchema }),
  /** What was finished, by cluster id, in the order of finishing. */
  clusters: z.object({
    username: z.string(),
    organization: z.string().nullable(),
    finishedAtMs: z.number(),
    images: z.array(z.object({ handle: z.string(), key: z.string(), ...bytesSchema })),
  }),
};

type Schemas = typeof SCHEMAS;
type TableName = keyof Schemas;
type RowOf<Name extends TableName> = z.infer<Schemas[Name]>;

/** An upload session. */
export type SessionRow = RowOf<"sessions">;
/** A file handle and the bytes it stands for. */
export type HandleRow = RowOf<"handles">;
/** An access token. */
export type TokenRow = RowOf<"tokens">;
/** The application. */
export type ClientRow = RowOf<"clients">;
/** A finished sequence. */
export type ClusterRow = RowOf<"clusters">;

/** Rows by id. */
export interface Table<Row> {
  readonly size: number;
  get(id: string): Row | undefined;
  /** In the order in which ids came first. */
  entries(): Iterable<readonly [string, Row]>;
  put(id: string, row: Row): void;
  delete(id: string): void;
}

/** All tables. */
export type V4State = { readonly [Name in TableName]: Table<RowOf<Name>> };

/**
 * Reads the state that a storage holds, none in a new one.
 *
 * @throws when a line of the log is not one of ours, naming it.
 */
export async function openState(storage: V4Storage): Promise<V4State> {
  const lines = await storage.readLog();
  const tables = {
    clients: createTable("clients", SCHEMAS.clients, storage),
    tokens: createTable("tokens", SCHEMAS.tokens, storage),
    codes: createTable("codes", SCHEMAS.codes, storage),
    sessions: createTable("sessions", SCHEMAS.sessions, storage),
    handles: createTable("handles", SCHEMAS.handles, storage),
    clusters: createTable("clusters", SCHEMAS.clusters, storage),
  };
  lines.forEach((line, index) => {
    try {
      const { table, id, row } = lineSchema.parse(JSON.parse(line));
      tables[table].load(id, row);
    } catch (error) {
      throw new Error(`line ${index + 1} of the stand-in's state cannot be read`, { cause: error });
    }
  });
  const rows = Object.values(tables).flatMap((table) => [...table.lines()]);
  // Left alone while most of it still counts: rewriting is for logs that have grown with their changes.
  if (lines.length > 2 * rows.length) await storage.replaceLog(rows);
  return tables;
}

const lineSchema = z.object({
  table: z.enum(["clients", "tokens", "codes", "sessions", "handles", "clusters"]),
  id: z.string(),
  /** Null where the row is no more. */
  row: z.unknown(),
});

interface LoadableTable<Row> extends Table<Row> {
  load(id: string, row: unknown): void;
  lines(): Iterable<string>;
}

function createTable<Row>(table: TableName, schema: z.ZodType<Row>, { log }: V4Storage): LoadableTable<Row> {
  const rows = new Map<string, Row>();
  const lineOf = (id: string, row: Row | null) => JSON.stringify({ table, id, row });

  return {
    get size() {
      return rows.size;
    },
    get: (id) => rows.get(id),
    entries: () => rows.entries(),
    put(id, row) {
      log(lineOf(id, row));
      rows.set(id, row);
    },
    delete(id) {
      log(lineOf(id, null));
      rows.delete(id);
    },
    load(id, row) {
      if (row === null) rows.delete(id);
      else rows.set(id, schema.parse(row));
    },
    *lines() {
      for (const [id, row] of rows) yield lineOf(id, row);
    },
  };
}
