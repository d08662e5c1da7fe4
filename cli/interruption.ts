import { EXIT } from "./exit-code.ts";

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/**
 * A Ctrl-C reaches a program started by npm twice: from the terminal, and passed on by npm. What follows within so
 * many ms is the same request.
 */
const SAME_REQUEST_MS = 500;

/** Code of the error that an interrupted attempt is recorded with. */
export const INTERRUPTED = "interrupted";

/** Asked to stop, in good order the first time. */
export interface Interruption extends Disposable {
  /** Aborted by the first request. */
  readonly signal: AbortSignal;
}

/**
 * Listens for Ctrl-C and requests to terminate: the first aborts the signal, another ends the process at once.
 *
 * @param onRequest called at the first request, to say so
 */
export function watchInterruption(onRequest: () => void): Interruption {
  const controller = new AbortController();
  let requestedMs = 0;
  const stop = () => {
    const nowMs = performance.now();
    if (!controller.signal.aborted) {
      requestedMs = nowMs;
      onRequest();
      controller.abort(Object.assign(new Error("the run was interrupted"), { code: INTERRUPTED }));
    } else if (nowMs - requestedMs > SAME_REQUEST_MS) {
      process.exit(EXIT.interrupted);
    }
  };
  for (const name of SIGNALS) process.on(name, stop);
  const watch = watchParent(stop);
  return {
    signal: controller.signal,
    [Symbol.dispose]() {
      for (const name of SIGNALS) process.off(name, stop);
      clearInterval(watch);
    },
  };
}

/** How often the parent is looked for. */
const LOOK_FOR_PARENT_MS = 500;

/**
 * npm hands a request to terminate to a shell that dies of it and tells nobody: what it started notices that its
 * parent is another one. Started without npm, a program may well outlive its shell.
 */
function watchParent(onLost: () => void): NodeJS.Timeout | undefined {
  if (process.env.npm_lifecycle_event === undefined) return undefined;
  const parent = process.ppid;
  const watch = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(watch);
    onLost();
  }, LOOK_FOR_PARENT_MS);
  return watch.unref();
}
