/**
 * One GET of one object over HTTP/1.1, for the one answer that nearly all have: 200 with the photo as it is, or 206 with
 * the rest of it.
 * Any other answer, and a connection that fails before the photo begins, gives `undefined`: the caller then asks with
 * the SDK, which knows errors, redirects and retries.
 */
import { type BlockPool, createBlockPool } from "./block-queue.ts";
import { startBodyReading } from "./body-reading.http.ts";
import { createConnectionPool, type Origin } from "./connection-pool.http.ts";
import type { OpenPhoto } from "./photo.ts";

/** A GET that carries its authorization in its URL. */
export interface SignedGet {
  /** Never to be shown: whoever has it can read the object. */
  readonly url: string;
  /** Without quotes; the URL must be signed for `If-Match` with it. */
  readonly etag: string;
  /** Of the whole object. */
  readonly sizeBytes: number;
  /** Where to begin; default 0. */
  readonly fromBytes?: number;
  /** What errors call the object. */
  readonly name: string;
}

/** How long the fast way waits, in ms. */
export interface ReadTimeouts {
  /** Until the connection stands, TLS included. */
  readonly connectMs: number;
  /** Without a byte from the server, while we are not the ones who paused it. */
  readonly idleMs: number;
  /** How long a connection is kept without use. */
  readonly keepMs: number;
}

/** S3 answers within 100 ms or so and keeps idle connections 5 s and more (not documented). */
const DEFAULT_TIMEOUTS: ReadTimeouts = { connectMs: 5_000, idleMs: 20_000, keepMs: 4_000 };

/** More photos than this at a time do not come up in a worker; what is idle beyond is not worth its memory. */
const MAX_IDLE_CONNECTIONS = 32;

/** Three blocks each for the 16 photos a worker handles at once by default: 12 MiB. */
const MAX_IDLE_BLOCKS = 48;

/** Reads objects, with connections and blocks of its own that it uses again. */
export interface ObjectReader {
  /**
   * Resolves when the photo's first byte is there.
   *
   * @returns `undefined` when this GET has to be tried another way
   * @throws the signal's reason
   */
  open(get: SignedGet, signal: AbortSignal): Promise<OpenPhoto | undefined>;
}

/** @param timeouts each defaults as said in {@link DEFAULT_TIMEOUTS} */
export function createObjectReader(timeouts: Partial<ReadTimeouts> = {}): ObjectReader {
  const { connectMs, idleMs, keepMs } = { ...DEFAULT_TIMEOUTS, ...timeouts };
  const connections = createConnectionPool({ connectMs, keepMs, maxIdle: MAX_IDLE_CONNECTIONS });
  const blocks: BlockPool = createBlockPool(MAX_IDLE_BLOCKS);
  return {
    async open(get, signal) {
      signal.throwIfAborted();
      const request = requestOf(get);
      if (request === undefined) return undefined;
      const { etag, sizeBytes, name, fromBytes = 0 } = get;
      const expected = { etag, sizeBytes, fromBytes, name };
      const { text, origin } = request;
      return await startBodyReading({ connections, blocks, origin, text, expected, idleMs, signal });
    },
  };
}

/**
 * Not by `URL`, which would resolve dots that are part of a key. An ETag from an event may hold anything: only what
 * cannot end a header goes into one.
 */
function requestOf({
  url,
  etag,
  fromBytes = 0,
}: SignedGet): { readonly origin: Origin; readonly text: string } | undefined {
  const [, scheme, host, target] = /^(https?):\/\/([^/?#@\s]+)(\/[\x21-\x7e]*)$/u.exec(url) ?? [];
  const [, name, port] = /^(\[[\da-f:.]+\]|[^:[\]]+)(?::(\d+))?$/iu.exec(host ?? "") ?? [];
  if (host === undefined || target === undefined || name === undefined) return undefined;
  if (!/^[\x21\x23-\x7e]*$/u.test(etag)) return undefined;
  const isSecure = scheme === "https";
  const hostname = name.replace(/^\[(.*)\]$/u, "$1");
  const lines = [
    `GET ${target} HTTP/1.1`,
    `Host: ${host}`,
    `If-Match: "${etag}"`,
    "Accept-Encoding: identity",
    // Not of a whole object: some servers answer even that with 206.
    ...(fromBytes > 0 ? [`Range: bytes=${fromBytes}-`] : []),
  ];
  return {
    origin: { isSecure, hostname, port: Number(port ?? (isSecure ? 443 : 80)) },
    text: `${lines.join("\r\n")}\r\n\r\n`,
  };
}
