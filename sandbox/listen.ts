import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";

/** A server that answers on this machine only. */
export interface Listening {
  readonly url: string;
  /** Stops taking connections, ends those there are, and waits until the server is closed. */
  stop(): Promise<void>;
}

/**
 * Starts a server on 127.0.0.1.
 *
 * @param port a free one when 0
 * @throws when the port is taken
 */
export async function listenOnLoopback(server: Server, port = 0): Promise<Listening> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", () => {
      server.off("error", reject);
      resolve();
    });
  });
  const address = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${address.port}`,
    async stop() {
      const closed = new Promise<void>((resolve, reject) => {
        server.close((error) => (error ? reject(error) : resolve()));
      });
      server.closeAllConnections();
      await closed;
    },
  };
}

/** Puts a server where clients reach it. */
export type Listen = (listener: RequestListener) => Promise<Listening>;

/**
 * On a port of its own, of 127.0.0.1.
 *
 * @param port a free one when 0
 */
export function onOwnPort(port = 0): Listen {
  return (listener) => listenOnLoopback(createServer(listener), port);
}
