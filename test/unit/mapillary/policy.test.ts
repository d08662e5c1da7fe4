import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readPolicy } from "../../../lib/mapillary/policy.ts";

const base64 = (text: string | Buffer) => Buffer.from(text).toString("base64");
const hashOf = (document: unknown) => base64(JSON.stringify(document));
const withConditions = (...conditions: unknown[]) =>
  hashOf({ expiration: "2020-01-01T00:00:00Z", conditions });

describe("readPolicy", () => {
  it("reads every kind of condition of the seed's policy", () => {
    const hash = withConditions(
      { bucket: "mapillary.uploads.manual.images" },
      ["starts-with", "$key", "alice/"],
      ["eq", "$ACL", "private"],
      ["content-length-range", 0, 20_485_760],
    );

    const reading = readPolicy(hash);

    expect(reading).toEqual({
      policy: {
        expiresAtMs: Date.UTC(2020, 0, 1),
        fields: [
          { match: "eq", field: "bucket", value: "mapillary.uploads.manual.images" },
          { match: "starts-with", field: "key", value: "alice/" },
          { match: "eq", field: "acl", value: "private" },
        ],
        sizeRangesBytes: [{ minBytes: 0, maxBytes: 20_485_760 }],
      },
    });
  });

  it("takes sizes written as digits, and Amazon's escapes that JSON does not know", () => {
    const text = String.raw`{"expiration":"2020-01-01T00:00:00.5Z","conditions":[["eq","\$key","a\\$b\v"],["content-length-range","1","2"]]}`;

    const reading = readPolicy(base64(text));

    expect(reading).toMatchObject({
      policy: {
        fields: [{ field: "key", value: "a\\$b\u000b" }],
        sizeRangesBytes: [{ minBytes: 1, maxBytes: 2 }],
      },
    });
  });

  it.each([
    ["2020-01-01T00:00:00", Date.UTC(2020, 0, 1)],
    ["2020-01-01T02:00:00+02:00", Date.UTC(2020, 0, 1)],
    ["2020-01-01T00:00:00.123Z", Date.UTC(2020, 0, 1) + 123],
  ])("reads the expiration %s as UTC unless it says otherwise", (expiration, expiresAtMs) => {
    const reading = readPolicy(hashOf({ expiration, conditions: [] }));

    expect(reading).toMatchObject({ policy: { expiresAtMs } });
  });

  it.each([
    ["", "is empty"],
    [` ${withConditions()}`, "white space"],
    ["not base64!", "white space"],
    ["notbase64!", "is not base64"],
    [base64(Buffer.from([0xff, 0xfe])), "not of UTF-8"],
    [base64("hello"), "not of JSON"],
    [base64("[]"), "not an object"],
    [hashOf({ expiration: "2020-01-01T00:00:00Z" }), 'has nothing for "conditions"; expected an array'],
    [hashOf({ conditions: [] }), 'has nothing for "expiration"'],
    [hashOf({ conditions: [], expiration: "tomorrow" }), 'has a text for "expiration"'],
    [hashOf({ conditions: [], expiration: "2020-13-01T00:00:00Z" }), 'has a text for "expiration"'],
    [hashOf({ conditions: [], expiration: 1_577_836_800 }), 'has a number for "expiration"'],
    [withConditions({ acl: "private" }, 7), "has a number as condition 2"],
    [withConditions({ acl: 1 }), "has a number as value in condition 1"],
    [withConditions(["eq", "$acl"]), "has 2 elements in condition 1; expected 3"],
    [withConditions(["ends-with", "$key", "x"]), "unknown operator in condition 1"],
    [withConditions(["eq", "acl", "private"]), "no field name in condition 1"],
    [withConditions(["content-length-range", 0, "big"]), "has a string as size in condition 1"],
    [withConditions(["content-length-range", -1, 5]), "as size in condition 1"],
    [withConditions(["content-length-range", 6, 5]), "ends before it begins"],
  ])("says what is wrong with %j", (hash, problem) => {
    const reading = readPolicy(hash);

    expect(reading).toEqual({ problem: expect.stringContaining(problem) });
  });

  it("neither throws nor repeats what it read, whatever it is given", () => {
    const anything = fc.oneof(
      fc.string({ minLength: 12 }),
      fc.json().map(base64),
      fc.array(fc.jsonValue()).map((conditions) => withConditions(...conditions)),
    );

    fc.assert(
      fc.property(anything, (hash) => {
        const reading = readPolicy(hash);

        if ("problem" in reading) {
          expect(reading.problem).not.toContain(hash);
          expect(reading.problem.length).toBeLessThan(200);
        } else {
          expect(Number.isFinite(reading.policy.expiresAtMs)).toBe(true);
        }
      }),
    );
  });
});
