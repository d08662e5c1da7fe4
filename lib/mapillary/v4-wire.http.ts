/** How the v4 lane's requests go out: each with its token, over connections that are kept. */
import type { Agent } from "node:http";
import type { Timeouts } from "./attempt.http.ts";
import type { Content } from "./destination.ts";
import { type Exchange, exchange } from "./exchange.http.ts";

const http = process.getBuiltinModule("node:http");
const https = process.getBuiltinModule("node:https");

/** One request of the v4 lane. */
export interface WireRequest {
  readonly method: "GET" | "POST";
  readonly url: string;
  /** What stands behind `OAuth` in its Authorization: an access token, or a client's secret. */
  readonly authorization: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Default: none, which a POST says with a length of 0. */
  readonly body?: WireBody;
  readonly timeouts: Timeouts;
  /** When the attempt as a whole began, as `performance.now()` told it. Default: now. */
  readonly begunMs?: number;
  /**
   * `new`: over a connection of its own. Servers close idle ones at any moment, and a request that meets that may or
   * may not have arrived. Default `kept`.
   */
  readonly connection?: "kept" | "new";
}

/** What a request carries: little that is held, or much that streams. */
type WireBody =
  | { readonly bytes: Uint8Array }
  | {
      readonly content: Content;
      /** Exact size of the content, ≥ 1. */
      readonly sizeBytes: number;
    };

/** Sends requests. */
export interface Wire {
  /** @throws as {@link exchange} */
  call(request: WireRequest, signal: AbortSignal): Promise<Exchange>;
}

/** As in the bucket lane: less than servers keep a connection. */
const KEEP_CONNECTION_MS = 4_000;

/** Makes a wire with connections of its own. */
export function createWire(): Wire {
  const kept = { keepAlive: true, timeout: KEEP_CONNECTION_MS };
  const agents = {
    kept: { "http:": new http.Agent(kept), "https:": new https.Agent(kept) },
    new: { "http:": new http.Agent(), "https:": new https.Agent() },
  } as const;

  return {
    async call(request, signal) {
      const url = new URL(request.url);
      const ofProtocol = agents[request.connection ?? "kept"];
      const agent: Agent = url.protocol === "https:" ? ofProtocol["https:"] : ofProtocol["http:"];
      const send = () => exchange(exchangeOf(request, url, agent), signal);
      const result = await send();
      // A question may be asked again at once, and the next connection is not as old.
      return request.method === "GET" && isStale(result) ? await send() : result;
    },
  };
}

function exchangeOf({ authorization, headers, body, ...request }: WireRequest, url: URL, agent: Agent) {
  const { method, timeouts, begunMs } = request;
  return {
    method,
    url,
    agent,
    timeouts,
    headers: { Authorization: `OAuth ${authorization}`, ...headers },
    ...(begunMs !== undefined && { begunMs }),
    ...(method === "POST" && lengthAndBody(body ?? { bytes: new Uint8Array() })),
  };
}

function lengthAndBody(body: WireBody) {
  if ("bytes" in body) return { contentLengthBytes: body.bytes.byteLength, closing: body.bytes };
  return { contentLengthBytes: body.sizeBytes, content: body.content, sizeBytes: body.sizeBytes };
}

function isStale(result: Exchange): boolean {
  return result.kind === "fault" && result.reusedConnection && /^(?:ECONNRESET|EPIPE)$/u.test(result.code);
}
