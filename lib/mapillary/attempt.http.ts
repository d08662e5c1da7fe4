import type { Agent, ClientRequest, IncomingMessage } from "node:http";

// From ESM, `import "node:http"` also loads undici for the module's exports: 18 ms of a cold start.
const http = process.getBuiltinModule("node:http");
const https = process.getBuiltinModule("node:https");

/** How long a server may take, in ms. */
export interface Timeouts {
  /** From the start of an attempt until its connection stands, TLS included. */
  readonly connectMs: number;
  /** Without a byte taken or answered by the server. Waiting for our own source does not count. */
  readonly idleMs: number;
  /** For the attempt as a whole. */
  readonly overallMs: number;
}

/** What a request needs before its body. */
export interface AttemptRequest {
  readonly method: "GET" | "POST";
  readonly url: URL;
  readonly agent: Agent;
  /** Without `Content-Length`. */
  readonly headers: Readonly<Record<string, string>>;
  /** Exact length of the body; absent for a request that has none. */
  readonly contentLengthBytes?: number;
  readonly timeouts: Timeouts;
  /** When the attempt as a whole began, as `performance.now()` told it. Default: now. */
  readonly begunMs?: number;
}

/** What ended the sending. */
type Ending =
  | { readonly kind: "answer"; readonly response: IncomingMessage }
  | { readonly kind: "fault"; readonly code: string; readonly message: string }
  | { readonly kind: "aborted" };

/** A request under way, under its time limits. Serves one caller that waits for one thing at a time. */
export interface Attempt {
  readonly request: ClientRequest;
  /** The first of: an answer, a fault, a time-out, the abort signal. Never rejects. */
  readonly ending: Promise<Ending>;
  /** Resolves when the block has been handed to the system; never, when the attempt ends before that. */
  write(block: Uint8Array): Promise<void>;
  /** @returns false when the attempt ended first */
  untilEnded(work: Promise<void>): Promise<boolean>;
  /**
   * Asks the source for its next block.
   *
   * @returns `undefined` when the attempt ended first: no more is asked for
   * @throws what the source throws
   */
  pull(source: AsyncIterator<Uint8Array>): Promise<IteratorResult<Uint8Array> | undefined>;
  noteProgress(): void;
  connection(): { readonly reusedConnection: boolean; readonly mayHaveArrived: boolean };
  /** Stops the clocks, and breaks the connection off unless request and answer are both complete. */
  release(): void;
}

/** Begins a request. */
export function startAttempt(options: AttemptRequest, signal: AbortSignal): Attempt {
  const request = openRequest(options);
  const { promise: ending, resolve } = Promise.withResolvers<Ending>();
  let ended: Ending | undefined;
  let wake = (): void => {};
  const end = (how: Ending): void => {
    ended ??= how;
    resolve(ended);
    wake();
  };
  const giveUp = (code: string, message: string): void => {
    end({ kind: "fault", code, message });
    request.destroy();
  };
  const clocks = startClocks(options, giveUp);
  const abort = (): void => {
    end({ kind: "aborted" });
    request.destroy();
  };
  signal.addEventListener("abort", abort, { once: true });

  request.once("response", (response) => end({ kind: "answer", response }));
  // Stays on for good: a request may fail after its answer has come.
  request.on("error", (error) => end(faultOf(error)));
  request.once("close", () =>
    end({ kind: "fault", code: "connection-closed", message: "closed without an answer" }),
  );
  onConnect(request, options.url, clocks.noteConnected);

  async function untilEnded<T>(work: Promise<T>): Promise<T | Ended> {
    // One waiter at a time, instead of Promise.race: racing one long promise keeps a reaction per block alive.
    return await new Promise<T | Ended>((done, fail) => {
      wake = () => done(ENDED);
      work.then(done, fail);
      if (ended !== undefined) wake();
    });
  }

  return {
    request,
    ending,
    write: (block) =>
      new Promise((done) => {
        if (ended !== undefined) return;
        request.write(block, (error) => {
          // Errors come as the event of the request.
          if (error !== undefined && error !== null) return;
          clocks.noteProgress();
          done();
        });
      }),
    untilEnded: async (work) => (await untilEnded(work)) !== ENDED,
    async pull(source) {
      if (ended !== undefined) return undefined;
      clocks.setPaused(true);
      const pulled = await untilEnded(source.next());
      clocks.setPaused(false);
      return pulled === ENDED ? undefined : pulled;
    },
    noteProgress: clocks.noteProgress,
    connection: () => ({ reusedConnection: request.reusedSocket, mayHaveArrived: clocks.isConnected() }),
    release() {
      clocks.stop();
      signal.removeEventListener("abort", abort);
      const isComplete = ended?.kind === "answer" && ended.response.complete && request.writableFinished;
      if (!isComplete) request.destroy();
    },
  };
}

const ENDED = Symbol("ended");
type Ended = typeof ENDED;

function openRequest({ method, url, agent, contentLengthBytes, ...options }: AttemptRequest): ClientRequest {
  const { request } = url.protocol === "https:" ? https : http;
  const length = contentLengthBytes === undefined ? {} : { "Content-Length": contentLengthBytes };
  const opened = request(url, { method, agent, headers: { ...options.headers, ...length } });
  // Nagle's algorithm would hold back the last, short block until the server acknowledges: 37 ms a photo.
  opened.setNoDelay(true);
  return opened;
}

function onConnect(request: ClientRequest, url: URL, connected: () => void): void {
  request.once("socket", (socket) => {
    if (request.reusedSocket) connected();
    else socket.once(url.protocol === "https:" ? "secureConnect" : "connect", connected);
  });
}

function startClocks(
  { timeouts, begunMs = performance.now() }: Pick<AttemptRequest, "timeouts" | "begunMs">,
  giveUp: (code: string, message: string) => void,
) {
  const { connectMs, idleMs, overallMs } = timeouts;
  let idle: NodeJS.Timeout | undefined;
  let isConnected = false;
  let isPaused = false;
  const connect = setTimeout(
    () => giveUp("connect-timeout", `no connection within ${connectMs} ms`),
    connectMs,
  );
  const overall = setTimeout(
    () => giveUp("overall-timeout", `not done within ${overallMs} ms`),
    Math.max(1, begunMs + overallMs - performance.now()),
  );
  const onIdle = (): void => {
    if (isPaused) idle?.refresh();
    else giveUp("idle-timeout", `the server took and gave nothing for ${idleMs} ms`);
  };
  return {
    isConnected: () => isConnected,
    noteConnected(): void {
      clearTimeout(connect);
      isConnected = true;
      idle = setTimeout(onIdle, idleMs);
    },
    noteProgress(): void {
      idle?.refresh();
    },
    /** While it is paused the idle clock does not run out; afterwards it begins anew. */
    setPaused(paused: boolean): void {
      isPaused = paused;
      idle?.refresh();
    },
    stop(): void {
      clearTimeout(connect);
      clearTimeout(overall);
      clearTimeout(idle);
    },
  };
}

function faultOf(error: Error & { code?: unknown }): Ending {
  // A connection tried on several addresses fails with an error without words around the single ones.
  const cause = error instanceof AggregateError && error.errors[0] instanceof Error ? error.errors[0] : error;
  const code = typeof error.code === "string" ? error.code : "connection-failed";
  return { kind: "fault", code, message: cause.message };
}
