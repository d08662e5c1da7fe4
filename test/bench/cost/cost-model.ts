/** From what a photo makes AWS do to what it costs. Pure: a workload and prices in, dollars out. */
import { MEASURED } from "./measured.ts";
import { INTERNET_TIERS, type PriceList, tieredUsd } from "./prices.ts";
import {
  GB,
  gbSecondsOf,
  INVOCATION_LOG_BYTES,
  type Lane,
  type Quantities,
  quantitiesOf,
  rowBytesOf,
} from "./quantities.ts";
import type { DestinationPlace, Workload } from "./workload.ts";

/** The terms of a lane's cost, in the order in which they are told. */
export const TERMS = [
  "Lambda time",
  "Lambda invocations",
  "S3 GET",
  "SQS requests",
  "DynamoDB writes",
  "DynamoDB reads",
  "Logs",
  "Transfer out",
] as const;
export type Term = (typeof TERMS)[number];

/** What is asked of the model. */
export interface Question {
  readonly workload: Workload;
  readonly prices: PriceList;
  /** Of the bucket lane, and of the obvious Lambda. v4 goes to the internet. */
  readonly destination: DestinationPlace;
}

/** US dollars for a million photos. */
export interface Cost {
  readonly terms: Readonly<Record<Term, number>>;
  readonly total: number;
  /** Of one photo. */
  readonly quantities: Quantities;
}

/** An amount with its name. */
export interface Amount {
  readonly what: string;
  readonly usd: number;
}

const MILLION = 1e6;

/** Hours of an average month. */
const HOURS_PER_MONTH = 730;
const MINUTES_PER_MONTH = HOURS_PER_MONTH * 60;
const DAYS_PER_MONTH = HOURS_PER_MONTH / 24;

/** The intake queue and its dead letters: both wake a function. */
const POLLED_QUEUES = 2;

/** A long poll of Lambda's waits so long for a message. */
const POLL_SECONDS = 20;

/** What DynamoDB stores for an item or an entry of an index beside its bytes. */
const STORED_ITEM_BYTES = 100;

/** What a million photos cost in a lane. */
export function costPerMillion(lane: Lane, { workload, prices, destination }: Question): Cost {
  const quantities = quantitiesOf(lane, workload);
  const place = lane === "v4" ? "internet" : destination;
  const terms: Record<Term, number> = {
    "Lambda time": MILLION * quantities.lambdaGbSeconds * prices.lambdaGbSecond,
    "Lambda invocations": MILLION * quantities.lambdaInvocations * prices.lambdaInvocation,
    "S3 GET": MILLION * quantities.s3Gets * prices.s3Get,
    "SQS requests": MILLION * quantities.sqsRequests * prices.sqsRequest,
    "DynamoDB writes": MILLION * quantities.writeUnits * prices.dynamoWriteUnit,
    "DynamoDB reads": MILLION * quantities.readUnits * prices.dynamoReadUnit,
    Logs: MILLION * quantities.logGb * prices.logsGb,
    "Transfer out": transferUsd(place, quantities.sentGb, workload, prices),
  };
  return { terms, total: sum(Object.values(terms)), quantities };
}

/** A million photos' part of what the month's photos cost to send. */
export function transferUsd(
  place: DestinationPlace,
  gbPerPhoto: number,
  { photosPerMonth }: Pick<Workload, "photosPerMonth">,
  prices: PriceList,
): number {
  switch (place) {
    case "same-region":
      return 0;
    case "other-region":
      return MILLION * gbPerPhoto * prices.otherRegionGb;
    case "internet":
      return (tieredUsd(gbPerPhoto * photosPerMonth, INTERNET_TIERS) / photosPerMonth) * MILLION;
  }
}

/** What a deployment costs in a month in which no photo comes. */
export function fixedPerMonth({ workload, prices }: Question): Amount[] {
  const polls = (workload.idlePollers * MINUTES_PER_MONTH * 60) / POLL_SECONDS;
  const round =
    gbSecondsOf(workload, workload.idleRoundMs) * prices.lambdaGbSecond +
    prices.lambdaInvocation +
    prices.scheduledInvocation +
    MEASURED.idleRoundReadUnits * prices.dynamoReadUnit +
    (INVOCATION_LOG_BYTES / GB) * prices.logsGb;
  return [
    { what: "looking into two empty queues", usd: POLLED_QUEUES * polls * prices.sqsRequest },
    { what: "a round of closing every minute", usd: MINUTES_PER_MONTH * round },
    { what: `${workload.alarms} metrics watched by alarms`, usd: workload.alarms * prices.alarmMonth },
    { what: `${workload.metrics} metrics made from the log`, usd: workload.metrics * prices.metricMonth },
    { what: "a dashboard", usd: prices.dashboardMonth },
  ];
}

/** What an operator's own choices cost, by name, as they are told. */
export const BESIDE = {
  otherRegion: "a destination in another region of AWS",
  outsideAws: "a destination outside of AWS",
  natOneWay: "functions in a VPC that send through a NAT gateway, and read through an endpoint for S3",
  natBothWays: "functions in a VPC that send and read through a NAT gateway",
  dayKept: "photos kept in the bucket, for each day",
  cameraPuts: "the cameras' own PUTs, in one piece each",
  ledgerMonth: "the ledger's rows kept, for each month",
  logMonth: "the log kept, for each month",
  batchesOfOne: "batches of one photo, each as long as its share of a full one",
  mixedTracks: "as many tracks in a batch as photos: many vehicles at once",
} as const;

/** Name of something in {@link BESIDE}. */
export type BesideName = keyof typeof BESIDE;

/** What an operator's own choices add to a million photos of the bucket lane, in US dollars. */
export function besideIt(question: Question): Readonly<Record<BesideName, number>> {
  const { workload, prices } = question;
  const photosGb = (MILLION * workload.photoMb * 1e6) / GB;
  const usual = costPerMillion("bucket", question).total;
  const extra = (changed: Partial<Workload>) =>
    costPerMillion("bucket", { ...question, workload: { ...workload, ...changed } }).total - usual;
  const transfer = (place: DestinationPlace) => transferUsd(place, photosGb / MILLION, workload, prices);
  const storedBytes =
    rowBytesOf("bucket", workload).sent + MEASURED.entryBytes + (1 + MEASURED.entries) * STORED_ITEM_BYTES;
  const ledgerGb = (MILLION * storedBytes) / GB;
  return {
    otherRegion: transfer("other-region"),
    outsideAws: transfer("internet"),
    natOneWay: photosGb * prices.natGb,
    natBothWays: 2 * photosGb * prices.natGb,
    dayKept: (photosGb * prices.s3GbMonth) / DAYS_PER_MONTH,
    cameraPuts: MILLION * prices.s3Put,
    ledgerMonth: ledgerGb * (prices.dynamoGbMonth + prices.dynamoBackupGbMonth),
    logMonth: MILLION * quantitiesOf("bucket", workload).logGb * prices.logsGbMonth,
    batchesOfOne: extra({ photosPerBatch: 1, tracksPerBatch: 1 }),
    mixedTracks: extra({ tracksPerBatch: workload.photosPerBatch }),
  };
}

/** A NAT gateway that is only there, for a month. */
export function natGatewayPerMonth(prices: PriceList): number {
  return HOURS_PER_MONTH * prices.natHour;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
