/**
 * A small S3 on 127.0.0.1: the bucket that photos come from, and the bucket that forms are posted to.
 *
 * It takes requests in path style and does not look at the signatures of GET, PUT, HEAD, DELETE and the rest: whoever
 * reaches it may do anything. Only POST policies are checked, since they are part of what is tested here. What S3 can
 * do and the sandbox cannot is answered 501, never passed over.
 */
import { randomBytes } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { ConnectionDroppedError, type Fault, type Faults } from "../faults.ts";
import { type Listen, onOwnPort } from "../listen.ts";
import { type Answer, errorAnswer, toS3Error } from "./answer.ts";
import type { ObjectInfo, ObjectStore } from "./object-store.ts";
import type { PostAccounts } from "./post-signature.ts";
import { createRequestCounter, type RequestLog } from "./request-log.ts";
import { operate, parseRoute, type Route } from "./routes.ts";
import type { S3Error } from "./s3-error.ts";
import type { ObjectCreated, S3Operation, S3Service } from "./service.ts";
import { faultAnswer, type RequestBody, receiveBody, sendAnswer } from "./wire.ts";

/** What the sandbox shall be. */
export interface S3SandboxOptions {
  /** TCP port on 127.0.0.1. Default 0: any free one. */
  readonly port?: number;
  /** Where to listen instead. Default: on a port of its own. */
  readonly listen?: Listen;
  /** The buckets by name, for good: they cannot be created over HTTP. */
  readonly buckets: Readonly<Record<string, ObjectStore>>;
  /**
   * Called after an object was stored and before that is answered. When it throws, the client gets a 500 and will
   * repeat: an object nobody was told of would be lost in silence.
   */
  readonly onCreated?: (event: ObjectCreated) => void | Promise<void>;
  /**
   * Who may post. Given, every form must carry a policy that one of these signed. Default: anybody may, as on a public
   * bucket, and a policy is held against its form without looking at the signature.
   */
  readonly postAccounts?: PostAccounts;
  /** What goes wrong. Default: nothing. */
  readonly faults?: Faults<S3Operation>;
  /** Epoch milliseconds; what policies expire by and objects are dated with. Default: the machine's clock. */
  readonly clock?: () => number;
}

/** A running sandbox. */
export interface S3Sandbox {
  /** Scheme, host and port, without a slash at the end. */
  readonly url: string;
  /** What came in so far. */
  readonly requests: RequestLog;
  /** Cuts what is under way and frees the port. Safe to call twice. */
  stop(): Promise<void>;
}

/**
 * Starts a sandbox.
 *
 * @throws when the port is taken.
 */
export async function startS3Sandbox(options: S3SandboxOptions): Promise<S3Sandbox> {
  const requests = createRequestCounter();
  const stopping = new AbortController();
  const now = options.clock ?? Date.now;
  let url = "";
  const service: S3Service = {
    buckets: new Map(Object.entries(options.buckets)),
    postAccounts: options.postAccounts,
    url: () => url,
    now,
    announce: async (bucket, { key, etag, sizeBytes }: ObjectInfo) => {
      await options.onCreated?.({ bucket, key, etag, sizeBytes, eventTime: new Date(now()).toISOString() });
    },
  };

  const serve = async (request: IncomingMessage, response: ServerResponse) => {
    const requestId = randomBytes(8).toString("hex").toUpperCase();
    const route = readRoute(request);
    requests.received(route.operation);
    const fault = options.faults?.next(route.operation);
    const body = receiveBody(request, fault, stopping.signal);
    const answer = await answerRequest(service, { request, route, fault, requestId, body });
    await body.drain();
    requests.answered(route.operation, answer.status);
    await sendAnswer(response, answer, { requestId, fault, signal: stopping.signal });
  };

  const listen = options.listen ?? onOwnPort(options.port);
  const listening = await listen((request, response) => {
    // What gets here has no answer: the client went away, the fault dial cut the line, or the sandbox is stopping.
    serve(request, response).catch(() => request.socket.destroy());
  });
  url = listening.url;

  return {
    url,
    requests,
    async stop() {
      if (stopping.signal.aborted) return;
      stopping.abort();
      await listening.stop();
    },
  };
}

type RouteOrError = Route & { readonly error?: S3Error };

/** A request that cannot be read is still counted, and still meets the fault dial. */
function readRoute(request: IncomingMessage): RouteOrError {
  try {
    return parseRoute(request);
  } catch (error) {
    return {
      operation: "Unsupported",
      bucket: "",
      key: "",
      query: new URLSearchParams(),
      error: toS3Error(error),
    };
  }
}

interface Exchange {
  readonly request: IncomingMessage;
  readonly route: RouteOrError;
  readonly fault: Fault | undefined;
  readonly requestId: string;
  readonly body: RequestBody;
}

/** What the client is told, by the operation or by the fault dial in its place. */
async function answerRequest(service: S3Service, exchange: Exchange): Promise<Answer> {
  const { request, fault, requestId } = exchange;
  if (fault?.kind === "answer" && fault.when === "before") return faultAnswer(fault, requestId);
  if (fault?.kind === "drop-request" && !hasBody(request))
    throw new ConnectionDroppedError("no body to be read");
  const answer = await operateOrExplain(service, exchange);
  if (fault?.kind !== "answer" && fault?.kind !== "drop-request") return answer;
  await answer.close?.();
  // The operation gave up before it had read as far as the dial lets it.
  if (fault.kind === "drop-request") throw new ConnectionDroppedError("refused before the body was read");
  return faultAnswer(fault, requestId);
}

async function operateOrExplain(service: S3Service, exchange: Exchange): Promise<Answer> {
  const { request, requestId, body } = exchange;
  const { error: routeError, ...route } = exchange.route;
  try {
    if (routeError !== undefined) throw routeError;
    return await operate(service, { ...route, headers: request.headers, body: body.bytes });
  } catch (error) {
    // Nobody is left to be answered, and an error answer would pretend otherwise.
    if (request.socket.destroyed || error instanceof ConnectionDroppedError) throw error;
    return errorAnswer(toS3Error(error), requestId);
  }
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers["transfer-encoding"] !== undefined || Number(headers["content-length"] ?? 0) > 0;
}
