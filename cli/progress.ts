import cliProgress from "cli-progress";
import type { Tally } from "./tally.ts";
import { formatBytes, formatDuration } from "./terminal-text.ts";

/** Shows how far a run is, while it runs. */
export interface Progress {
  /** Tells something besides, in a line of its own. */
  note(text: string): void;
  stop(): void;
}

/** How a run's progress is shown. */
export interface ProgressOptions {
  /** Standard error, as a rule, so that results can be piped. */
  readonly stream: NodeJS.WriteStream;
  /** `bar`: redrawn in place, for a terminal · `lines`: one now and then, for a file · `none`: notes only. */
  readonly style: "bar" | "lines" | "none";
  /** ms, from any start. */
  readonly now: () => number;
}

const LOOK_EVERY_MS = 100;
const BAR_CHARACTERS = 20;

/** A line is due when so much time has passed and so much has happened, */
const LEAST_BETWEEN_LINES_MS = 1_000;
const SHARE_BETWEEN_LINES = 0.05;
/** or when nothing was said for so long: whoever watches shall see that it lives. */
const MOST_BETWEEN_LINES_MS = 30_000;

/** Shows the progress of a tally until it is stopped. */
export function showProgress(tally: Tally, options: ProgressOptions): Progress {
  const startedMs = options.now();
  const describe = () => describeTally(tally, options.now() - startedMs);
  if (options.style === "bar") return showBar(tally, options.stream, describe);
  const note = (text: string) => {
    options.stream.write(`${text}\n`);
  };
  if (options.style === "none") return { note, stop() {} };
  const isDue = createLinePacer(tally.total, startedMs);
  const timer = setInterval(() => {
    if (isDue(countDone(tally), options.now())) note(describe());
  }, LOOK_EVERY_MS);
  return { note, stop: () => clearInterval(timer) };
}

/** Says when another line is due; the answer "yes" counts as a line said. */
export function createLinePacer(total: number, startedMs: number): (done: number, nowMs: number) => boolean {
  let saidAtMs = startedMs;
  let saidDone = 0;
  return (done, nowMs) => {
    const silentMs = nowMs - saidAtMs;
    const isFar = done - saidDone >= Math.max(1, total * SHARE_BETWEEN_LINES);
    if (silentMs < LEAST_BETWEEN_LINES_MS || !(isFar || silentMs >= MOST_BETWEEN_LINES_MS)) return false;
    saidAtMs = nowMs;
    saidDone = done;
    return true;
  };
}

/** One line: how many of how many, what became of them, bytes, rate, and how long it will take at this pace. */
export function describeTally(tally: Tally, elapsedMs: number): string {
  const done = countDone(tally);
  const counts = Object.entries(tally.counts()).filter(([, count]) => count > 0);
  const bytes = tally.bytesRelayed();
  return [
    `${done}/${tally.total}`,
    ...counts.map(([outcome, count]) => `${count} ${outcome}`),
    `${formatBytes(bytes)}, ${formatBytes(elapsedMs > 0 ? (bytes * 1_000) / elapsedMs : 0)}/s`,
    ...describeRest(done - tally.settledBefore(), tally.total - done, elapsedMs),
  ].join(" · ");
}

function describeRest(doneNow: number, left: number, elapsedMs: number): string[] {
  if (left === 0 || doneNow === 0) return [];
  return [`${formatDuration((elapsedMs / doneNow) * left)} left`];
}

function countDone(tally: Tally): number {
  return Object.values(tally.counts()).reduce((sum, count) => sum + count, 0);
}

function showBar(tally: Tally, stream: NodeJS.WriteStream, describe: () => string): Progress {
  const bar = new cliProgress.SingleBar({
    stream,
    clearOnComplete: true,
    // Our own handler ends the run in good order, and this one along with it.
    gracefulExit: false,
    format: (_options, { progress }) => {
      const full = Math.round(progress * BAR_CHARACTERS);
      return `${"█".repeat(full)}${"░".repeat(BAR_CHARACTERS - full)} ${describe()}`;
    },
  });
  bar.start(tally.total, 0);
  const timer = setInterval(() => bar.update(countDone(tally)), LOOK_EVERY_MS);
  return {
    note(text) {
      // The bar returns to where it was started: begun anew below, it leaves the note alone.
      bar.stop();
      stream.write(`${text}\n`);
      bar.start(tally.total, countDone(tally));
    },
    stop() {
      clearInterval(timer);
      bar.stop();
    },
  };
}
