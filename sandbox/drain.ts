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

/** Runs the functions until nothing is left in the queues and nothing more is fed, or a signal. */
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
  const work = [
    runEventLoop(
      {
        ...common,
        queueUrl: queue.intakeUrl,
        concurrency: RELAYS_AT_ONCE,
        handler: (event, context) => relayEvent(worker, event, context),
      },
      ended,
    ),
    runEventLoop(
      {
        ...common,
        queueUrl: queue.deadLetterUrl,
        concurrency: 1,
        handler: (event) => buryEvent(deps, event),
      },
      ended,
    ),
    Promise.race([feeding, aborted(ended)]).then(() => waitUntilEmpty(queue, ended)),
  ];
  try {
    await Promise.race([work[2], Promise.all(work)]);
  } finally {
    done.abort();
  }
  await Promise.all(work);
  if (signal.aborted) return "interrupted";
  return stopped.aborted ? "stopped" : "empty";
}

async function waitUntilEmpty(queue: QueueSandbox, signal: AbortSignal): Promise<void> {
  while (!signal.aborted && (await queue.countMessages()) > 0) await pause(COUNT_EVERY_MS);
}

/** Longest that a finish which was refused for now is tried again. */
const FINISH_ROUNDS = 6;

/**
 * Closes and finishes every sequence. Only to be called when no relay runs: nothing is waited for that only a
 * running relay could still do.
 */
export async function closeEverything(deps: Deps): Promise<void> {
  const now = { ...deps, fleet: { ...deps.fleet, quietPeriod: "0s" }, relayLifetimeMs: 0, indexLagMs: 0 };
  for (let round = 0; round < FINISH_ROUNDS; round += 1) {
    await closeSequences(now, AbortSignal.timeout(60_000));
    const open = await Promise.all(
      (["open", "closing", "finishing"] as const).map(deps.sequences.withStatus),
    );
    if (open.flat().length === 0) return;
    await pause(250 * 2 ** round);
  }
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

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
