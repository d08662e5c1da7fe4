/** Most bytes a status line and its headers may have; S3's have less than 1 KiB, user metadata adds at most 2. */
export const MAX_HEAD_BYTES = 16 * 2 ** 10;

const HEAD_END = Buffer.from("\r\n\r\n");
const STATUS_LINE = /^HTTP\/1\.1 (\d{3})(?: .*)?$/u;
/** RFC 9110 §5: a token, a colon at once behind it, and a value on one line. Folded lines (obsolete) do not match. */
const HEADER_LINE = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([^\0\r\n]*?)[ \t]*$/u;

/** The status line and headers of an HTTP/1.1 answer. */
export interface ResponseHead {
  readonly status: number;
  /** By name in lower case, each with every value it came with. */
  readonly headers: ReadonlyMap<string, readonly string[]>;
}

/** Gathers the head of one answer. */
export interface HeadGatherer {
  /**
   * Takes the next bytes; they are copied as far as they are kept.
   *
   * @returns `undefined` while the head is incomplete; `unusable` when it is too long or no HTTP/1.1
   */
  push(
    bytes: Uint8Array,
  ): { readonly head: ResponseHead; readonly rest: Uint8Array } | "unusable" | undefined;
}

/** Starts at the first byte of an answer. */
export function createHeadGatherer(): HeadGatherer {
  let gathered = Buffer.alloc(0);
  return {
    push(bytes) {
      const known = gathered.byteLength;
      gathered = Buffer.concat([gathered, bytes.subarray(0, MAX_HEAD_BYTES - known)]);
      const end = gathered.indexOf(HEAD_END, Math.max(0, known - HEAD_END.byteLength));
      if (end === -1) return gathered.byteLength < MAX_HEAD_BYTES ? undefined : "unusable";
      const head = parseHead(gathered.toString("latin1", 0, end));
      if (head === undefined) return "unusable";
      return { head, rest: bytes.subarray(end + HEAD_END.byteLength - known) };
    },
  };
}

function parseHead(text: string): ResponseHead | undefined {
  const [statusLine = "", ...lines] = text.split("\r\n");
  const status = STATUS_LINE.exec(statusLine)?.[1];
  if (status === undefined) return undefined;
  const headers = new Map<string, string[]>();
  for (const line of lines) {
    const [, name, value] = HEADER_LINE.exec(line) ?? [];
    if (name === undefined || value === undefined) return undefined;
    const values = headers.get(name.toLowerCase());
    if (values === undefined) headers.set(name.toLowerCase(), [value]);
    else values.push(value);
  }
  return { status: Number(status), headers };
}

/** A photo from one of its bytes on. */
export interface ExpectedBody {
  readonly etag: string;
  /** Of the whole photo. */
  readonly sizeBytes: number;
  readonly fromBytes: number;
}

/**
 * Whether the body behind a head is, byte for byte and to its end, what was asked for. Everything else an HTTP answer
 * can say is left to a client that knows it.
 */
export function announcesPhoto({ status, headers }: ResponseHead, photo: ExpectedBody): boolean {
  const { sizeBytes, fromBytes } = photo;
  const isPart = fromBytes > 0;
  return (
    status === (isPart ? 206 : 200) &&
    (!isPart || isOnly(headers.get("content-range"), contentRange(photo))) &&
    isOnly(headers.get("content-length"), String(sizeBytes - fromBytes)) &&
    isOnly(headers.get("etag"), `"${photo.etag}"`) &&
    !headers.has("transfer-encoding") &&
    !headers.has("content-encoding")
  );
}

/** The header `Content-Range` of such a part (RFC 9110 §14.4). */
export function contentRange({ sizeBytes, fromBytes }: Omit<ExpectedBody, "etag">): string {
  return `bytes ${fromBytes}-${sizeBytes - 1}/${sizeBytes}`;
}

/** Whether the server keeps the connection for another request. */
export function keepsConnection({ headers }: ResponseHead): boolean {
  const options = (headers.get("connection") ?? []).flatMap((value) => value.toLowerCase().split(","));
  return !options.some((option) => option.trim() === "close");
}

function isOnly(values: readonly string[] | undefined, expected: string): boolean {
  return values?.length === 1 && values[0] === expected;
}
