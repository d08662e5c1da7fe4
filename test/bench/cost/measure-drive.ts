/**
 * A drive of photos as a fleet makes them, through the real pipeline and onto a real table, to count what a photo
 * costs. Source and destination are in memory: nothing of theirs is billed by what is counted here.
 */
import { createHash, randomUUID } from "node:crypto";
import { ScanCommand } from "@aws-sdk/lib-dynamodb";
import { readFleet } from "../../../lib/config/fleet.ts";
import { createDynamoGates } from "../../../lib/ledger/gate.dynamo.ts";
import { createDynamoLedger } from "../../../lib/ledger/ledger.dynamo.ts";
import type { Table } from "../../../lib/ledger/table.dynamo.ts";
import { TABLE_SHAPE } from "../../../lib/ledger/table.ts";
import type { Destination } from "../../../lib/mapillary/destination.ts";
import { PHOTO_TAGS } from "../../../lib/photo/exif-tags.ts";
import type { PhotoRef, PhotoSource } from "../../../lib/photo/photo.ts";
import { CLOUD_RETRIES } from "../../../lib/pipeline/backoff.ts";
import { closeSequences } from "../../../lib/pipeline/close-sequences.ts";
import { createDeps } from "../../../lib/pipeline/deps.node.ts";
import type { Deps } from "../../../lib/pipeline/deps.ts";
import type { Log } from "../../../lib/pipeline/log.ts";
import { relayMessages } from "../../../lib/pipeline/relay-messages.ts";
import { createDynamoSequences } from "../../../lib/sequence/sequence.dynamo.ts";
import { makePhoto } from "../../../sandbox/photo-maker.ts";
import { ascii } from "../../../sandbox/photo-maker-tiff.ts";
import { s3EventBody } from "../../../sandbox/s3-event.ts";
import { startTableSandbox } from "../../../sandbox/table.ts";
import { createCountingTable, type TableUsage } from "./counting-table.ts";
import { entryOf, type Item, itemBytes } from "./table-capacity.ts";

/** How many photos, in what batches, of how many tracks in turn. A track's photos fit in one sequence. */
export interface Drive {
  readonly photos: number;
  readonly photosPerBatch: number;
  readonly tracks: number;
}

/** What was counted. */
export interface DriveMeasurement {
  readonly relaying: TableUsage;
  /** The round that closed the sequence, and the one that finished it. */
  readonly closing: TableUsage;
  /** A round that found nothing to do. */
  readonly idleRound: TableUsage;
  /** Bytes of a published photo's item, of the largest. */
  readonly rowBytes: number;
  /** Bytes of it that name its place at the destination. */
  readonly destinationKeyBytes: number;
  /** Bytes of its entries in the indexes, together. */
  readonly entryBytes: number;
  /** How many entries those are. */
  readonly entries: number;
  /** Bytes of its entry in the index by sequence. */
  readonly sequenceEntryBytes: number;
  /** Bytes of a sequence's item before it is closed, and when it is published. */
  readonly openSequenceBytes: number;
  readonly sequenceItemBytes: number;
}

/** As a fleet would have it: a bucket with an account number in its name, versions on, a time in the file name. */
const BUCKET = "fleet-photos-123456789012";
const VERSION_ID = "096fKKXTRTtl3on89fVO.nfljtsv6qko";
const USERNAME = "acme_mapping";
const PHOTO_BYTES = 4_012_345;
const DRIVE_STARTED_AT = Date.parse("2026-11-22T08:15:30.123Z");

/** Runs one. @param log where the pipeline's events go */
export async function measureDrive(
  { photos, photosPerBatch, tracks }: Drive,
  log: Log,
): Promise<DriveMeasurement> {
  const sandbox = await startTableSandbox();
  try {
    const counting = createCountingTable(sandbox.table);
    const contents = new Map(Array.from({ length: photos }, (_, nth) => makeDrivePhoto(nth, nth % tracks)));
    const refs = Array.from(contents, ([key, bytes]) => refOf(key, bytes));
    const deps = createDriveDeps(counting.table, contents, log);
    for (let at = 0; at < refs.length; at += photosPerBatch) {
      await relayBatch(deps, refs.slice(at, at + photosPerBatch));
    }
    const relaying = counting.takeUsage();
    const open = (await scan(sandbox.table)).find(({ status }) => status === "open");
    const { signal } = new AbortController();
    await closeSequences(deps, signal);
    const closing = counting.takeUsage();
    await closeSequences(deps, signal);
    const idleRound = counting.takeUsage();
    const sizes = { openSequenceBytes: itemBytes(open ?? {}), ...sizesIn(await scan(sandbox.table)) };
    return { relaying, closing, idleRound, ...sizes };
  } finally {
    await sandbox.stop();
  }
}

async function scan({ client, name }: Table): Promise<Item[]> {
  const { Items = [] } = await client.send(new ScanCommand({ TableName: name, ConsistentRead: true }));
  return Items;
}

