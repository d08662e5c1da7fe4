import { InvalidArgumentError } from "commander";

/** Reads `0.29`. */
export function numberIn(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() !== "" && value >= least && value <= most) return value;
    throw new InvalidArgumentError(`Expected a number from ${least} to ${most}.`);
  };
}

/** Reads `3`. */
export function wholeNumberIn(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= least && value <= most) return value;
    throw new InvalidArgumentError(`Expected a whole number from ${least} to ${most}.`);
  };
}

/** Reads several, separated by commas, each once, as `read` reads one of them. */
export function listOf<Value>(read: (text: string) => Value): (text: string) => Value[] {
  return (text) => [...new Set(text.split(",").map(read))];
}

/** Reads one of `names`. */
export function nameAmong<Name extends string>(names: readonly Name[]): (text: string) => Name {
  return (text) => {
    const found = names.find((name) => name === text);
    if (found !== undefined) return found;
    throw new InvalidArgumentError(`Expected one of ${names.join(", ")}.`);
  };
}
