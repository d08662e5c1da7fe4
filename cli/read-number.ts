import { InvalidArgumentError } from "commander";

/** Makes a reader of whole numbers from a flag; what is none, or out of range, it refuses. */
export function readWholeNumber(what: string, least: number, most: number): (text: string) => number {
  return (text) => {
    const number = Number(text);
    if (/^\d+$/.test(text) && number >= least && number <= most) return number;
    throw new InvalidArgumentError(`Expected ${what}, a whole number from ${least} to ${most}.`);
  };
}

/** Reads a TCP port; 0 is any free one. */
export const readPort = readWholeNumber("a port", 0, 65_535);