function makeDrivePhoto(nth: number, track: number): [key: string, bytes: Uint8Array] {
  const takenAt = new Date(DRIVE_STARTED_AT + nth * 500);
  const stamp = takenAt.toISOString().replaceAll(/[-:T]/g, "").replace(".", "_").replace("Z", "");
  const bytes = makePhoto({
    latitudeDeg: 52.514_523 + nth / 7_919,
    longitudeDeg: 13.350_189 + nth / 7_919,
    altitudeMeters: 34.56,
    headingDeg: 271.34,
    make: "GoPro",
    model: "HERO11 Black",
    takenAt,
    seed: nth,
    entries: { Photo: [ascii(PHOTO_TAGS.BodySerialNumber, "C3471325208491")] },
  });
  return [`van-${17 + track}/2026-11-22-morning/IMG_${stamp}.jpg`, bytes];
}

function refOf(key: string, bytes: Uint8Array): PhotoRef {
  const etag = createHash("md5").update(bytes).digest("hex");
  return { bucket: BUCKET, key, etag, sizeBytes: PHOTO_BYTES, versionId: VERSION_ID };
}

function createDriveDeps(table: Table, contents: ReadonlyMap<string, Uint8Array>, log: Log): Deps {
  const account = {
    name: "default",
    lane: "bucket" as const,
    key: { name: "default", credentialsMark: "01234567" },
    username: USERNAME,
    destination: createWillingDestination(),
  };
  const fleet = readFleet({ destination: "bucket", track: "{vehicle}/{trip}/", quietPeriod: "0s" });
  return {
    ...createDeps({
      fleet,
      table,
      source: createMemorySource(contents),
      accounts: new Map([[account.name, account]]),
      retries: CLOUD_RETRIES,
      // No relay is under way when sequences are closed, so that one round closes and finishes.
      relayLifetimeMs: 0,
      indexLagMs: 0,
      log,
    }),
    now,
    ledger: createDynamoLedger({ table, duplicates: fleet.duplicates, now }),
    sequences: createDynamoSequences({ table, now, newId: randomUUID }),
    gates: createDynamoGates({ table, now }),
  };
}

/** Stands still: DynamoDB stores a number without the noughts at its end, so that a time's size depends on the time. */
const now = () => DRIVE_STARTED_AT;

function createMemorySource(contents: ReadonlyMap<string, Uint8Array>): PhotoSource {
  return {
    async open({ key }) {
      return { body: inOnePiece(contents.get(key) ?? new Uint8Array()), close() {} };
    },
    async identify({ key }) {
      throw new Error(`the event of ${key} says all there is to say`);
    },
  };
}

async function* inOnePiece(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

function createWillingDestination(): Destination {
  return {
    repeatedFinish: "harmless",
    accountObjection: () => undefined,
    objection: () => undefined,
    async send({ destinationKey }, payload, signal) {
      const { rest } = await payload.open(0, signal);
      for (let next = await rest.next(); !next.done; ) next = await rest.next();
      return { kind: "done", destination: destinationKey };
    },
    finish: async ({ id }) => ({ kind: "done", destination: id }),
  };
}

async function relayBatch(deps: Deps, refs: readonly PhotoRef[]): Promise<void> {
  const messages = refs.map((ref, at) => ({
    messageId: `message-${at}`,
    body: s3EventBody({ ...ref, eventTime: new Date(now()).toISOString() }),
    receiveCount: 1,
    sentAtMs: now(),
  }));
  const shift = { remainingMs: () => 900_000, signal: new AbortController().signal };
  const results = await relayMessages(deps, messages, shift);
  const returned = results.filter(({ kind }) => kind !== "settled").length;
  if (returned > 0) throw new Error(`${returned} of ${refs.length} photos were not relayed`);
}

function sizesIn(items: readonly Item[]) {
  const [row] = items
    .filter(({ status, tag }) => status === "published" && tag !== undefined)
    .sort((a, b) => itemBytes(b) - itemBytes(a));
  const sequence = items.find(({ status, trackPath, tag }) => status === "published" && trackPath && !tag);
  if (row === undefined || sequence === undefined) throw new Error("the drive was not published");
  const entries = TABLE_SHAPE.indexes.flatMap((index) => {
    const entry = entryOf(row, index);
    return entry === undefined ? [] : [{ name: index.name, bytes: itemBytes(entry) }];
  });
  return {
    rowBytes: itemBytes(row),
    destinationKeyBytes: itemBytes({ destinationKey: row.destinationKey }),
    entryBytes: entries.reduce((sum, { bytes }) => sum + bytes, 0),
    entries: entries.length,
    sequenceEntryBytes: entries.find(({ name }) => name === "bySequence")?.bytes ?? 0,
    sequenceItemBytes: itemBytes(sequence),
  };
}
