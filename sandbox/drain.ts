import { setTimeout as pause } from "node:timers/promises";
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
 * Closes and finishes every sequence, however long it takes while there is progress. Only to be called when no relay
 * runs: nothing is waited for that only a running relay could still do.
 *
 * @param signal ends it; what is left goes on in the next run
 */
export async function closeEverything(deps: Deps, signal: AbortSignal): Promise<void> {
  const now = { ...deps, fleet: { ...deps.fleet, quietPeriod: "0s" }, relayLifetimeMs: 0, indexLagMs: 0 };
  let left = await countUnfinished(deps);
  let idleRounds = 0;
  while (left > 0 && idleRounds < IDLE_ROUNDS && !signal.aborted) {
    if (idleRounds > 0) await pauseUnless(signal, FIRST_IDLE_MS * 2 ** (idleRounds - 1));
    await closeSequences(now, AbortSignal.any([signal, AbortSignal.timeout(ROUND_MS)]));
    const before = left;
    left = await countUnfinished(deps);
    idleRounds = left < before ? 0 : idleRounds + 1;
  }
}

/** Sequences that are on their way; published and held ones have arrived, and unknown ones are a person's. */
async function countUnfinished({ sequences }: Deps): Promise<number> {
  const unfinished = await Promise.all(
    (["open", "closing", "finishing"] as const).map((status) => sequences.withStatus(status)),
  );
  return unfinished.flat().length;
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
