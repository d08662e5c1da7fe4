import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { PhotoRef } from "../../lib/photo/photo.ts";

/** What the server does wrong, from now on. */
interface Misbehaviour {
  /** Serves whatever is there, as some S3 servers do. */
  readonly ignoreIfMatch?: boolean;
  /** Breaks the connection after so many bytes of a body. */
  readonly cutAfterBytes?: number;
  /** Sends so many bytes of a body and then nothing. */
  readonly stallAfterBytes?: number;
  /** Takes every request for this error. */
  readonly refuse?: Refusal;
  /** Leaves a header out. */
  readonly omit?: "etag" | "content-length";
  /** Sends the whole to whoever asks for a part. */
  readonly ignoreRange?: boolean;
  /** Says this of the part it sends. */
  readonly contentRange?: string;
  /** Says this instead of the true ETag. */
  readonly etag?: string;
}

/** As much of S3 as reading takes: one bucket, versions, GET and HEAD. */
export interface SourceServer {
  readonly url: string;
  readonly bucket: string;
  put(key: string, bytes: Buffer): PhotoRef;
  remove(key: string): void;
  misbehave(how: Misbehaviour): void;
  /** Method and path of every request so far. */
  readonly requests: readonly string[];
  /** How many objects it began to send. */
  served(): number;
  openConnections(): Promise<number>;
  stop(): Promise<void>;
}

interface Refusal {
  readonly status: number;
  readonly code: string;
}

interface Stored {
  readonly bytes: Buffer;
  readonly etag: string;
  readonly versionId: string;
}

const BUCKET = "fleet";

export async function startSourceServer(): Promise<SourceServer> {
  const objects = new Map<string, Stored[]>();
  const requests: string[] = [];
  let wrong: Misbehaviour = {};
  let served = 0;
  const server = createServer((request, response) => {
    requests.push(`${request.method} ${request.url}`);
    if (answer(request, response, objects, wrong)) served += 1;
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    bucket: BUCKET,
    put(key, bytes) {
      const etag = createHash("md5").update(bytes).digest("hex");
      const versions = objects.get(key) ?? [];
      const versionId = `v${versions.length + 1}`;
      objects.set(key, [...versions, { bytes, etag, versionId }]);
      return { bucket: BUCKET, key, etag, sizeBytes: bytes.byteLength, versionId };
    },
    remove: (key) => void objects.delete(key),
    misbehave(how) {
      wrong = how;
    },
    requests,
    served: () => served,
    openConnections: () =>
      new Promise((resolve, reject) => {
        server.getConnections((error, count) => (error ? reject(error) : resolve(count)));
      }),
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

/** @returns whether it was an object */
function answer(
  request: IncomingMessage,
  response: ServerResponse,
  objects: ReadonlyMap<string, readonly Stored[]>,
  wrong: Misbehaviour,
): boolean {
  const found = wrong.refuse ?? find(request, objects, wrong);
  if ("code" in found) {
    const body = `<?xml version="1.0" encoding="UTF-8"?><Error><Code>${found.code}</Code></Error>`;
    response.writeHead(found.status, { "content-type": "application/xml" }).end(body);
    return false;
  }
  sendObject(request, response, found, wrong);
  return true;
}

function find(
  request: IncomingMessage,
  objects: ReadonlyMap<string, readonly Stored[]>,
  wrong: Misbehaviour,
): Stored | Refusal {
  // Not through URL, which would resolve the dots that are part of a key.
  const [path = "", query = ""] = (request.url ?? "").split("?");
  const [, bucket, ...segments] = path.split("/");
  if (bucket !== BUCKET) return { status: 404, code: "NoSuchBucket" };
  const versions = objects.get(segments.map(decodeURIComponent).join("/"));
  if (versions === undefined) return { status: 404, code: "NoSuchKey" };
  const asked = new URLSearchParams(query).get("versionId");
  const stored = asked === null ? versions.at(-1) : versions.find(({ versionId }) => versionId === asked);
  if (stored === undefined) return { status: 404, code: "NoSuchVersion" };
  const ifMatch = request.headers["if-match"];
  const matches = wrong.ignoreIfMatch || ifMatch === undefined || ifMatch === `"${stored.etag}"`;
  return matches ? stored : { status: 412, code: "PreconditionFailed" };
}

function sendObject(
  request: IncomingMessage,
  response: ServerResponse,
  stored: Stored,
  wrong: Misbehaviour,
): void {
  if (wrong.omit !== "etag") response.setHeader("etag", `"${wrong.etag ?? stored.etag}"`);
  const size = stored.bytes.byteLength;
  const asked = Number(/^bytes=(\d+)-$/u.exec(request.headers.range ?? "")?.[1] ?? 0);
  const from = wrong.ignoreRange ? 0 : asked;
  const bytes = stored.bytes.subarray(from);
  if (from > 0) {
    response.statusCode = 206;
    response.setHeader("content-range", wrong.contentRange ?? `bytes ${from}-${size - 1}/${size}`);
  }
  if (wrong.omit !== "content-length") response.setHeader("content-length", bytes.byteLength);
  // Node would count the bytes of a body that is sent at once.
  response.flushHeaders();
  if (request.method === "HEAD") {
    response.end();
  } else if (wrong.cutAfterBytes !== undefined) {
    response.write(bytes.subarray(0, wrong.cutAfterBytes), () => response.destroy());
  } else if (wrong.stallAfterBytes !== undefined) {
    response.write(bytes.subarray(0, wrong.stallAfterBytes));
  } else {
    response.end(bytes);
  }
}
