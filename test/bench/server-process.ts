import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { ServerReport } from "./servers/counts.ts";

/** A server of the bench, in a process of its own on 127.0.0.1. */
export interface ServerProcess extends AsyncDisposable {
  /** Scheme, host and port. */
  readonly url: string;
  /** What it saw since it was asked last. */
  report(): Promise<ServerReport>;
}

/** How long a server may take to end by itself. */
const PATIENCE_MS = 2_000;

/**
 * Starts a server.
 *
 * @param delayMs how much later it answers than it could
 * @throws when it ends before it listens
 */
export async function startServer(
  name: "source" | "destination" | "table",
  delayMs: number,
): Promise<ServerProcess> {
  const file = fileURLToPath(new URL(`servers/${name}-child.ts`, import.meta.url));
  const child = fork(file, [String(delayMs)], {
    execArgv: [],
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
  const ended = once(child, "exit").then(([code, signal]) => {
    throw new Error(`the ${name} server ended with ${code ?? signal}`);
  });
  ended.catch(() => {});
  const nextMessage = async <Message>(): Promise<Message> => {
    const [message] = await Promise.race([once(child, "message"), ended]);
    return message as Message;
  };
  const url = await nextMessage<string>();
  return {
    url,
    report() {
      child.send("report");
      return nextMessage<ServerReport>();
    },
    async [Symbol.asyncDispose]() {
      const timer = setTimeout(() => child.kill("SIGKILL"), PATIENCE_MS);
      if (child.connected) child.disconnect();
      await ended.catch(() => {});
      clearTimeout(timer);
    },
  };
}
