import { randomBytes } from "node:crypto";
import type { HandleRow, SessionRow, V4State } from "./state.ts";

/** The bytes of a finished upload. */
export type FinishedBytes = Pick<HandleRow, "file" | "sizeBytes" | "sha256">;

/** What somebody finds behind a handle. */
export type Found =
  | { readonly kind: "found"; readonly row: HandleRow }
  | { readonly kind: "unknown" | "foreign" | "expired" };

/** File handles: opaque, of one user, good for a while. */
export interface Handles {
  /**
   * The handle of a session's bytes. The same as last time, good for a whole lifetime again, unless it has expired:
   * then another one.
   */
  give(session: SessionRow, bytes: FinishedBytes): string;
  /** What the handle is to this user. */
  find(handle: string, userId: string): Found;
  /** What it stands for, whoever's it is, expired or not; undefined when it is unknown. */
  bytesOf(handle: string): FinishedBytes | undefined;
  /** From now on the handle has expired. Does nothing when it is unknown. */
  expire(handle: string): void;
}

/** Opens the handles that the state holds. `now` is in epoch milliseconds. */
export function openHandles(state: V4State, lifetimeMs: number, now: () => number): Handles {
  const isGood = (handle: string | undefined): handle is string => {
    const row = handle === undefined ? undefined : state.handles.get(handle);
    return row !== undefined && now() < row.expiresAtMs;
  };

  return {
    give({ userId, key, handle: last }, bytes) {
      const handle = isGood(last) ? last : makeHandle(key);
      state.handles.put(handle, { userId, key, expiresAtMs: now() + lifetimeMs, ...bytes });
      return handle;
    },
    find(handle, userId) {
      const row = state.handles.get(handle);
      if (row === undefined) return { kind: "unknown" };
      if (row.userId !== userId) return { kind: "foreign" };
      return isGood(handle) ? { kind: "found", row } : { kind: "expired" };
    },
    bytesOf: (handle) => state.handles.get(handle),
    expire(handle) {
      const row = state.handles.get(handle);
      if (row !== undefined)
        state.handles.put(handle, { ...row, expiresAtMs: Math.min(row.expiresAtMs, now()) });
    },
  };
}

/** Of the shape and length of real ones (mapillary_tools#569), with what is awkward in a URL or a header. */
function makeHandle(key: string): string {
  const name = Buffer.from(key).toString("base64");
  const type = Buffer.from("application/octet-stream").toString("base64");
  const secret = `AR${randomBytes(40).toString("base64url")}`;
  return `3:${name}:${type}:${secret}:e:AR${randomBytes(13).toString("base64url")}`;
}
