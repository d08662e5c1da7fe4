import { setTimeout as pause } from "node:timers/promises";
import type { Ledger } from "../lib/ledger/ledger.ts";
import { closeSequences } from "../lib/pipeline/close-sequences.ts";
import { buryEvent } from "../lib/pipeline/dead-letter.ts";
import type { Deps } from "../lib/pipeline/deps.ts";
import { createSqsIntake } from "../lib/pipeline/intake.sqs.ts";
import type { Log, LogEvents } from "../lib/pipeline/log.ts";
import { type RelayWorker, relayEvent } from "../lib/pipeline/relay-event.ts";
import { runEventLoop } from "./event-loop.ts";
import type { QueueSandbox } from "./queue.ts";

/** How a drain ended. */
export type DrainEnd = "empty" | "stopped" | "interrupted";

/** Functions run side by side, as Lambda would; a laptop has fewer cores. */
const RELAYS_AT_ONCE = 2;

/** How often the queues are counted. */
const COUNT_EVERY_MS = 50;

/** What a drain runs on. */
export interface Drained {
  readonly deps: Deps;
  readonly queue: QueueSandbox;
  /** Time-out of the functions. */
  readonly timeoutMs: number;
  /** Aborted when an account is stopped. */
  readonly stopped: AbortSignal;
}

/**
 * Runs the functions until nothing is left in the queues and nothing more is fed, or a signal.
 *
 * @throws the first error of a loop or the feed, when all others have come to their end
 */
export async function drain(
  { deps, queue, timeoutMs, stopped }: Drained,
  signal: AbortSignal,
  feeding: Promise<unknown>,
): Promise<DrainEnd> {
  const done = new AbortController();
  const ended = AbortSignal.any([done.signal, signal, stopped]);
  const worker: RelayWorker = {
    ...deps,
    intake: createSqsIntake(queue.client, queue.intakeUrl),
    // Whoever interrupts does not wait for uploads; whoever is stopped lets them end.
    abortAfter: (ms) => AbortSignal.any([AbortSignal.timeout(ms), signal]),
  };
  const common = { client: queue.client, batchSize: 10, timeoutMs };
  const emptied = Promise.race([feeding, aborted(ended)]).then(() => waitUntilEmpty(queue, ended));
  const relays = Array.from({ length: RELAYS_AT_ONCE }, () =>
    // A loop each: a loop that fails does not wait for its other calls.
    runEventLoop(
      {
        ...common,
        queueUrl: queue.intakeUrl,
        concurrency: 1,
        handler: (event, context) => relayEvent(worker, event, context),
      },
      ended,
    ),
  );
  const work = [
    emptied,
    ...relays,
    runEventLoop(
      {
        ...common,
        queueUrl: queue.deadLetterUrl,
        concurrency: 1,
        handler: (event) => buryEvent(deps, event),
      },
      ended,
    ),
  ];
  try {
    await Promise.race([emptied, Promise.all(work)]);
  } finally {
    done.abort();
    // Also after an error: whoever hears of it takes queue and table away, and nobody may be at work on them then.
    await Promise.allSettled(work);
  }
  await Promise.all(work);
  if (signal.aborted) return "interrupted";
  return stopped.aborted ? "stopped" : "empty";
}

async function waitUntilEmpty(queue: QueueSandbox, signal: AbortSignal): Promise<void> {
  while (!signal.aborted && (await queue.countMessages()) > 0) await pause(COUNT_EVERY_MS);
}

/** So many rounds in a row without progress are the end: what refuses its finish then will not take it soon. */
const IDLE_ROUNDS = 6;

/** After so long what is still to be done is looked at anew. */
const ROUND_MS = 60_000;

/** Before the second round of those without progress; doubled before each further one. */
const FIRST_IDLE_MS = 250;

/**
 * Closes and finishes every sequence, however long it takes while there is progress: a sequence or a part of one that is
 * done, or a handle that was made fresh. Only to be called when no relay runs: nothing is waited for that only a running
 * relay could still do.
 *
 * @param signal ends it; what is left goes on in the next run
 */
