/** One change to a file whose beginning is at hand. */
export interface Edit {
  /** Where in the unchanged file. */
  readonly at: number;
  /** How many of its bytes are left out there. */
  readonly removedBytes: number;
  /** What stands there instead. */
  readonly inserted: Uint8Array;
}

/**
 * The chunks with all edits made: new views of the old bytes around the inserted ones. Nothing is copied and no chunk
 * changes.
 *
 * @param edits in order, not overlapping, within the chunks
 */
export function applyEdits(chunks: readonly Uint8Array[], edits: readonly Edit[]): Uint8Array[] {
  const edited: Uint8Array[] = [];
  let at = 0;
  for (const edit of edits) {
    edited.push(...cut(chunks, at, edit.at), edit.inserted);
    at = edit.at + edit.removedBytes;
  }
  edited.push(...cut(chunks, at, Number.POSITIVE_INFINITY));
  return edited.filter(({ length }) => length > 0);
}

/** By how many bytes the edits lengthen the file. */
export function addedBytesOf(edits: readonly Edit[]): number {
  return edits.reduce((bytes, { inserted, removedBytes }) => bytes + inserted.length - removedBytes, 0);
}

/** Views of the bytes from `from` to `to`, counted over all chunks. */
function* cut(chunks: readonly Uint8Array[], from: number, to: number): Generator<Uint8Array> {
  let chunkAt = 0;
  for (const chunk of chunks) {
    const start = Math.max(from - chunkAt, 0);
    const end = Math.min(to - chunkAt, chunk.length);
    if (start < end) yield chunk.subarray(start, end);
    chunkAt += chunk.length;
  }
}
