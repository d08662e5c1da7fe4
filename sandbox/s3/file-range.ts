import type { FileHandle } from "node:fs/promises";
import { type ByteRange, ObjectUnreadableError } from "./object-store.ts";

const CHUNK_BYTES = 2 ** 16;

/**
 * Reads a part of a file, a chunk at a time and only when asked for the next.
 *
 * @param name - what an error calls the file.
 * @throws {ObjectUnreadableError} when the file ends before the range does.
 */
export async function* readFileRange(
  file: FileHandle,
  { start, end }: ByteRange,
  name: string,
): AsyncGenerator<Uint8Array> {
  let position = start;
  while (position < end) {
    const buffer = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, end - position));
    const { bytesRead } = await file.read(buffer, 0, buffer.byteLength, position);
    if (bytesRead === 0) {
      throw new ObjectUnreadableError(
        `${name} ended at byte ${position}, expected ${end}: it changed while being read`,
      );
    }
    yield buffer.subarray(0, bytesRead);
    position += bytesRead;
  }
}
