/** One assumption of the model, and why it may be made. */
export interface Assumption {
  readonly value: number;
  readonly what: string;
  /** `chosen`: whoever asks says it · `measured` · `documented` by AWS · `estimate`: nobody has measured it yet. */
  readonly known: "chosen" | "measured" | "documented" | "estimate";
  /** Where it is from. */
  readonly from: string;
}

/**
 * Everything the model assumes and that is not counted from our code (`measured.ts`) or a price (`prices.ts`). Each is
 * an option of the program.
 */
export const ASSUMPTIONS = {
  photoMb: { value: 4, what: "size of a photo, MB (10⁶ bytes)", known: "chosen", from: "a usual camera" },
  photosPerMonth: {
    value: 1_000_000,
    what: "photos a month: only the transfer depends on it",
    known: "chosen",
    from: "a round number",
  },
  photosPerBatch: {
    value: 10,
    what: "photos in one invocation, on average, at most 10",
    known: "chosen",
    from: "the batch size; while photos wait in the queue, batches are full",
  },
  tracksPerBatch: {
    value: 1,
    what: "tracks whose photos share a batch, on average",
    known: "chosen",
    from: "one vehicle uploads a trip; many at once mix",
  },
  photosPerSequence: { value: 1_000, what: "photos in a sequence", known: "chosen", from: "full sequences" },
  memoryMb: { value: 512, what: "memory of the functions, MB", known: "chosen", from: "the deployment" },
  relayMsPerPhoto: {
    value: 77,
    what: "time of a batch by its photos, ms",
    known: "measured",
    from: "`npm run bench:latency` (2026-11-22): 22.4 ms of CPU a photo on a busy test machine, at the 0.29 vCPU of a 512 MB function; 16 photos of 4 MiB at once",
  },
  roundsPerSequence: {
    value: 25,
    what: "rounds of closing that see a sequence, one a minute",
    known: "estimate",
    from: "10 minutes of quiet and 15 of the relay's longest time-out",
  },
  closingMs: {
    value: 300,
    what: "time to close a sequence, beside its rows, ms",
    known: "estimate",
    from: "a dozen calls to the table of some 10 ms, and one finish of 150 ms",
  },
  publishingMs: {
    value: 10,
    what: "time for 25 rows to become published, ms",
    known: "estimate",
    from: "writes side by side, 10 ms each",
  },
  idleRoundMs: {
    value: 30,
    what: "time of a round of closing with nothing to do, ms",
    known: "estimate",
    from: "five calls to the table, one after the other",
  },
  v4HandleBytes: {
    value: 300,
    what: "v4: length of a file handle",
    known: "estimate",
    from: "handles are opaque, and no length is documented",
  },
  v4OffsetMs: {
    value: 150,
    what: "v4: time to ask how much of a photo has arrived, ms",
    known: "estimate",
    from: "as long as the upload's own answer; a batch's photos wait side by side",
  },
  obviousMsPerPhoto: {
    value: 406,
    what: "obvious Lambda: time of a photo, ms",
    known: "measured",
    from: "a prototype as above, one photo at a time (November 2026)",
  },
  obviousWriteUnits: {
    value: 4,
    what: "obvious Lambda: write units of a photo",
    known: "estimate",
    from: "a row with one index, relayed, published",
  },
  obviousLogBytes: {
    value: 1_650,
    what: "obvious Lambda: bytes it prints for a photo",
    known: "estimate",
    from: "its event, as tutorials do: an S3 event of 810 bytes, escaped, in its SQS record",
  },
  idlePollers: {
    value: 5,
    what: "pollers of a queue that is empty",
    known: "documented",
    from: "docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html; no fewer where a maximum concurrency is set",
  },
  alarms: {
    value: 14,
    what: "metrics watched by alarms: CloudWatch bills an alarm by those",
    known: "measured",
    from: "counted in what `infra/` deploys (`test/infra`): 12 alarms, one of them over three metrics",
  },
  metrics: {
    value: 14,
    what: "metrics made from the log",
    known: "measured",
    from: "counted in what `infra/` deploys (`test/infra`)",
  },
} as const satisfies Readonly<Record<string, Assumption>>;

/** Name of an assumption. */
export type AssumptionName = keyof typeof ASSUMPTIONS;

/** A value for every assumption. */
export type Workload = Readonly<Record<AssumptionName, number>>;

/** Where the bucket lane's photos go: only their transfer depends on it. */
export const DESTINATIONS = ["same-region", "other-region", "internet"] as const;
export type DestinationPlace = (typeof DESTINATIONS)[number];

/** SQS hands over at most so many messages in one request. */
export const MAX_PHOTOS_PER_BATCH = 10;

/** A workload, some of it as chosen. */
export function workloadOf(chosen: Partial<Workload> = {}): Workload {
  const names = Object.keys(ASSUMPTIONS) as AssumptionName[];
  return Object.fromEntries(names.map((name) => [name, chosen[name] ?? ASSUMPTIONS[name].value])) as Workload;
}

/** Every assumption that makes no sense, told by name. */
export function problemsOf(workload: Workload): string[] {
  const { photosPerBatch, tracksPerBatch, photosPerSequence } = workload;
  const negative = Object.entries(workload).filter(([, value]) => !Number.isFinite(value) || value < 0);
  return [
    ...negative.map(([name, value]) => `${name} is ${value}; expected a number of at least 0`),
    ...told(photosPerBatch < 1 || photosPerBatch > MAX_PHOTOS_PER_BATCH, "photosPerBatch goes from 1 to 10"),
    ...told(
      tracksPerBatch < 1 || tracksPerBatch > photosPerBatch,
      "tracksPerBatch goes from 1 to photosPerBatch",
    ),
    ...told(photosPerSequence < 1 || photosPerSequence > 1_000, "photosPerSequence goes from 1 to 1000"),
    ...told(workload.photosPerMonth <= 0, "photosPerMonth is more than 0"),
  ];
}

function told(isWrong: boolean, problem: string): string[] {
  return isWrong ? [problem] : [];
}
