import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { type OauthAnswer, readPasted } from "./oauth-answer.ts";
import { UsageError } from "./usage-error.ts";

/**
 * Reads the OAuth page's answer from what a person pastes, line by line until one is an answer.
 *
 * @param say tells the person what was wrong with a line
 * @throws {UsageError} when the input ends without an answer
 * @throws the signal's reason
 */
export async function readPastedAnswer(
  input: Readable,
  state: string,
  say: (text: string) => void,
  signal: AbortSignal,
): Promise<Extract<OauthAnswer, { kind: "code" | "denied" }>> {
  const lines = createInterface({ input, signal });
  try {
    for await (const line of lines) {
      const answer = readPasted(line, state);
      if (answer.kind === "code" || answer.kind === "denied") return answer;
      if (line.trim() !== "") say(COMPLAINTS[answer.kind]);
    }
  } finally {
    lines.close();
    // Otherwise a terminal keeps the process alive.
    input.destroy();
  }
  signal.throwIfAborted();
  throw new UsageError("nothing was pasted; expected the address that the browser was sent to, or its code");
}

const COMPLAINTS = {
  foreign:
    "That address answers another login (its state differs). Open the page above and paste where it leads.",
  nothing: "There is no code in that. Paste the whole address that the browser was sent to, or the code.",
} as const;
