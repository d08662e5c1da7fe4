import { describe, expect, it } from "vitest";
import { checkDials, PROPER_DIALS, parseV4Dial, V4_DIALS } from "../../../sandbox/v4/dials.ts";

const dialOf = (name: string) => {
  const dial = V4_DIALS.find((candidate) => candidate.name === name);
  if (dial === undefined) throw new Error(`there is no dial ${name}`);
  return dial;
};

describe("the table of dials", () => {
  it("has every dial once, with one line of help", () => {
    expect(V4_DIALS.map(({ name }) => name).toSorted()).toEqual(Object.keys(PROPER_DIALS).toSorted());
    for (const { meaning } of V4_DIALS) expect(meaning).toMatch(/^[a-zA-Z0-9].{10,110}$/);
  });

  it("lets every dial stand where it stands at first", () => {
    expect(() => checkDials(PROPER_DIALS)).not.toThrow();
  });
});

describe("a dial read from a text", () => {
  it.each<[string, string, unknown]>([
    ["failShare", "0.25", 0.25],
    ["failShare", "1", 1],
    ["slowMs", "200", 200],
    ["dropAfterBytes", "0", 0],
    ["revokeAfterRequests", "12", 12],
    ["retryAfter", "date", "date"],
    ["finish", "500-after", "500-after"],
    ["denyConsent", "true", true],
    ["denyConsent", "false", false],
  ])("%s from %o is %o", (name, text, value) => {
    expect(parseV4Dial(dialOf(name), text)).toEqual({ [name]: value });
  });

  it.each<[string, string, string]>([
    ["failShare", "1.1", "0 to 1 share"],
    ["failShare", "", "0 to 1 share"],
    ["failShare", "-0.1", "0 to 1 share"],
    ["failShare", "NaN", "0 to 1 share"],
    ["slowMs", "1.5", "0 to 2147483647 ms"],
    ["slowMs", "1e3", "0 to 2147483647 ms"],
    ["slowMs", "0x10", "0 to 2147483647 ms"],
    ["dropAfterBytes", "null", "0 to 9007199254740991 bytes"],
    ["retryAfter", "later", "seconds, date, nonsense"],
    ["sharesOn", "", "upload, graph, all"],
    ["denyConsent", "yes", "true or false"],
  ])("%s is refused from %o, saying what it can be", (name, text, expectation) => {
    expect(() => parseV4Dial(dialOf(name), text)).toThrow(
      new RangeError(`fault dial: ${name} is ${text}, expected ${expectation}`),
    );
  });

  it.each([
    [{ failShare: null }, "failShare is null"],
    [{ slowMs: "5" }, "slowMs is 5"],
    [{ slowMs: Number.NaN }, "slowMs is NaN"],
    [{ dropAfterBytes: Number.POSITIVE_INFINITY }, "dropAfterBytes is Infinity"],
    [{ failShares: 1 }, "failShares is 1, expected a dial that there is"],
  ])("%o is refused from a program without types", (dials, message) => {
    expect(() => checkDials(dials as never)).toThrow(message);
  });
});
