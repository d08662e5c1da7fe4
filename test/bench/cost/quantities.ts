/** What one photo makes AWS do, lane by lane. */
import { MEASURED } from "./measured.ts";
import type { Workload } from "./workload.ts";

/**
 * `bucket` and `v4` are ours. `obvious` is what one would write without thinking of cost: one photo an invocation, its
 * size asked before it is read (two requests to S3), held in memory, the event printed.
 */
export type Lane = "bucket" | "v4" | "obvious";

/** All in the units of the prices. */
export interface Quantities {
  readonly lambdaGbSeconds: number;
  readonly lambdaInvocations: number;
  readonly s3Gets: number;
  readonly sqsRequests: number;
  readonly writeUnits: number;
  readonly readUnits: number;
  readonly logGb: number;
  /** That leave the function for the destination. */
  readonly sentGb: number;
}

/** AWS's GB. */
export const GB = 2 ** 30;

/** CloudWatch counts so many bytes for a line, beside its text (PutLogEvents). */
const LOG_LINE_BYTES = 26;

const REQUEST_ID = "00000000-0000-0000-0000-000000000000";

/** What Lambda itself prints for an invocation, in its text format. */
const PLATFORM_LINES = [
  `START RequestId: ${REQUEST_ID} Version: $LATEST\n`,
  `END RequestId: ${REQUEST_ID}\n`,
  `REPORT RequestId: ${REQUEST_ID}\tDuration: 430.27 ms\tBilled Duration: 431 ms\tMemory Size: 512 MB\tMax Memory Used: 128 MB\t\n`,
];

/** Bytes of the log that an invocation costs before our code says a word. */
export const INVOCATION_LOG_BYTES = PLATFORM_LINES.join("").length + PLATFORM_LINES.length * LOG_LINE_BYTES;

const SQS_REQUEST_BYTES = 64 * 2 ** 10;
const WRITE_UNIT_BYTES = 2 ** 10;
const READ_UNIT_BYTES = 4 * 2 ** 10;

/** Rows that are made published side by side: `PUBLISHED_AT_ONCE` of the pipeline. */
const PUBLISHED_AT_ONCE = 25;

/** v4: what stands in place of the destination key, `mly_tools_uuid_<32 digits>.jpg`, with its name; and the handle's name. */
const SESSION_KEY_BYTES = "destinationKey".length + "mly_tools_uuid_.jpg".length + 32;
const HANDLE_NAME_BYTES = "handle".length;

/** What one photo comes to in a lane. */
export function quantitiesOf(lane: Lane, workload: Workload): Quantities {
  if (lane === "obvious") return obviousQuantities(workload);
  const { photosPerBatch: batch, photosPerSequence: sequence } = workload;
  // A batch's photos ask side by side.
  const offsetMs = lane === "v4" ? workload.v4OffsetMs / batch : 0;
  const ms = workload.relayMsPerPhoto + offsetMs + closingMsOf(workload) / sequence;
  return {
    lambdaGbSeconds: gbSecondsOf(workload, ms),
    lambdaInvocations: 1 / batch,
    s3Gets: 1,
    sqsRequests: sqsRequestsOf(batch),
    writeUnits: photoWriteUnits(lane, workload) + sequenceWriteUnits(workload) / sequence,
    readUnits: readUnitsOfPhoto(workload),
    logGb: logBytesOf(batch, sequence) / GB,
    sentGb: (workload.photoMb * 1e6) / GB,
  };
}

function obviousQuantities(workload: Workload): Quantities {
  const printed = workload.obviousLogBytes + LOG_LINE_BYTES;
  return {
    lambdaGbSeconds: gbSecondsOf(workload, workload.obviousMsPerPhoto),
    lambdaInvocations: 1,
    s3Gets: 2,
    sqsRequests: sqsRequestsOf(1),
    writeUnits: workload.obviousWriteUnits,
    // Its conditional writes do without a look before them.
    readUnits: 0,
    logGb: (printed + INVOCATION_LOG_BYTES) / GB,
    sentGb: (workload.photoMb * 1e6) / GB,
  };
}

/** GB-seconds of so many ms of a function with the workload's memory. */
export function gbSecondsOf({ memoryMb }: Pick<Workload, "memoryMb">, ms: number): number {
  return (memoryMb / 1024) * (ms / 1000);
}

