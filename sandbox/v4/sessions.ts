/**
 * Upload sessions: one per user and key. Bytes go to the end of the session's file as they arrive, and what arrived
 * stays, however the request ends. One request at a time adds to a session.
 *
 * [?] At the real service nobody knows: how long a session is kept (here it is counted from its first byte), whether two
 * users' sessions of one key are two (here they are), and what becomes of bytes sent behind the end of a finished file
 * (here they are added, and the handle stands for all).
 */
import { createHash } from "node:crypto";
import { offsetInvalid } from "./answer.ts";
import type { FinishedBytes } from "./handles.ts";
import type { SessionRow, V4State } from "./state.ts";
import type { V4Storage } from "./storage.ts";

/** Which session. */
export interface SessionName {
  readonly userId: string;
  readonly key: string;
}

/** The sessions of all users. */
export interface Sessions {
  /** How many bytes there are; 0 when the session is unknown or has expired. */
  offsetOf(name: SessionName): Promise<number>;
  /**
   * Adds a body to a session.
   *
   * @param onKept told of every piece that was kept, in bytes
   * @returns all there is now
   * @throws {UploadError} 412 when the session does not end at `offset`, or another request is adding to it
   * @throws what the body throws; what came before is kept
   */
  add(
    name: SessionName,
    offset: number,
    body: AsyncIterable<Uint8Array>,
    onKept: (bytes: number) => void,
  ): Promise<FinishedBytes>;
  /** The session's row, after `add`. */
  rowOf(name: SessionName): SessionRow | undefined;
  /** Remembers which handle the session's bytes have. */
  setHandle(name: SessionName, handle: string): void;
  /** Forgets the bytes; the offset is 0 again, and a request that is adding to them ends with 412. */
  forget(name: SessionName): Promise<void>;
}

/** Opens the sessions that the state holds. `now` is in epoch milliseconds. */
export function openSessions(
  state: V4State,
  storage: V4Storage,
  lifetimeMs: number,
  now: () => number,
): Sessions {
  const busy = new Set<string>();
  const rowOf = (name: SessionName) => state.sessions.get(idOf(name));

  const begin = (name: SessionName): SessionRow => {
    const row = rowOf(name) ?? { ...name, generation: 1 };
    if (row.startedAtMs !== undefined) return row;
    const begun = { ...row, startedAtMs: now() };
    state.sessions.put(idOf(name), begun);
    return begun;
  };
  const forget = async (name: SessionName) => {
    const row = rowOf(name);
    if (row?.startedAtMs === undefined) return;
    const { startedAtMs: _, ...rest } = row;
    state.sessions.put(idOf(name), { ...rest, generation: row.generation + 1 });
    // Bytes that have a handle may be in a sequence.
    const isFinished = row.handle !== undefined && state.handles.get(row.handle)?.file === fileOf(row);
    if (!isFinished) await storage.remove(fileOf(row));
  };
  const offsetOf = async (name: SessionName) => {
    const row = rowOf(name);
    if (row?.startedAtMs === undefined) return 0;
    if (now() < row.startedAtMs + lifetimeMs) return await storage.sizeOf(fileOf(row));
    await forget(name);
    return 0;
  };

  return {
    offsetOf,
    rowOf,
    forget,
    async add(name, offset, body, onKept) {
      const id = idOf(name);
      if (busy.has(id)) throw offsetInvalid();
      busy.add(id);
      try {
        if ((await offsetOf(name)) !== offset) throw offsetInvalid();
        const { generation, ...row } = begin(name);
        const bytes = await addBytes(storage, fileOf({ ...row, generation }), offset, body, onKept);
        if (rowOf(name)?.generation !== generation) throw offsetInvalid();
        return bytes;
      } finally {
        busy.delete(id);
      }
    },
    setHandle(name, handle) {
      const row = rowOf(name);
      if (row !== undefined && row.handle !== handle) state.sessions.put(idOf(name), { ...row, handle });
    },
  };
}

async function addBytes(
  storage: V4Storage,
  file: string,
  offset: number,
  body: AsyncIterable<Uint8Array>,
  onKept: (bytes: number) => void,
): Promise<FinishedBytes> {
  const hash = createHash("sha256");
  if (offset > 0) for await (const chunk of storage.read(file, { start: 0, end: offset })) hash.update(chunk);
  let sizeBytes = offset;
  const appending = await storage.append(file);
  try {
    for await (const chunk of body) {
      await appending.write(chunk);
      hash.update(chunk);
      sizeBytes += chunk.byteLength;
      onKept(chunk.byteLength);
    }
  } finally {
    await appending.close();
  }
  return { file, sizeBytes, sha256: hash.digest("hex") };
}

function idOf({ userId, key }: SessionName): string {
  return `${userId} ${key}`;
}

function fileOf(row: SessionRow): string {
  return `${createHash("sha256").update(idOf(row)).digest("hex")}.${row.generation}`;
}
