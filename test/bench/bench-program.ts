import { EXIT } from "../../cli/exit-code.ts";
import { watchInterruption } from "../../cli/interruption.ts";

/**
 * Runs a bench from its command: results on standard output, what it is at on standard error. Ctrl-C ends it in good
 * order; what it started is gone then.
 *
 * @param measure gives the text to print
 */
export async function runBench(
  measure: (tell: (line: string) => void, signal: AbortSignal) => Promise<string>,
): Promise<void> {
  const tell = (line: string) => void process.stderr.write(`${line}\n`);
  using interruption = watchInterruption(() => tell("Stopping …"));
  try {
    process.stdout.write(`${await measure(tell, interruption.signal)}\n`);
  } catch (error) {
    if (!interruption.signal.aborted) throw error;
    process.exitCode = EXIT.interrupted;
  }
}
