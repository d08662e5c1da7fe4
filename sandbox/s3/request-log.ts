import type { S3Operation } from "./service.ts";

/** How often the sandbox was asked for what. Counts only, so that it can run for as long as it likes. */
export interface RequestLog {
  /** Requests that came in, whatever became of them. Default: of all operations. */
  count(operation?: S3Operation): number;
  /** Answers sent with this HTTP status. A request whose connection was dropped has none. */
  countAnswers(operation: S3Operation, status: number): number;
}

/** The server's side of the log. */
export interface RequestCounter extends RequestLog {
  /** A request came in. */
  received(operation: S3Operation): void;
  /** An answer was begun. */
  answered(operation: S3Operation, status: number): void;
}

/** Makes a log with nothing in it. */
export function createRequestCounter(): RequestCounter {
  const received = new Map<S3Operation, number>();
  const answered = new Map<string, number>();

  return {
    count(operation) {
      if (operation !== undefined) return received.get(operation) ?? 0;
      return [...received.values()].reduce((sum, count) => sum + count, 0);
    },
    countAnswers: (operation, status) => answered.get(`${operation} ${status}`) ?? 0,
    received(operation) {
      received.set(operation, (received.get(operation) ?? 0) + 1);
    },
    answered(operation, status) {
      const name = `${operation} ${status}`;
      answered.set(name, (answered.get(name) ?? 0) + 1);
    },
  };
}
