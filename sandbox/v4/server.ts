/** HTTP: requests become operations, and what these say goes back. */
import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { ConnectionDroppedError, type Fault } from "../faults.ts";
import { type Answer, errorAnswer } from "./answer.ts";
import { BodyCutOffError, receiveBody } from "./body.ts";
import type { Strike } from "./faults.ts";
import { finishUpload } from "./finish.ts";
import { listClusters, readImage } from "./inspection.ts";
import { getMe, getNode } from "./nodes.ts";
import type { OpenEntry, V4RequestRecorder } from "./request-log.ts";
import { parseRoute, type Route, type V4Operation } from "./routes.ts";
import type { V4Request, V4Service } from "./service.ts";
import { connect, exchangeToken } from "./token.ts";
import { getOffset, postBytes } from "./upload.ts";
import { delayOf, faultAnswer, faultyBytes, sendAnswer } from "./wire.ts";

/** The server, and what it is in the middle of. */
export interface V4Server {
  /** Serves requests, wherever it is made to listen. */
  readonly listener: RequestListener;
  /** Resolves when no request is being served any more; waits are cut short. To be called when no more can come. */
  settle(): Promise<void>;
}

type Operate = (service: V4Service, request: V4Request) => Promise<Answer>;

const OPERATIONS: Readonly<Record<Exclude<V4Operation, "Unsupported">, Operate>> = {
  GetOffset: getOffset,
  PostBytes: postBytes,
  FinishUpload: finishUpload,
  Token: exchangeToken,
  Me: getMe,
  Node: getNode,
  Connect: connect,
  ListClusters: listClusters,
  ReadImage: readImage,
};

/** Makes the server; it listens nowhere yet. */
export function createV4Server(service: V4Service, requests: V4RequestRecorder): V4Server {
  const underWay = new Set<Promise<void>>();
  const stopping = new AbortController();

  const serve = async (request: IncomingMessage, response: ServerResponse) => {
    const route = parseRoute(request.method ?? "", request.url ?? "");
    const entry = openEntry(request, route);
    requests.begin(entry);
    const strike = service.faults.next(route.operation, route.argument);
    const body = receiveBody(request, (bytes) => {
      entry.bytesReceived += bytes;
    });
    try {
      const bytes = faultyBytes(body.bytes, strike, stopping.signal);
      const onKept = (kept: number) => {
        entry.bytesKept += kept;
      };
      const { answer, fault } = await answerRequest(
        service,
        { route, headers: request.headers, body: bytes, onKept },
        strike,
      );
      const delayMs = delayOf(strike);
      if (delayMs > 0) await sleep(delayMs, undefined, { signal: stopping.signal });
      requests.answer(entry, answer.status);
      body.discard();
      await sendAnswer(response, answer, fault, stopping.signal);
    } catch (error) {
      if (entry.status === undefined) requests.drop(entry);
      throw error;
    }
  };

  const listener: RequestListener = (request, response) => {
    // What gets here has no answer: the client went away, the fault cut the line, or the stand-in is stopping.
    const serving = serve(request, response).catch(() => void request.socket.destroy());
    underWay.add(serving);
    void serving.then(() => underWay.delete(serving));
  };
  return {
    listener,
    async settle() {
      stopping.abort();
      await Promise.all(underWay);
    },
  };
}

function openEntry(
  { method = "", headers }: IncomingMessage,
  { operation, path, argument }: Route,
): OpenEntry {
  const isUpload = operation === "GetOffset" || operation === "PostBytes";
  const { offset } = headers;
  return {
    operation,
    method,
    path,
    key: isUpload ? argument : undefined,
    offset: typeof offset === "string" && /^\d+$/.test(offset) ? Number(offset) : undefined,
    bytesReceived: 0,
    bytesKept: 0,
    status: undefined,
  };
}

/** What the client is told, by the operation or by the fault in its place, and the fault, if it is to strike. */
async function answerRequest(
  service: V4Service,
  request: V4Request,
  { fault, onlyWhenDone }: Strike,
): Promise<{ readonly answer: Answer; readonly fault: Fault | undefined }> {
  const { route } = request;
  if (fault?.kind === "answer" && fault.when === "before")
    return { answer: faultAnswer(fault, route), fault };
  const answer = await operateOrExplain(service, request);
  if (onlyWhenDone && answer.status !== 200) return { answer, fault: undefined };
  // The operation gave up, or was done, before it had read as far as the fault lets it.
  if (fault?.kind === "drop-request") throw new ConnectionDroppedError("the body was not read so far");
  return { answer: fault?.kind === "answer" ? faultAnswer(fault, route) : answer, fault };
}

async function operateOrExplain(service: V4Service, request: V4Request): Promise<Answer> {
  const { operation, error } = request.route;
  try {
    if (error !== undefined) throw error;
    if (operation === "Unsupported") throw new Error("an unsupported request carries its error");
    return await OPERATIONS[operation](service, request);
  } catch (error) {
    // Nobody is left to be answered.
    if (error instanceof BodyCutOffError || error instanceof ConnectionDroppedError) throw error;
    return errorAnswer(error, request.route.service);
  }
}
