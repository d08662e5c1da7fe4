import { describe, expect, it } from "vitest";
import { checkPolicy, parsePolicy } from "../../../sandbox/s3/post-policy.ts";

const EXPIRATION = "2020-01-01T00:00:00Z";
const BEFORE_MS = Date.parse(EXPIRATION) - 1;

const encode = (policy: unknown) => Buffer.from(JSON.stringify(policy)).toString("base64");
const withConditions = (...conditions: unknown[]) =>
  parsePolicy(encode({ expiration: EXPIRATION, conditions }));
const check = (conditions: unknown[], fields: Record<string, string>) =>
  checkPolicy(withConditions(...conditions), new Map(Object.entries(fields)), BEFORE_MS);

describe("reading a policy", () => {
  it("takes the one that Mapillary handed out", () => {
    const document = `{"expiration":"2020-01-01T00:00:00Z","conditions":[{"bucket":"b"},["starts-with","$key","u/"],["content-length-range",0,20485760]]}`;

    const policy = parsePolicy(Buffer.from(document).toString("base64"));

    expect(policy).toEqual({
      expiresMs: Date.UTC(2020, 0, 1),
      conditions: [
        { kind: "eq", field: "bucket", value: "b", text: '["eq", "$bucket", "b"]' },
        { kind: "starts-with", field: "key", value: "u/", text: '["starts-with", "$key", "u/"]' },
        { kind: "content-length-range", leastBytes: 0, mostBytes: 20_485_760 },
      ],
    });
  });

  it.each([
    ["no base64", "?", "Invalid Base64"],
    ["no JSON", Buffer.from("{").toString("base64"), "Invalid JSON"],
    ["nothing", "", "Invalid JSON"],
    ["a list", encode([]), "Invalid JSON"],
    ["no expiration", encode({ conditions: [] }), "missing expiration"],
    ["an expiration in capitals", encode({ EXPIRATION, conditions: [] }), "missing expiration"],
    [
      "an expiration with an offset",
      encode({ expiration: "2020-01-01T00:00:00+00:00", conditions: [] }),
      "'expiration'",
    ],
    [
      "an expiration with a space",
      encode({ expiration: "2020-01-01 00:00:00Z", conditions: [] }),
      "'expiration'",
    ],
    ["a day that is none", encode({ expiration: "2020-13-01T00:00:00Z", conditions: [] }), "'expiration'"],
    ["an expiration in seconds", encode({ expiration: 1_577_836_800, conditions: [] }), "'expiration'"],
    ["no conditions", encode({ expiration: EXPIRATION }), "missing conditions"],
    ["conditions that are no list", encode({ expiration: EXPIRATION, conditions: {} }), "must be a List"],
  ])("refuses %s", (_, base64, words) => {
    expect(() => parsePolicy(base64)).toThrow(
      expect.objectContaining({
        status: 400,
        code: "InvalidPolicyDocument",
        message: expect.stringContaining(words),
      }),
    );
  });

  it.each([
    ["a word", "acl"],
    ["an empty object", {}],
    ["two fields in one object", { acl: "private", key: "x" }],
    ["a number for a value", { success_action_status: 201 }],
    ["an empty list", []],
    ["an operation nobody knows", ["ends-with", "$key", "x"]],
    ["too few arguments", ["content-length-range", 0]],
    ["too many arguments", ["eq", "$key", "x", "y"]],
    ["a number for an argument", ["eq", "$key", 1]],
    ["a negative size", ["content-length-range", -1, 0]],
    ["a broken size", ["content-length-range", 0, 0.5]],
  ])("refuses %s for a condition", (_, condition) => {
    expect(() => withConditions(condition)).toThrow(
      expect.objectContaining({ code: "InvalidPolicyDocument" }),
    );
  });
});

describe("holding a form against a policy", () => {
  it("permits until the very instant of expiry", () => {
    const policy = withConditions();

    expect(checkPolicy(policy, new Map(), BEFORE_MS)).toEqual({
      leastBytes: 0,
      mostBytes: Number.MAX_SAFE_INTEGER,
    });
    expect(() => checkPolicy(policy, new Map(), BEFORE_MS + 1)).toThrow(
      "Invalid according to Policy: Policy expired.",
    );
  });

  it("takes the narrowest of several sizes, given as numbers or as digits", () => {
    const range = check(
      [
        ["content-length-range", "5", "100"],
        ["content-length-range", 0, 50],
      ],
      {},
    );

    expect(range).toEqual({ leastBytes: 5, mostBytes: 50 });
  });

  it.each([
    ["operations and field names in any case", [["StArTs-WiTh", "$KeY", "a"]], { key: "a/b" }],
    ["an empty prefix", [["starts-with", "$key", ""]], { key: "anything" }],
    ["an empty value", [["eq", "$acl", ""]], { acl: "" }],
    [
      "every type of a list of types",
      [["starts-with", "$Content-Type", "image/"]],
      { "content-type": "image/a,image/b" },
    ],
    ["several conditions on one field", [["starts-with", "$key", "a"], { KEY: "ab" }], { key: "ab" }],
    [
      "fields that need no condition",
      [],
      { awsaccesskeyid: "", signature: "", policy: "", "x-ignore-me": "" },
    ],
  ])("permits %s", (_, conditions, fields) => {
    expect(check(conditions, fields)).toBeDefined();
  });

  it.each([
    ["a value in another case", [{ acl: "private" }], { acl: "Private" }, '["eq", "$acl", "private"]'],
    ["a prefix in the middle", [["starts-with", "$key", "b"]], { key: "ab" }, '["starts-with", "$key", "b"]'],
    [
      "one type of a list",
      [["starts-with", "$Content-Type", "image/"]],
      { "content-type": "image/a,text/b" },
      "image/",
    ],
    ["a list where it is no type", [["starts-with", "$key", "a"]], { key: "b,a" }, "$key"],
    ["a field that is not there", [["starts-with", "$note", ""]], {}, '["starts-with", "$note", ""]'],
    ["the second condition of two", [{ acl: "a" }, ["eq", "$acl", "b"]], { acl: "a" }, '"b"'],
    ["a condition without a dollar sign", [["eq", "acl", "a"]], { acl: "a" }, '["eq", "acl", "a"]'],
    [
      "a size that is no number",
      [["content-length-range", "x", "10"]],
      {},
      '["content-length-range", "x", "10"]',
    ],
    ["a size of null", [["content-length-range", null, 10]], {}, "null"],
  ])("refuses %s, quoting the condition", (_, conditions, fields, words) => {
    expect(() => check(conditions, fields as Record<string, string>)).toThrow(
      expect.objectContaining({
        status: 403,
        code: "AccessDenied",
        message: expect.stringMatching(/^Invalid according to Policy: Policy Condition failed: \[/),
      }),
    );
    expect(() => check(conditions, fields as Record<string, string>)).toThrow(words);
  });

  it("names all fields that no condition names", () => {
    const checking = () => check([{ acl: "a" }], { acl: "a", note: "1", x: "2", "x-ignored": "3" });

    expect(checking).toThrow("Invalid according to Policy: Extra input fields: note, x, x-ignored");
  });
});