/** One with which S3 sends the message; one that receives a batch, billed by its bytes, and one that deletes it. */
function sqsRequestsOf(batch: number): number {
  const receiving = unitsOf(batch * MEASURED.intakeMessageBytes, SQS_REQUEST_BYTES);
  return 1 + (receiving + 1) / batch;
}

function closingMsOf({ closingMs, publishingMs, photosPerSequence }: Workload): number {
  return closingMs + Math.ceil(photosPerSequence / PUBLISHED_AT_ONCE) * publishingMs;
}

/** The row when it is made, relayed and published, its entries in the indexes, and its share of a claim. */
function photoWriteUnits(lane: "bucket" | "v4", workload: Workload): number {
  const { photosPerBatch, tracksPerBatch, photosPerSequence } = workload;
  const row = rowBytesOf(lane, workload);
  return (
    unitsOf(row.made, WRITE_UNIT_BYTES) +
    2 * unitsOf(row.sent, WRITE_UNIT_BYTES) +
    MEASURED.entries +
    claimUnits(photosPerSequence, photosPerBatch / tracksPerBatch) / photosPerSequence
  );
}

/** Bytes of a photo's row before and after it was sent. */
export function rowBytesOf(lane: "bucket" | "v4", { v4HandleBytes }: Pick<Workload, "v4HandleBytes">) {
  if (lane === "bucket") return { made: MEASURED.rowBytes, sent: MEASURED.rowBytes };
  const made = MEASURED.rowBytes - MEASURED.destinationKeyBytes + SESSION_KEY_BYTES;
  return { made, sent: made + HANDLE_NAME_BYTES + v4HandleBytes };
}

/** Write units of all claims of a sequence's slots: every claim writes the whole item, which grows by a mark a photo. */
export function claimUnits(photosPerSequence: number, photosPerClaim: number): number {
  let units = 0;
  for (let taken = 0; taken < photosPerSequence; ) {
    taken = Math.min(photosPerSequence, taken + photosPerClaim);
    units += unitsOf(MEASURED.openSequenceBytes + taken * MEASURED.nameMarkBytes, WRITE_UNIT_BYTES);
  }
  return units;
}

/** Write units of a sequence beside its photos and claims. */
export function sequenceWriteUnits({ photosPerSequence }: Pick<Workload, "photosPerSequence">): number {
  const move = unitsOf(closedBytesOf(photosPerSequence), WRITE_UNIT_BYTES);
  return MEASURED.sequenceMoves * move + MEASURED.sequenceIndexUnits + MEASURED.headWriteUnits;
}

function readUnitsOfPhoto(workload: Workload): number {
  const { photosPerBatch, tracksPerBatch, photosPerSequence } = workload;
  const relaying =
    MEASURED.lookReadUnits +
    MEASURED.gateReadUnits / photosPerBatch +
    (MEASURED.headReadUnits * tracksPerBatch) / photosPerBatch;
  return relaying + closingReadUnits(workload) / photosPerSequence;
}

/** Read units of a sequence: its head a second time when it is new, its item every round, and its rows in the end. */
export function closingReadUnits({
  photosPerSequence,
  roundsPerSequence,
}: Pick<Workload, "photosPerSequence" | "roundsPerSequence">): number {
  const item = unitsOf(closedBytesOf(photosPerSequence), READ_UNIT_BYTES);
  const entries = unitsOf(photosPerSequence * MEASURED.sequenceEntryBytes, READ_UNIT_BYTES) / 2;
  return MEASURED.headReadUnits + roundsPerSequence * item + entries + photosPerSequence;
}

function closedBytesOf(photosPerSequence: number): number {
  return MEASURED.closedSequenceBytes + photosPerSequence * MEASURED.nameMarkBytes;
}

function logBytesOf(batch: number, sequence: number): number {
  const ofSequence = MEASURED.sequenceLogBytes + MEASURED.sequenceLogLines * LOG_LINE_BYTES;
  return MEASURED.photoLogBytes + LOG_LINE_BYTES + INVOCATION_LOG_BYTES / batch + ofSequence / sequence;
}

function unitsOf(bytes: number, unitBytes: number): number {
  return Math.max(1, Math.ceil(bytes / unitBytes));
}
