/**
 * Reads a `multipart/form-data` body part by part (RFC 7578, RFC 2046 §5.1) as its bytes come in. A part is known by
 * its name alone: whether it also has a file name says nothing, since python's `requests` gives one to every field and
 * other clients give none to the file.
 */
import { type ByteReader, createByteReader, TooLongError, UnexpectedEndError } from "./byte-reader.ts";
import { S3Error } from "./s3-error.ts";

/** One part. */
export interface Part {
  /** As sent. */
  readonly name: string;
  /** Without any path, as S3 takes it; undefined when the part has none. */
  readonly filename: string | undefined;
  /** Bytes of the request up to the part's own content. */
  readonly position: number;
  /** The part's content: to be read to its end or not at all (it is then skipped) before the next part is asked for. */
  readonly body: AsyncGenerator<Buffer>;
}

const CRLF = Buffer.from("\r\n");
const END_OF_HEADERS = Buffer.from("\r\n\r\n");
/** What may come before a part's content; S3 allows 20 KiB for everything before the file. */
const MAX_PART_HEADER_BYTES = 20 * 2 ** 10;
/** RFC 2046 allows white space behind a boundary, for gateways to pad lines with. */
const MAX_PADDING_BYTES = 2 ** 10;

/**
 * The boundary that a `content-type` header names; undefined when the header is not of a form.
 *
 * @throws {S3Error} `MalformedPOSTRequest` when it is of a form and names no boundary.
 */
export function multipartBoundary(contentType: string | undefined): string | undefined {
  if (contentType === undefined || !/^\s*multipart\/form-data\s*(;|$)/i.test(contentType)) return undefined;
  const boundary = headerParameters(contentType).get("boundary");
  if (boundary === undefined || !/^[\x20-\x7e]{1,70}$/.test(boundary)) throw malformedPost();
  return boundary;
}

/**
 * The parts in order. Ends behind the closing boundary, with the source read to its end.
 *
 * @throws {S3Error} `MalformedPOSTRequest` when the body is not a form, or not a whole one.
 */
export async function* readParts(source: AsyncIterable<Uint8Array>, boundary: string): AsyncGenerator<Part> {
  // With a line end in front, a body that begins with its boundary looks like all other boundaries.
  const reader = createByteReader(prepend(CRLF, source));
  const delimiter = Buffer.from(`\r\n--${boundary}`);
  await skip(asForm(reader.streamUntil(delimiter)));
  while (await hasNextPart(reader)) {
    const headers = await inForm(reader.until(END_OF_HEADERS, MAX_PART_HEADER_BYTES));
    const body = asForm(reader.streamUntil(delimiter));
    yield { ...readDisposition(headers.toString("utf8")), position: reader.position - CRLF.byteLength, body };
    await skip(body);
  }
  await reader.drain();
}

/** The body is not what its `content-type` says. */
function malformedPost(): S3Error {
  return new S3Error(
    400,
    "MalformedPOSTRequest",
    "The body of your POST request is not well-formed multipart/form-data.",
  );
}

/** Past a boundary there are two hyphens, which end the form, or the end of the line and a part. */
async function hasNextPart(reader: ByteReader): Promise<boolean> {
  const [first, second] = [await readByte(reader), await readByte(reader)];
  if (first === "-" && second === "-") return false;
  if (first === "\r" && second === "\n") return true;
  const padding = await inForm(reader.until(CRLF, MAX_PADDING_BYTES));
  if (!/^[ \t]*\r?$/.test(first + second + padding.toString("latin1"))) throw malformedPost();
  return true;
}

async function readByte(reader: ByteReader): Promise<string> {
  let read = "";
  for await (const byte of asForm(reader.take(1))) read += byte.toString("latin1");
  return read;
}

function readDisposition(headers: string): { name: string; filename: string | undefined } {
  const disposition = headers
    .split("\r\n")
    .find((line) => /^content-disposition\s*:\s*form-data\s*;/i.test(line));
  const parameters = headerParameters(disposition ?? "");
  const name = parameters.get("name");
  if (name === undefined) throw malformedPost();
  return { name, filename: fileName(parameters) };
}

function fileName(parameters: ReadonlyMap<string, string>): string | undefined {
  const encoded = /^utf-8'[^']*'(.*)$/i.exec(parameters.get("filename*") ?? "")?.[1];
  const name = encoded === undefined ? parameters.get("filename") : decodePercents(encoded);
  // "Only the text following the last slash (/) or backslash (\) will be used" (HTTPPOSTForms.html, on ${filename}).
  return name?.replace(/^.*[/\\]/s, "");
}

function decodePercents(encoded: string): string {
  try {
    return decodeURIComponent(encoded);
  } catch {
    throw malformedPost();
  }
}

/** `; name=value` and `; name="value"`, names in lower case. Only `\"` and `\\` are escapes: see `C:\photos\1.jpg`. */
function headerParameters(header: string): Map<string, string> {
  const parameters = new Map<string, string>();
  for (const match of header.matchAll(/;\s*([^\s=;"]+)=(?:"((?:\\.|[^"\\])*)"|([^\s;"]*))/gs)) {
    const [, name = "", quoted, plain = ""] = match;
    parameters.set(name.toLowerCase(), quoted?.replaceAll(/\\(["\\])/g, "$1") ?? plain);
  }
  return parameters;
}

async function* prepend(first: Buffer, rest: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield first;
  yield* rest;
}

async function skip(body: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of body);
}

async function* asForm(body: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  try {
    yield* body;
  } catch (error) {
    throw toFormError(error);
  }
}

async function inForm<Value>(read: Promise<Value>): Promise<Value> {
  try {
    return await read;
  } catch (error) {
    throw toFormError(error);
  }
}

function toFormError(error: unknown): unknown {
  return error instanceof UnexpectedEndError || error instanceof TooLongError ? malformedPost() : error;
}
