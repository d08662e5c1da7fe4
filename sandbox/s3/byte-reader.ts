/** Reads a stream of bytes piece by piece: lines, counted bytes, or everything up to a mark. */
export interface ByteReader {
  /** Bytes handed out or skipped so far, marks included. */
  readonly position: number;
  /**
   * The bytes before `mark`; the mark itself is passed over.
   *
   * @throws {TooLongError} when more than `maxBytes` come before the mark.
   * @throws {UnexpectedEndError} when the stream ends before the mark.
   */
  until(mark: Buffer, maxBytes: number): Promise<Buffer>;
  /**
   * As {@link ByteReader.until}, without a limit and without holding the bytes.
   *
   * @throws {UnexpectedEndError} when the stream ends before the mark.
   */
  streamUntil(mark: Buffer): AsyncGenerator<Buffer>;
  /**
   * The next `bytes` bytes.
   *
   * @throws {UnexpectedEndError} when there are not that many.
   */
  take(bytes: number): AsyncGenerator<Buffer>;
  /** Reads on to the end of the stream and throws the bytes away. */
  drain(): Promise<void>;
}

/** The stream ended in the middle of something. */
export class UnexpectedEndError extends Error {
  override readonly name = "UnexpectedEndError";
}

/** Something that has to be short is not. */
export class TooLongError extends Error {
  override readonly name = "TooLongError";
}

/** Reads from `source`. Holds no more of it than one chunk and one mark, or what {@link ByteReader.until} may return. */
export function createByteReader(source: AsyncIterable<Uint8Array>): ByteReader {
  const chunks = source[Symbol.asyncIterator]();
  let held: Buffer = Buffer.alloc(0);
  let position = 0;

  const readMore = async (): Promise<boolean> => {
    const { done, value } = await chunks.next();
    if (done) return false;
    const chunk = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
    held = held.byteLength === 0 ? chunk : Buffer.concat([held, chunk]);
    return true;
  };
  const needMore = async () => {
    if (!(await readMore()))
      throw new UnexpectedEndError(`the body ended after ${position + held.byteLength} bytes`);
  };
  const shift = (bytes: number): Buffer => {
    const taken = held.subarray(0, bytes);
    held = held.subarray(bytes);
    position += taken.byteLength;
    return taken;
  };

  return {
    get position() {
      return position;
    },
    async until(mark, maxBytes) {
      for (;;) {
        const found = held.indexOf(mark);
        const length = found === -1 ? held.byteLength - mark.byteLength + 1 : found;
        if (length > maxBytes) throw new TooLongError(`more than ${maxBytes} bytes`);
        if (found !== -1) {
          const bytes = shift(found);
          shift(mark.byteLength);
          return bytes;
        }
        await needMore();
      }
    },
    async *streamUntil(mark) {
      for (;;) {
        const found = held.indexOf(mark);
        // The end of what is held may be the beginning of the mark: it stays until more has come.
        const safe = found === -1 ? held.byteLength - mark.byteLength + 1 : found;
        if (safe > 0) yield shift(safe);
        if (found !== -1) {
          shift(mark.byteLength);
          return;
        }
        await needMore();
      }
    },
    async *take(bytes) {
      for (let left = bytes; left > 0; ) {
        if (held.byteLength === 0) await needMore();
        const taken = shift(left);
        left -= taken.byteLength;
        yield taken;
      }
    },
    async drain() {
      do shift(held.byteLength);
      while (await readMore());
    },
  };
}
