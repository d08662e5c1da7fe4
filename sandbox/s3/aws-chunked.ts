/**
 * The framing an SDK puts around an upload whose checksum it only knows at the end (`content-encoding: aws-chunked`):
 * `<hex size>[;extension]\r\n<bytes>\r\n` repeated, a chunk of size 0, then trailer lines and an empty line.
 *
 * Source: https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming-trailers.html
 */
import { type ByteReader, createByteReader, TooLongError, UnexpectedEndError } from "./byte-reader.ts";
import { incompleteBody, S3Error } from "./s3-error.ts";

const CRLF = Buffer.from("\r\n");
/** A chunk header with its signature is below 100 bytes, a trailer line with a SHA-512 below 150. */
const MAX_LINE_BYTES = 2 ** 10;
const MAX_TRAILERS = 16;

/**
 * Takes the framing off.
 *
 * @param onTrailer - called for each trailer, name in lower case, before the last byte counts as read.
 * @throws {S3Error} when the framing is broken or the body ends too early.
 */
export async function* decodeAwsChunked(
  source: AsyncIterable<Uint8Array>,
  onTrailer: (name: string, value: string) => void,
): AsyncGenerator<Uint8Array> {
  const reader = createByteReader(source);
  try {
    for (;;) {
      const sizeBytes = await readChunkSize(reader);
      if (sizeBytes === 0) break;
      yield* reader.take(sizeBytes);
      await reader.until(CRLF, 0);
    }
    await readTrailers(reader, onTrailer);
    await reader.drain();
  } catch (error) {
    if (error instanceof UnexpectedEndError) throw incompleteBody();
    if (error instanceof TooLongError) throw malformedChunk();
    throw error;
  }
}

async function readChunkSize(reader: ByteReader): Promise<number> {
  const header = (await reader.until(CRLF, MAX_LINE_BYTES)).toString("latin1");
  const size = /^([0-9a-f]{1,8})(?:;.*)?$/i.exec(header)?.[1];
  if (size === undefined) throw malformedChunk();
  return Number.parseInt(size, 16);
}

async function readTrailers(
  reader: ByteReader,
  onTrailer: (name: string, value: string) => void,
): Promise<void> {
  for (let count = 0; count < MAX_TRAILERS; count++) {
    const line = (await reader.until(CRLF, MAX_LINE_BYTES)).toString("latin1");
    if (line === "") return;
    const colon = line.indexOf(":");
    if (colon < 1) throw malformedTrailer();
    onTrailer(line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim());
  }
  throw malformedTrailer();
}

function malformedChunk(): S3Error {
  return new S3Error(400, "InvalidRequest", "The aws-chunked framing of the body is broken.");
}

function malformedTrailer(): S3Error {
  return new S3Error(
    400,
    "MalformedTrailerError",
    "The request contained trailing data that was not well-formed or did not conform to our published schema.",
  );
}
