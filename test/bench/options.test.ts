import { InvalidArgumentError } from "commander";
import { expect, it } from "vitest";
import { listOf, nameAmong, numberIn, wholeNumberIn } from "./options.ts";

it.each([
  [numberIn(0.5, 40), "0.5", 0.5],
  [wholeNumberIn(1, 64), "64", 64],
  [nameAmong(["copy", "pipe"]), "pipe", "pipe"],
  [listOf(numberIn(0.5, 40)), "0.5,4,4", [0.5, 4]],
])("reads %o from %j", (read, text, expected) => {
  expect(read(text)).toEqual(expected);
});

it.each([
  [numberIn(0.5, 40), ["", " ", "x", "0.4", "41", "NaN"]],
  [wholeNumberIn(1, 64), ["", "0", "65", "1.5", "1e1", "-1"]],
  [nameAmong(["copy", "pipe"]), ["", "Pipe", "toString"]],
  [listOf(wholeNumberIn(1, 64)), ["1,", ",1", "1;2", "1,65"]],
])("refuses what %o cannot read", (read, texts) => {
  for (const text of texts) expect(() => read(text)).toThrow(InvalidArgumentError);
});
