import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";

/** A request as its bytes came. */
interface Posted {
  /** Request line and headers, without the empty line. */
  readonly head: string;
  readonly body: Buffer;
}

/** What a server does when. Whatever is left out is not done: a server without scripts reads and stays silent. */
export interface UploadScript {
  /** The headers of a request are there, its body perhaps not. */
  readonly onHead?: (socket: Socket, head: string) => void;
  /** A request has come whole. */
  readonly onPost?: (socket: Socket, posted: Posted) => void;
}

/** A server that speaks as little HTTP as a test needs and otherwise does what it is told. */
export interface UploadServer {
  readonly url: string;
  /** Whole requests, in the order they came. */
  readonly posts: readonly Posted[];
  /** How many were ever opened. */
  readonly connections: () => number;
  /** How many stand now. */
  readonly openConnections: () => number;
  stop(): Promise<void>;
}

export async function startUploadServer(script: UploadScript): Promise<UploadServer> {
  const posts: Posted[] = [];
  const sockets = new Set<Socket>();
  let connections = 0;
  const server = createServer((socket) => {
    connections += 1;
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket)).on("error", () => {});
    readPosts(socket, script, posts);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/photos`,
    posts,
    connections: () => connections,
    openConnections: () => sockets.size,
    async stop() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}

function readPosts(socket: Socket, script: UploadScript, posts: Posted[]): void {
  let head: string | undefined;
  let pending: Buffer[] = [];
  let pendingBytes = 0;
  const keep = (blocks: Buffer[]): void => {
    pending = blocks;
    pendingBytes = blocks.reduce((bytes, block) => bytes + block.byteLength, 0);
  };
  socket.on("data", (block: Buffer) => {
    pending.push(block);
    pendingBytes += block.byteLength;
    if (head === undefined) {
      const joined = Buffer.concat(pending);
      const end = joined.indexOf("\r\n\r\n");
      if (end < 0) return;
      head = joined.toString("latin1", 0, end);
      keep([joined.subarray(end + 4)]);
      script.onHead?.(socket, head);
    }
    const length = Number(/^content-length: (\d+)$/im.exec(head)?.[1]);
    if (pendingBytes < length) return;
    const joined = Buffer.concat(pending);
    const posted = { head, body: joined.subarray(0, length) };
    posts.push(posted);
    keep([joined.subarray(length)]);
    head = undefined;
    script.onPost?.(socket, posted);
  });
}

/** An answer as it goes over the wire. */
export function answerText(status: number, body = "", headers: Record<string, string> = {}): string {
  const all = { "Content-Length": String(Buffer.byteLength(body)), ...headers };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}`);
  return [`HTTP/1.1 ${status} Test`, ...lines, "", body].join("\r\n");
}

/** An error document as S3 writes it. */
export function s3ErrorText(code: string, message: string): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>${message}</Message><RequestId>tx1</RequestId></Error>`;
}
