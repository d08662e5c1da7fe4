import type { Fleet } from "../lib/config/fleet.ts";
import { printable } from "./terminal-text.ts";

/**
 * Tells of rules that fit none of the files: most likely another folder was meant to be named, and a privacy zone
 * that was meant to hold does not. `undefined` when every rule fits some.
 */
export function tellIdleRules({ rules }: Pick<Fleet, "rules">, keys: readonly string[]): string | undefined {
  const idle = rules.filter(({ prefix }) => !keys.some((key) => key.startsWith(prefix)));
  if (idle.length === 0 || keys.length === 0) return undefined;
  const prefixes = idle.map(({ prefix }) => printable(JSON.stringify(prefix))).join(", ");
  return (
    `Note: no file begins with ${prefixes}, so these rules of the fleet do nothing here. ` +
    `Prefixes count from the folder that is named; the first file is ${printable(JSON.stringify(keys[0]))}.`
  );
}
