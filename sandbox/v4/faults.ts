/**
 * What goes wrong on purpose. Two ways to say it, which can be combined: a script, for a test that needs this request
 * to fail in that way, and dials, for a run in which such things happen. The script goes first.
 */
import { createFaults, type Fault, type FaultDial, type Faults } from "../faults.ts";
import { errorAnswer, GraphError, offsetInvalid, rateLimitBody } from "./answer.ts";
import { checkDials, PROPER_DIALS, type V4Dials } from "./dials.ts";
import type { V4Operation } from "./routes.ts";

/** The dials, to be turned while the stand-in runs. */
export interface V4Faults {
  /** How they stand. */
  readonly dials: V4Dials;
  /**
   * Turns the dials that are named; the others stay. What a turned dial does once, it does once again.
   *
   * @throws {RangeError} when one cannot stand like this.
   */
  set(dials: Partial<V4Dials>): void;
  /** Appends to the script; each entry is consumed by one request, whether or not that one comes to be served. */
  script: Faults<V4Operation>["script"];
  /** Script entries that no request has consumed yet. */
  readonly pending: number;
  /** Empties the script and turns every dial back. */
  clear(): void;
}

/** What happens to one request. */
export interface Strike {
  readonly fault: Fault | undefined;
  /** Whether the fault only strikes a request that would have succeeded. */
  readonly onlyWhenDone: boolean;
  /** How much later to answer. */
  readonly delayMs: number;
  /** Null for not at all. */
  readonly dropAfterBytes: number | null;
}

/** The server's side of the dials. */
export interface FaultDesk {
  /** For the request that just came in; `key` is its session's. */
  next(operation: V4Operation, key: string): Strike;
  /** Whether a session that has bytes is to be forgotten. */
  forgetsSession(key: string): boolean;
  /** Whether a handle that is good, of this session, is to expire. */
  expiresHandle(kind: "images" | "manifest", key: string): boolean;
  /** Whether the token of a request that would be served is to be revoked. */
  revokesToken(): boolean;
  deniesConsent(): boolean;
}

const UPLOADS: readonly V4Operation[] = ["GetOffset", "PostBytes"];
const GRAPH: readonly V4Operation[] = ["FinishUpload", "Token", "Me", "Node"];
const NEVER_STRUCK: ReadonlySet<V4Operation> = new Set(["ListClusters", "ReadImage"]);

/**
 * Makes the dials.
 *
 * @param seed makes the shares repeatable: from the same seed and setting, the same requests meet the same faults
 * @param now epoch milliseconds
 * @throws {RangeError} when a dial cannot stand like this.
 */
export function createV4Faults(
  first: Partial<V4Dials>,
  seed: number,
  now: () => number,
): V4Faults & FaultDesk {
  const script = createFaults<V4Operation>();
  let dials = PROPER_DIALS;
  let shares = createFaults<V4Operation>();
  let served = 0;
  const done = new Map<keyof V4Dials, Set<string>>();
  const isFirst = (dial: keyof V4Dials, key: string): boolean => {
    const keys = done.get(dial) ?? new Set();
    done.set(dial, keys);
    return keys.size < keys.add(key).size;
  };
  const set = (turned: Partial<V4Dials>) => {
    checkDials(turned);
    dials = { ...dials, ...turned };
    shares = createFaults<V4Operation>({ seed, shares: sharesOf(dials) });
    for (const name of Object.keys(turned)) done.delete(name as keyof V4Dials);
    if (turned.revokeAfterRequests !== undefined) served = 0;
  };
  set(first);

  const faultOf = (operation: V4Operation, key: string): Fault | undefined => {
    if (operation === "PostBytes" && dials.offsetInvalidOnce && isFirst("offsetInvalidOnce", key))
      return offsetFault();
    const share = shares.next(operation);
    if (share !== undefined) return share.kind === "answer" ? shareFault(share.code, dials, now()) : share;
    return operation === "FinishUpload" ? finishFault(dials.finish) : undefined;
  };
  const drops = (operation: V4Operation, key: string) =>
    operation === "PostBytes" &&
    dials.dropAfterBytes !== null &&
    (dials.dropOn === "every" || isFirst("dropOn", key));

  return {
    get dials() {
      return dials;
    },
    get pending() {
      return script.pending;
    },
    set,
    script: script.script,
    clear() {
      script.clear();
      set(PROPER_DIALS);
    },
    next(operation, key) {
      const { slowMs: delayMs } = dials;
      if (NEVER_STRUCK.has(operation))
        return { fault: undefined, onlyWhenDone: false, delayMs: 0, dropAfterBytes: null };
      const scripted = script.next(operation);
      if (scripted !== undefined)
        return { fault: scripted, onlyWhenDone: false, delayMs, dropAfterBytes: null };
      const fault = faultOf(operation, key);
      const dropAfterBytes = fault === undefined && drops(operation, key) ? dials.dropAfterBytes : null;
      return { fault, onlyWhenDone: true, delayMs, dropAfterBytes };
    },
    forgetsSession: (key) => dials.forgetSessionOnce && isFirst("forgetSessionOnce", key),
    expiresHandle: (kind, key) => dials.expireOnce === kind && isFirst("expireOnce", key),
    revokesToken() {
      served += 1;
      return dials.revokeAfterRequests !== null && served > dials.revokeAfterRequests;
    },
    deniesConsent: () => dials.denyConsent,
  };
}

