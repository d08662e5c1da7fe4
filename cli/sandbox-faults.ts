import { InvalidArgumentError } from "commander";
import type { FaultDial } from "../sandbox/faults.ts";
import type { S3Operation } from "../sandbox/s3/service.ts";
import {
  type DialDescription,
  PROPER_DIALS,
  parseV4Dial,
  V4_DIALS,
  type V4Dials,
} from "../sandbox/v4/dials.ts";

/**
 * Reads one `--v4-fault`, `name=value`; of a dial that is on or off the name alone turns it on.
 *
 * @param before what the flags before it came to
 * @throws {InvalidArgumentError} saying which dials there are, or how the one that is named can stand
 */
export function readV4Fault(text: string, before: Partial<V4Dials>): Partial<V4Dials> {
  const [, name = "", value] = /^([^=]*)(?:=(.*))?$/s.exec(text) ?? [];
  const dial = V4_DIALS.find((candidate) => candidate.name === name);
  if (dial === undefined) {
    const names = V4_DIALS.map((candidate) => candidate.name).join(", ");
    throw new InvalidArgumentError(`There is no dial of that name; expected one of ${names}.`);
  }
  const wanted = value ?? (dial.kind === "flag" ? "true" : undefined);
  if (wanted === undefined) throw new InvalidArgumentError(`Expected ${name}=${rangeOf(dial)}.`);
  try {
    return { ...before, ...parseV4Dial(dial, wanted) };
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new InvalidArgumentError(`Expected ${name}=${rangeOf(dial)}.`);
  }
}

/** Where help says what a dial does; a setting that is longer has a line of its own. */
const MEANING_COLUMN = 44;

/** The dials of `--v4-fault`, one after the other. */
export function helpOnV4Faults(): string {
  const lines = V4_DIALS.map((dial) => {
    const standing = PROPER_DIALS[dial.name];
    const setting = `  ${dial.name}=${rangeOf(dial)}`;
    const gap = setting.length < MEANING_COLUMN ? "" : `\n${" ".repeat(MEANING_COLUMN)}`;
    const meaning = standing === null ? dial.meaning : `${dial.meaning} (${String(standing)})`;
    return `${setting.padEnd(MEANING_COLUMN)}${gap}${meaning}`.replace(/ +\n/, "\n");
  });
  return ["Dials of --v4-fault, with how they stand when they are left alone:", ...lines].join("\n");
}

function rangeOf(dial: DialDescription): string {
  switch (dial.kind) {
    case "flag":
      return "true|false";
    case "choice":
      return dial.choices.join("|");
    case "number":
      return dial.most === Number.MAX_SAFE_INTEGER
        ? `${dial.least} or more ${dial.unit}`
        : `${dial.least} to ${dial.most}${dial.unit === "share" ? "" : ` ${dial.unit}`}`;
  }
}

/** Failing comes first: of a request that the dial has struck once, it hands out nothing else. */
export function bucketFaults(failShare: number, slowMs: number): FaultDial<S3Operation> {
  return {
    shares: [
      {
        on: "PostObject",
        share: failShare,
        fault: { kind: "answer", when: "before", status: 503, code: "SlowDown" },
      },
      { on: "PostObject", share: slowMs > 0 ? 1 : 0, fault: { kind: "slow", delayMs: slowMs } },
    ],
  };
}
