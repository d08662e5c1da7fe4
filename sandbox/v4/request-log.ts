import type { V4Operation } from "./routes.ts";

/** One request and what became of it. */
export interface V4RequestEntry {
  readonly operation: V4Operation;
  readonly method: string;
  /** Without the query, as it was sent. */
  readonly path: string;
  /** The session's, decoded; absent when the request is about none. */
  readonly key: string | undefined;
  /** What the header Offset says; absent when it is, or is no number. */
  readonly offset: number | undefined;
  /** Bytes of body that came in. Goes on growing when a client still sends what was refused. */
  readonly bytesReceived: number;
  /** Bytes of it that the session was given. */
  readonly bytesKept: number;
  /** Absent until the request is answered, and for good when its connection was dropped. */
  readonly status: number | undefined;
}

/** Which requests came in. */
export interface V4RequestLog {
  /** The last {@link MAX_ENTRIES}, oldest first. Default: of all sessions and of none. */
  entries(key?: string): readonly V4RequestEntry[];
  /** Requests that came in, whatever became of them. Default: of all operations. */
  count(operation?: V4Operation): number;
  /** Answers begun with this HTTP status. */
  countAnswers(operation: V4Operation, status: number): number;
}

/** An entry that is being written. */
export interface OpenEntry extends V4RequestEntry {
  bytesReceived: number;
  bytesKept: number;
  status: number | undefined;
}

/** The server's side of the log. */
export interface V4RequestRecorder extends V4RequestLog {
  /** A request came in. */
  begin(entry: OpenEntry): void;
  /** It is about to be answered. */
  answer(entry: OpenEntry, status: number): void;
  /** It will not be answered. */
  drop(entry: OpenEntry): void;
}

/** As many as some sequences' worth of requests; counts go on beyond. */
export const MAX_ENTRIES = 100_000;

/**
 * Makes a log with nothing in it.
 *
 * @param onRequest called before each request is answered, and for one that is not, once that is certain
 */
export function createRequestLog(onRequest: (entry: V4RequestEntry) => void): V4RequestRecorder {
  const entries: V4RequestEntry[] = [];
  const counts = new Map<string, number>();
  const increment = (name: string) => counts.set(name, (counts.get(name) ?? 0) + 1);

  return {
    entries: (key) => entries.filter((entry) => key === undefined || entry.key === key),
    count: (operation) => counts.get(operation ?? "") ?? 0,
    countAnswers: (operation, status) => counts.get(`${operation} ${status}`) ?? 0,
    begin(entry) {
      if (entries.length === MAX_ENTRIES) entries.shift();
      entries.push(entry);
      increment("");
      increment(entry.operation);
    },
    answer(entry, status) {
      entry.status = status;
      increment(`${entry.operation} ${status}`);
      onRequest(entry);
    },
    drop: (entry) => onRequest(entry),
  };
}