type Shares = NonNullable<FaultDial<V4Operation>["shares"]>;

/** The answers themselves are made when they strike: a date in one depends on when that is. */
function sharesOf(dials: V4Dials): Shares {
  const operations = { upload: UPLOADS, graph: GRAPH, all: [...UPLOADS, ...GRAPH] }[dials.sharesOn];
  const shares = [dials.failShare, dials.unavailableShare, dials.rateLimitShare, dials.notJsonShare];
  const codes = ["fail", "unavailable", "rate-limit", "not-json"] as const;
  return operations.flatMap((on) =>
    codes.map((code, nth) => ({
      on,
      share: shares[nth] ?? 0,
      fault: { kind: "answer", when: "before", status: 500, code },
    })),
  );
}

function shareFault(code: string, dials: V4Dials, nowMs: number): Fault {
  const when = "before";
  switch (code) {
    case "unavailable": {
      const headers = { "retry-after": retryAfter(dials, nowMs) };
      return { kind: "answer", when, status: 503, code: "ServiceUnavailableError", headers };
    }
    case "rate-limit": {
      const body = rateLimitBody(dials.rateLimitBackoffMs);
      return { kind: "answer", when, status: dials.rateLimitStatus, code: "RequestRateLimitedError", body };
    }
    case "not-json": {
      const headers = { "content-type": "text/html" };
      const body = "<html><body><h1>400 Bad Request</h1></body></html>";
      return { kind: "answer", when, status: 400, code: "BadRequest", headers, body };
    }
    default:
      return { kind: "answer", when, status: 500, code: "InternalError" };
  }
}

function retryAfter({ retryAfter: form, retryAfterSeconds }: V4Dials, nowMs: number): string {
  if (form === "nonsense") return "as soon as the tide is in";
  return form === "seconds"
    ? String(retryAfterSeconds)
    : new Date(nowMs + retryAfterSeconds * 1_000).toUTCString();
}

function offsetFault(): Fault {
  const { status, body } = errorAnswer(offsetInvalid(), "upload");
  return { kind: "answer", when: "before", status, code: "OffsetInvalidError", body: String(body) };
}

function finishFault(finish: V4Dials["finish"]): Fault | undefined {
  if (finish === "proper") return undefined;
  const when = finish.endsWith("-after") ? "after" : "before";
  if (finish.startsWith("lost-"))
    return when === "after"
      ? { kind: "drop-response", afterBytes: 0 }
      : { kind: "drop-request", afterBytes: 0 };
  if (finish.startsWith("null-"))
    return { kind: "answer", when, status: 200, code: "", body: JSON.stringify({ cluster_id: null }) };
  const { status, body } = errorAnswer(new GraphError(500, 1, "An unknown error occurred"), "graph");
  return { kind: "answer", when, status, code: "", body: String(body) };
}
