/**
 * The fault dial of the sandbox: what may go wrong with a request, and which requests it happens to. A server asks
 * the dial once for every request it gets; what the dial hands out happens to that request alone.
 *
 * Two ways to turn it, which can be combined: a script (for a test that needs this request to fail in that way) and
 * shares (for a soak: "2 % of the posts are answered 503"). The script goes first.
 */
import { setTimeout as sleep } from "node:timers/promises";

/** Something that goes wrong with one request. */
export type Fault =
  | {
      readonly kind: "answer";
      /**
       * `before`: the request has no effect. `after`: it has its full effect, and its own answer is lost and replaced
       * by this one.
       */
      readonly when: "before" | "after";
      /** HTTP status, 200 to 599. */
      readonly status: number;
      /** The service's own error code; what the body is built around when there is no `body`. */
      readonly code: string;
      /** Default: a sentence saying that the fault dial did this. */
      readonly message?: string;
      /** Added to the answer, such as `retry-after`. */
      readonly headers?: Readonly<Record<string, string>>;
      /** Sent instead of the service's own error body. */
      readonly body?: string;
    }
  | {
      /**
       * The connection dies while the request is being read, so the request has no effect. It dies at the end of a
       * body that is shorter than `afterBytes`, and at once when there is no body.
       */
      readonly kind: "drop-request";
      /** Bytes of request body read before the connection dies. */
      readonly afterBytes: number;
    }
  | {
      /** The connection dies while the answer is being sent: the request had its full effect. */
      readonly kind: "drop-response";
      /**
       * Bytes of response body sent before the connection dies, the last byte never among them; with 0, or an answer
       * that has no body, not even the status line is sent.
       */
      readonly afterBytes: number;
    }
  | {
      readonly kind: "slow";
      /** Wait between having done the request and answering it. Default 0. */
      readonly delayMs?: number;
      /** Pace of both bodies. Default: as fast as it goes. */
      readonly bytesPerSecond?: number;
    };

/** What shall happen to one request to come. */
interface ScriptedFault<Operation extends string = string> {
  /** The operation that the entry waits for. Default: whichever comes next. */
  readonly on?: Operation;
  /** `none` lets one request through unharmed: "the second post fails". */
  readonly fault: Fault | "none";
}

/** What shall happen to a part of all requests. */
interface SharedFault<Operation extends string = string> {
  /** Default: every operation. */
  readonly on?: Operation;
  /** Likelihood for each request, 0 to 1. */
  readonly share: number;
  readonly fault: Fault;
}

/** How the dial stands. */
export interface FaultDial<Operation extends string = string> {
  /** Each request consumes the first entry that is meant for its operation. Default: empty. */
  readonly script?: readonly ScriptedFault<Operation>[];
  /** For requests that the script has nothing for; tried in order, the first that strikes is taken. Default: empty. */
  readonly shares?: readonly SharedFault<Operation>[];
  /** Makes the shares repeatable: the same seed and the same requests give the same faults. Default 1. */
  readonly seed?: number;
}

/** A dial that a server asks, and that a test can turn while the server runs. */
export interface Faults<Operation extends string = string> {
  /** The fault for the request that just came in; undefined when it is to be served properly. */
  next(operation: Operation): Fault | undefined;
  /** Appends to the script. */
  script(...entries: readonly ScriptedFault<Operation>[]): void;
  /** Empties the script and sets every share to nothing. */
  clear(): void;
  /** Script entries that no request has consumed yet: a test that ends with some left did not test what it meant to. */
  readonly pending: number;
}

/** The fault dial cut this connection: there is nobody to answer. */
export class ConnectionDroppedError extends Error {
  override readonly name = "ConnectionDroppedError";
}

/**
 * Makes a fault dial. The operations come from where the dial is used or are named, never guessed from its entries: a
 * misspelt one would be a fault that never strikes.
 *
 * @throws {RangeError} when a number of the dial makes no sense, naming it.
 */
export function createFaults<Operation extends string = string>(
  dial: FaultDial<NoInfer<Operation>> = {},
): Faults<Operation> {
  let script: ScriptedFault<Operation>[] = [...(dial.script ?? [])];
  let shares: SharedFault<Operation>[] = [...(dial.shares ?? [])];
  const random = seededRandom(dial.seed ?? 1);
  script.forEach(checkEntry);
  shares.forEach(checkShare);

  return {
    next(operation) {
      const index = script.findIndex((entry) => isMeantFor(entry, operation));
      const [scripted] = index === -1 ? [] : script.splice(index, 1);
      if (scripted !== undefined) return scripted.fault === "none" ? undefined : scripted.fault;
      return shares.find((entry) => isMeantFor(entry, operation) && random() < entry.share)?.fault;
    },
    script(...entries) {
      entries.forEach(checkEntry);
      script.push(...entries);
    },
    clear() {
      script = [];
      shares = [];
    },
    get pending() {
      return script.length;
    },
  };
}

/**
 * Passes `bytes` of `source` on, then fails, at the latest where `source` ends.
 *
 * @throws {ConnectionDroppedError} always, in the end.
 */
export async function* dropAfter(
  source: AsyncIterable<Uint8Array>,
  bytes: number,
): AsyncGenerator<Uint8Array> {
  let left = bytes;
  if (left > 0) {
    for await (const chunk of source) {
      yield chunk.subarray(0, left);
      left -= chunk.byteLength;
      if (left <= 0) break;
    }
  }
  throw new ConnectionDroppedError("the fault dial cut the connection");
}

/** Passes `source` on at a pace, ending early with the signal's reason when `signal` aborts. */
export async function* throttle(
  source: AsyncIterable<Uint8Array>,
  bytesPerSecond: number,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  // Twenty slices per second: smooth enough for time-outs to be seen, coarse enough to cost nothing.
  const sliceBytes = Math.max(1, Math.floor(bytesPerSecond / 20));
  for await (const chunk of source) {
    for (let start = 0; start < chunk.byteLength; start += sliceBytes) {
      const slice = chunk.subarray(start, start + sliceBytes);
      await sleep((slice.byteLength / bytesPerSecond) * 1_000, undefined, { signal });
      yield slice;
    }
  }
}

function isMeantFor(entry: { readonly on?: string }, operation: string): boolean {
  return entry.on === undefined || entry.on === operation;
}

function checkEntry(entry: ScriptedFault): void {
  if (entry.fault !== "none") checkFault(entry.fault);
}

function checkShare(entry: SharedFault): void {
  checkNumber("share", entry.share, 0, 1);
  checkFault(entry.fault);
}

function checkFault(fault: Fault): void {
  switch (fault.kind) {
    case "answer":
      checkNumber("status", fault.status, 200, 599);
      break;
    case "drop-request":
    case "drop-response":
      checkNumber("afterBytes", fault.afterBytes, 0, Number.MAX_SAFE_INTEGER);
      break;
    case "slow":
      checkNumber("delayMs", fault.delayMs ?? 0, 0, 2 ** 31 - 1);
      checkNumber("bytesPerSecond", fault.bytesPerSecond ?? 1, 1, Number.MAX_SAFE_INTEGER);
      break;
  }
}

function checkNumber(name: string, value: number, least: number, most: number): void {
  if (value >= least && value <= most) return;
  throw new RangeError(`fault dial: ${name} is ${value}, expected ${least} to ${most}`);
}

/** Mulberry32: small, fast, and good enough to scatter faults; `Math.random` cannot be seeded. */
function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
