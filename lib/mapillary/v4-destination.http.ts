/**
 * The v4 lane: each photo goes to the upload service as a file under a session key that any worker can compute, which
 * gives a handle; a sequence is a manifest of handles in the order of capture, uploaded the same way, and one call to
 * the graph that makes it known. What an attempt leaves behind are bytes in a session, for the next to go on from.
 */
import type { Timeouts } from "./attempt.http.ts";
import type { Destination, FinishOutcome, Later, Never, Outcome } from "./destination.ts";
import { redactorOf } from "./redact.ts";
import { redactorOfToken, type TokenSource, TokenUnusableError } from "./token.ts";
import { DEFAULT_GRAPH_ENDPOINT, DEFAULT_UPLOAD_ENDPOINT, endpointProblem } from "./v4-account.ts";
import { TOKEN_REFUSED } from "./v4-answer.ts";
import { createChecks } from "./v4-checks.ts";
import { type FinishParts, finishUpload, uploadManifest } from "./v4-finish.http.ts";
import { createGraph } from "./v4-graph.http.ts";
import { untilAborted } from "./v4-until-aborted.ts";
import { upload } from "./v4-upload.http.ts";
import { createWire } from "./v4-wire.http.ts";

/** How long the services may take, in ms. */
export interface V4Timeouts extends Timeouts {
  /** For the call that finishes a sequence, from its beginning to its answer: what is cut off here is unknown. */
  readonly finishMs: number;
}

/** What the destination needs. */
export interface V4DestinationOptions {
  /** Default {@link DEFAULT_UPLOAD_ENDPOINT}. */
  readonly uploadEndpoint?: string;
  /** Default {@link DEFAULT_GRAPH_ENDPOINT}. */
  readonly graphEndpoint?: string;
  readonly tokens: TokenSource;
  /** Each defaults to {@link DEFAULT_TIMEOUTS}. */
  readonly timeouts?: Partial<V4Timeouts>;
  /** ms since 1970; for dates in answers. Default: the system's clock. */
  readonly now?: () => number;
}

/** As in the bucket lane; 60 s is what Mapillary's client gives a finish. */
const DEFAULT_TIMEOUTS: V4Timeouts = {
  connectMs: 5_000,
  idleMs: 20_000,
  overallMs: 120_000,
  finishMs: 60_000,
};

/**
 * The v4 lane for one account.
 *
 * A token is asked about before the first byte, and again when it changed; so is an organization. When one is refused,
 * the store is asked for another, once in an attempt. Answers to `send`: never `resume`, since an attempt asks a session
 * anew itself. Answers to `finish`: `later` also when the signal was aborted before the graph was called, since nothing
 * exists then.
 *
 * @throws {TypeError} when an endpoint is misshapen; it names the option and never repeats the value
 */
export function createV4Destination(options: V4DestinationOptions): Destination {
  const { tokens, now = Date.now } = options;
  const endpoint = endpointOf("uploadEndpoint", options.uploadEndpoint ?? DEFAULT_UPLOAD_ENDPOINT);
  const graphEndpoint = endpointOf("graphEndpoint", options.graphEndpoint ?? DEFAULT_GRAPH_ENDPOINT);
  const { finishMs, ...timeouts } = { ...DEFAULT_TIMEOUTS, ...options.timeouts };
  const wire = createWire();
  const graph = createGraph({ graphEndpoint, timeouts, now, wire });
  const checks = createChecks(graph);

  function partsOf(accessToken: string, begunMs: number): FinishParts {
    const redactor = redactorOfToken(accessToken);
    return { wire, endpoint, graphEndpoint, accessToken, redactor, timeouts, finishMs, begunMs, now };
  }

  /** Does work with the token there is, and once more with another one when that is refused. */
  async function withToken<T extends Outcome | FinishOutcome>(
    work: (parts: FinishParts) => Promise<T>,
    signal: AbortSignal,
  ): Promise<T | Later | Never<"account">> {
    const begunMs = performance.now();
    const token = await tokenOr(() => tokens.current(), signal);
    if (typeof token !== "string") return token;
    const outcome = await work(partsOf(token, begunMs));
    if (!isTokenRefusal(outcome)) return outcome;
    const another = await tokenOr(() => tokens.renewed(token), signal);
    if (another === undefined) return outcome;
    return typeof another === "string" ? await work(partsOf(another, begunMs)) : another;
  }

  return {
    repeatedFinish: "forbidden",
    // Whatever can stand against an account or a photo, the services are asked about.
    accountObjection: () => undefined,
    objection: () => undefined,

    async send({ destinationKey, sizeBytes, organizationId }, payload, signal) {
      const parcel = { sessionKey: destinationKey, sizeBytes, payload };
      return await withToken(async (parts): Promise<Outcome> => {
        const objection = await checks.pass(parts.accessToken, organizationId, signal);
        return objection ?? (await upload(parts, parcel, signal));
      }, signal);
    },

    async finish(request, signal) {
      let isBegun = false;
      const finishAs = async (parts: FinishParts): Promise<FinishOutcome> => {
        // A call with the token before this one was refused.
        isBegun = false;
        const objection = await checks.pass(parts.accessToken, request.organizationId, signal);
        if (objection !== undefined) return objection;
        const manifest = await uploadManifest(parts, request, signal);
        if (manifest.kind !== "done") return manifest;
        signal.throwIfAborted();
        isBegun = true;
        // Once begun it is let come to its end: whatever broke it off would leave it unknown.
        return await finishUpload(parts, manifest.destination, request.organizationId, NOT_BROKEN_OFF);
      };
      try {
        return await withToken(finishAs, signal);
      } catch (error) {
        if (!signal.aborted || isBegun) throw error;
        return { kind: "later", code: "aborted", message: "there was no time left to call the graph" };
      }
    },
  };
}

const NOT_BROKEN_OFF = new AbortController().signal;

function endpointOf(name: string, endpoint: string): string {
  const problem = endpointProblem(endpoint);
  if (problem !== undefined) throw new TypeError(`${name} ${problem}`);
  return endpoint.replace(/\/+$/u, "");
}

function isTokenRefusal(outcome: Outcome | FinishOutcome): boolean {
  return outcome.kind === "never" && outcome.code === TOKEN_REFUSED;
}

/** Asks for a token, and says what stands against the account, or against asking now, where there is none. */
async function tokenOr<T>(ask: () => Promise<T>, signal: AbortSignal): Promise<T | Later | Never<"account">> {
  try {
    return await untilAborted(ask(), signal);
  } catch (error) {
    signal.throwIfAborted();
    const message = redactorOf([]).line(error instanceof Error ? error.message : String(error));
    if (error instanceof TokenUnusableError)
      return { kind: "never", scope: "account", code: error.code, message };
    return { kind: "later", code: "token-unreadable", message };
  }
}
