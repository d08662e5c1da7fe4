import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import { LOCALHOST_CERTIFICATE, LOCALHOST_KEY } from "../mapillary/localhost-certificate.ts";

/** Answers one request in bytes of the test's choosing. `path` is what the request asked for. */
type RawAnswer = (socket: Socket, path: string) => void;

/** A server below HTTP: it finds the ends of requests, and sends whatever it is told to. */
export interface RawServer {
  readonly url: string;
  /** Heads of all requests so far. */
  readonly requests: readonly string[];
  /** Every connection so far, also those that are closed. */
  readonly connections: readonly Socket[];
  open(): number;
  stop(): Promise<void>;
}

export async function startRawServer(scheme: "http" | "https", answer: RawAnswer): Promise<RawServer> {
  const requests: string[] = [];
  const connections: Socket[] = [];
  const serve = (socket: Socket): void => {
    connections.push(socket);
    let text = "";
    socket.on("error", () => {});
    socket.on("data", (bytes) => {
      text += bytes.toString("latin1");
      for (let end = text.indexOf("\r\n\r\n"); end !== -1; end = text.indexOf("\r\n\r\n")) {
        const request = text.slice(0, end);
        text = text.slice(end + 4);
        requests.push(request);
        answer(socket, request.split(" ")[1] ?? "");
      }
    });
  };
  const server =
    scheme === "http"
      ? createServer(serve)
      : createTlsServer({ key: LOCALHOST_KEY, cert: LOCALHOST_CERTIFICATE }, serve);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `${scheme}://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    connections,
    open: () => connections.filter((socket) => !socket.destroyed).length,
    async stop() {
      for (const socket of connections) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}

/** The head S3 sends in front of an object. */
export function headOf(sizeBytes: number, ...more: readonly string[]): string {
  return ["HTTP/1.1 200 OK", 'ETag: "e1"', `Content-Length: ${sizeBytes}`, ...more, "", ""].join("\r\n");
}