export async function closeEverything(deps: Deps, signal: AbortSignal): Promise<void> {
  const { ledger, renewals } = countRenewals(deps.ledger);
  const fleet = { ...deps.fleet, quietPeriod: "0s" };
  const now = { ...deps, ledger, fleet, relayLifetimeMs: 0, indexLagMs: 0 };
  let standing = await standingOf(deps, renewals());
  let idleRounds = 0;
  while (standing.unfinished > 0 && idleRounds < IDLE_ROUNDS && !signal.aborted) {
    if (idleRounds > 0) await rest(deps, FIRST_IDLE_MS * 2 ** (idleRounds - 1), signal);
    await closeSequences(now, AbortSignal.any([signal, AbortSignal.timeout(ROUND_MS)]));
    const before = standing;
    standing = await standingOf(deps, renewals());
    idleRounds = isAhead(standing, before) ? 0 : idleRounds + 1;
  }
}

/** How far the closing has come. */
interface Standing {
  /** Sequences that are on their way; published and held ones have arrived, and unknown ones are a person's. */
  readonly unfinished: number;
  /** Of the unfinished ones. */
  readonly partsDone: number;
  readonly renewals: number;
}

async function standingOf({ sequences }: Deps, renewals: number): Promise<Standing> {
  const statuses = ["open", "closing", "finishing"] as const;
  const rows = (await Promise.all(statuses.map((status) => sequences.withStatus(status)))).flat();
  const done = rows.flatMap(({ parts = [] }) => parts.filter(({ status }) => status === "done"));
  return { unfinished: rows.length, partsDone: done.length, renewals };
}

function isAhead(now: Standing, before: Standing): boolean {
  return (
    now.unfinished < before.unfinished || now.partsDone > before.partsDone || now.renewals > before.renewals
  );
}

/** A sequence whose handles are too old needs a round to make them fresh, or many, before one that finishes it. */
function countRenewals(ledger: Ledger): { readonly ledger: Ledger; readonly renewals: () => number } {
  let renewals = 0;
  return {
    renewals: () => renewals,
    ledger: {
      ...ledger,
      async renewHandle(row, handle) {
        const renewed = await ledger.renewHandle(row, handle);
        if (renewed !== undefined) renewals += 1;
        return renewed;
      },
    },
  };
}

/** Waits before the next round, and until Mapillary's requests for patience are over: before, a round is for nothing. */
async function rest(deps: Deps, leastMs: number, signal: AbortSignal): Promise<void> {
  const nowMs = deps.now();
  let untilMs = nowMs + leastMs;
  for (const [account, { key }] of deps.accounts) {
    const gate = await deps.gates.read(key, nowMs);
    if (gate.kind !== "paused" || gate.untilMs <= untilMs) continue;
    untilMs = gate.untilMs;
    deps.log("account.paused", { account, untilMs });
  }
  await pauseUnless(signal, untilMs - nowMs);
}

/**
 * Takes the leases from workers of an earlier run, which cannot be alive: the state directory is locked.
 */
export async function releaseLeasesOfTheDead(deps: Deps): Promise<void> {
  const sequences = await Promise.all([
    deps.sequences.withStatus("open"),
    deps.sequences.withStatus("closing"),
  ]);
  for (const { id } of sequences.flat()) {
    for (const row of await deps.ledger.ofSequence(id)) {
      if (row.status !== "relaying" || row.lease?.untilMs === 0) continue;
      await deps.ledger.releaseRelay(row, {
        code: "worker-lost",
        message: "the run was ended while it was sent",
      });
    }
  }
}

/** Listens for an account that is stopped. */
export function watchForStop(log: Log): { readonly log: Log; readonly stopped: AbortSignal } {
  const stop = new AbortController();
  return {
    stopped: stop.signal,
    log: <Name extends keyof LogEvents>(event: Name, data: LogEvents[Name]) => {
      if (event === "account.stopped") stop.abort();
      log(event, data);
    },
  };
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}

/** Ends early at the signal. */
async function pauseUnless(signal: AbortSignal, ms: number): Promise<void> {
  await pause(ms, undefined, { signal }).catch(() => {});
}
