import { createServer, type RequestListener } from "node:http";
import { type Listen, type Listening, listenOnLoopback } from "./listen.ts";

/** One port of 127.0.0.1 on which several servers answer, each what it claims. */
export interface SharedPort extends Listening {
  /**
   * A place on the port for one more server. Its `stop` gives the place back and leaves connections alone: those end
   * with the port.
   *
   * @param claims whether a request is this server's, by its path and query as they were sent; who came first is asked
   *   first
   */
  place(claims: (url: string) => boolean): Listen;
}

interface Place {
  readonly claims: (url: string) => boolean;
  readonly listener: RequestListener;
}

/**
 * Opens a port with nobody on it yet.
 *
 * @param port a free one when 0
 * @throws when the port is taken
 */
export async function openSharedPort(port: number): Promise<SharedPort> {
  let places: readonly Place[] = [];
  const server = createServer((request, response) => {
    const place = places.find(({ claims }) => claims(request.url ?? ""));
    if (place !== undefined) return place.listener(request, response);
    response.writeHead(503, { connection: "close" }).end();
  });
  const listening = await listenOnLoopback(server, port);
  return {
    ...listening,
    place: (claims) => async (listener) => {
      const place = { claims, listener };
      places = [...places, place];
      const stop = async () => {
        places = places.filter((other) => other !== place);
      };
      return { url: listening.url, stop };
    },
  };
}
