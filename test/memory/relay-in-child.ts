import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";

/** What a worker is started with in Lambda: docs/decisions/009-own-blocks.md. */
const WORKER_FLAGS = ["--max-semi-space-size=1", "--max-old-space-size=128"];

/** Relays `count` photos of `sizeMib` each in a process of its own. @returns what its memory was, in MB */
export async function relayInChild(
  count: number,
  sizeMib: number,
  environment: Readonly<Record<string, string>>,
): Promise<{ idleMb: number; peakMb: number; cpuSeconds: number; settled: number }> {
  const child = spawn(process.execPath, [...WORKER_FLAGS, `${import.meta.dirname}/relay-child.ts`], {
    env: { ...process.env, ...environment, COUNT: String(count), SIZE_MIB: String(sizeMib) },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [output] = await Promise.all([text(child.stdout), once(child, "exit")]);
  return JSON.parse(output);
}
