/** What a server saw since it was asked last. */
export interface ServerReport {
  /** By operation: `GET`, `POST`, or what DynamoDB calls it. */
  readonly requests: Readonly<Record<string, number>>;
  /** In bodies of requests, forms included. */
  readonly receivedBytes: number;
  /** Bodies that were not what they should have been, one line each. */
  readonly complaints: readonly string[];
  /** Files whose SHA-256 was right. */
  readonly verified: number;
  /** Of the server's process, user and system. */
  readonly cpuMs: number;
  /** When something happened to a photo, ms since 1970, by file name: the source's GET came, the destination answered. */
  readonly journal: readonly (readonly [filename: string, atMs: number])[];
}

/** Counts for one server. */
export interface Tally {
  count(operation: string): void;
  receive(bytes: number): void;
  complain(line: string): void;
  verify(): void;
  note(filename: string): void;
  /** Hands over everything since the last time. */
  take(): ServerReport;
}

/** A tally at zero. */
export function createTally(): Tally {
  let report = nothing();
  let cpuUsage = process.cpuUsage();
  return {
    count(operation) {
      report.requests[operation] = (report.requests[operation] ?? 0) + 1;
    },
    receive(bytes) {
      report.receivedBytes += bytes;
    },
    complain(line) {
      report.complaints.push(line);
    },
    verify() {
      report.verified += 1;
    },
    note(filename) {
      report.journal.push([filename, performance.timeOrigin + performance.now()]);
    },
    take() {
      const { user, system } = process.cpuUsage(cpuUsage);
      cpuUsage = process.cpuUsage();
      const taken = { ...report, cpuMs: (user + system) / 1e3 };
      report = nothing();
      return taken;
    },
  };
}

function nothing() {
  return {
    requests: {} as Record<string, number>,
    receivedBytes: 0,
    complaints: [] as string[],
    verified: 0,
    journal: [] as (readonly [string, number])[],
  };
}
