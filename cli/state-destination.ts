/**
 * What is kept in a state directory was sent somewhere, and is not sent again: begun at the stand-in and gone on with at
 * Mapillary, a run would call photos relayed that Mapillary never saw. So the directory notes where to.
 */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { UsageError } from "./usage-error.ts";

/** Name of the note's file in the state directory. */
export const DESTINATION_FILE = "destination.json";

/** Where a run relays to, as far as another run must agree. */
export interface KeptDestination {
  readonly lane: "bucket" | "v4";
  /** Whether it is the stand-in on this machine, or somebody else's endpoint. */
  readonly at: "stand-in" | "elsewhere";
}

/**
 * Notes where the first run with a state directory relays to.
 *
 * @throws {UsageError} when an earlier one relayed over the other lane, or to the other kind of place
 */
export async function keepDestination(directory: string, now: KeptDestination): Promise<void> {
  const file = join(directory, DESTINATION_FILE);
  const before = readKept(await readFile(file, "utf8").catch(() => ""));
  if (before === undefined) return await writeFile(file, `${JSON.stringify(now)}\n`);
  if (before.lane === now.lane && before.at === now.at) return;
  throw new UsageError(
    `--state ${directory} keeps what was relayed ${tell(before)}, and this run would relay ${tell(now)}; use another directory for it`,
  );
}

/** `undefined` for what is no note of ours: directories of earlier versions have none. */
function readKept(text: string): KeptDestination | undefined {
  const found = /^\{"lane":"(bucket|v4)","at":"(stand-in|elsewhere)"\}\s*$/.exec(text);
  if (found === null) return undefined;
  return {
    lane: found[1] === "v4" ? "v4" : "bucket",
    at: found[2] === "elsewhere" ? "elsewhere" : "stand-in",
  };
}

function tell({ lane, at }: KeptDestination): string {
  const where = at === "stand-in" ? "to the stand-in on this machine" : "to somebody else's endpoint";
  return `${where} over ${lane === "v4" ? "v4" : "the bucket lane"}`;
}
