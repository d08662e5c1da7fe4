import type { ByteRange } from "../s3/object-store.ts";

/** Where the stand-in keeps bytes, and the lines that say what they are. */
export interface V4Storage {
  /** Opens a file for adding to its end, making it when it is not there. */
  append(file: string): Promise<Appending>;
  /** 0 when it is not there. */
  sizeOf(file: string): Promise<number>;
  /**
   * Exactly the bytes of the range, a chunk at a time.
   *
   * @throws while reading, when the file has fewer.
   */
  read(file: string, range: ByteRange): AsyncIterable<Uint8Array>;
  /** Does nothing when it is not there. */
  remove(file: string): Promise<void>;
  /** The log's lines, oldest first, without one that a crash cut short. To be called once, before the others. */
  readLog(): Promise<readonly string[]>;
  /** Puts other lines in place of all: those or these, never a mixture, also when the process dies meanwhile. */
  replaceLog(lines: readonly string[]): Promise<void>;
  /** Adds a line. Done when it returns, so that nothing comes between a change and its record. */
  log(line: string): void;
  /** Lets go of everything. Files opened for appending are to be closed before. */
  close(): Promise<void>;
}

/** A file that is being added to. */
export interface Appending {
  /** Kept, whatever becomes of the process, once it resolves. */
  write(bytes: Uint8Array): Promise<void>;
  close(): Promise<void>;
}

/** What the stand-in calls its files. No session key ever becomes a part of a path. */
export const FILE_NAME = /^[0-9a-f]{64}\.[1-9][0-9]*$/;
