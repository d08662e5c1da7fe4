import { type BlockPool, type BlockQueue, createBlockQueue } from "./block-queue.ts";
import type { Connection, ConnectionPool, Origin } from "./connection-pool.http.ts";
import type { OpenPhoto } from "./photo.ts";
import { announcesPhoto, createHeadGatherer, type ExpectedBody, keepsConnection } from "./response-head.ts";

/** One request, and what its answer has to be. */
export interface BodyReadingOptions {
  readonly connections: ConnectionPool;
  readonly blocks: BlockPool;
  readonly origin: Origin;
  /** The request as it goes over the wire. It carries a secret. */
  readonly text: string;
  /** The photo asked for; `name` is what errors call it. */
  readonly expected: ExpectedBody & { readonly name: string };
  /** In ms, without a byte from the server, while we did not pause it. */
  readonly idleMs: number;
  readonly signal: AbortSignal;
}

type Next = IteratorResult<Uint8Array, undefined>;

/** Sends the request. @returns `undefined` when the answer is not the photo, or breaks off before its first byte */
export function startBodyReading(options: BodyReadingOptions): Promise<OpenPhoto | undefined> {
  const { expected, signal, idleMs } = options;
  const opening = Promise.withResolvers<OpenPhoto | undefined>();
  const queue: BlockQueue = createBlockQueue(options.blocks);
  const gatherer = createHeadGatherer();
  let isOpen = false;
  let isPaused = false;
  let mayKeep = false;
  let hasHead = false;
  const askedBytes = expected.sizeBytes - expected.fromBytes;
  let missingBytes = askedBytes;
  let failure: { readonly error: unknown } | undefined;
  let reader: PromiseWithResolvers<Next> | undefined;
  let isServing = false;

  /** Ends it for good; the first end counts. */
  function fail(error: unknown): void {
    if (failure !== undefined) return;
    failure = { error };
    stopWatching();
    connection.destroy();
    if (!isOpen) {
      queue.release();
      opening.resolve(undefined);
    }
    serve();
  }

  function stopWatching(): void {
    clearTimeout(idle);
    signal.removeEventListener("abort", abort);
  }

  function abort(): void {
    if (!isOpen) opening.reject(signal.reason);
    fail(signal.reason);
  }

  function onIdle(): void {
    if (isPaused) idle.refresh();
    else fail(new Error(`${expected.name}: no byte came for ${idleMs} ms`));
  }

  function received(bytes: Uint8Array): void {
    if (failure !== undefined) return;
    idle.refresh();
    if (hasHead) takeBody(bytes);
    else takeHead(bytes);
  }

  function takeHead(bytes: Uint8Array): void {
    const gathered = gatherer.push(bytes);
    if (gathered === undefined) return;
    if (gathered === "unusable" || !announcesPhoto(gathered.head, expected)) {
      fail(new Error("the answer is not the photo"));
      return;
    }
    hasHead = true;
    mayKeep = keepsConnection(gathered.head);
    takeBody(gathered.rest);
  }

  function takeBody(bytes: Uint8Array): void {
    if (bytes.byteLength > missingBytes) mayKeep = false;
    const part = bytes.subarray(0, missingBytes);
    missingBytes -= part.byteLength;
    queue.push(part);
    if (missingBytes === 0) clearTimeout(idle);
    // What comes behind a whole photo is nobody's, and a connection that sends it cannot be trusted further.
    if (missingBytes === 0 && !mayKeep) connection.destroy();
    if (!isOpen && (queue.hasBytes() || missingBytes === 0)) {
      isOpen = true;
      opening.resolve({ body: { next }, close });
    }
    if (queue.isFull() || missingBytes === 0) serve();
    else serveSoon();
    setPaused(queue.isFull());
  }

  /** When all that arrived together is in the block: over TLS it comes in pieces of 16 KiB. */
  function serveSoon(): void {
    if (reader === undefined || isServing) return;
    isServing = true;
    setImmediate(() => {
      isServing = false;
      serve();
    });
  }

  function serve(): void {
    if (reader === undefined) return;
    const { resolve, reject } = reader;
    if (failure !== undefined) {
      reader = undefined;
      reject(failure.error);
      return;
    }
    const block = queue.take();
    if (block === undefined && missingBytes > 0) return;
    reader = undefined;
    setPaused(queue.isFull());
    resolve(block === undefined ? { done: true, value: undefined } : { done: false, value: block });
  }

  function setPaused(paused: boolean): void {
    if (paused === isPaused || missingBytes === 0) return;
    isPaused = paused;
    idle.refresh();
    if (paused) connection.pause();
    else connection.resume();
  }

  function next(): Promise<Next> {
    if (reader !== undefined) return Promise.reject(new Error("a block was asked for while another is"));
    reader = Promise.withResolvers<Next>();
    const { promise } = reader;
    serve();
    return promise;
  }

  function close(): void {
    if (missingBytes === 0 && failure === undefined) connection.release();
    fail(new Error(`${expected.name}: the photo was closed`));
    queue.release();
  }

  const connection: Connection = options.connections.take(options.origin, {
    received,
    closed(error) {
      mayKeep = false;
      if (missingBytes === 0 && hasHead) return;
      const readBytes = askedBytes - missingBytes;
      const message = `${expected.name} ended after ${readBytes} of ${askedBytes} bytes`;
      fail(new Error(message, { cause: error }));
    },
  });
  const idle = setTimeout(onIdle, idleMs);
  signal.addEventListener("abort", abort, { once: true });
  connection.write(options.text);
  return opening.promise;
}
