import { describe, expect, it } from "vitest";
import { listKeys, startForTest } from "./fixture.ts";
import {
  ACCESS_KEY_ID,
  behindFile,
  EXPIRATION,
  FILE_NAME_VARIABLE,
  type FormPart,
  formWithPolicy,
  formWithPolicyText,
  KEY,
  MAX_BYTES,
  NOW_MS,
  postForm,
  replace,
  SECRET,
  validForm,
  withField,
  without,
} from "./form.ts";

const startPostTarget = () =>
  startForTest({ postAccounts: { [ACCESS_KEY_ID]: SECRET }, clock: () => NOW_MS });

/** A policy that permits the valid form, once conditions on its key are added. */
const policy = (...conditions: unknown[]) => ({
  expiration: EXPIRATION,
  conditions: [{ bucket: "photos" }, { acl: "private" }, ["starts-with", "$Content-Type", ""], ...conditions],
});
const anyKey = ["starts-with", "$key", ""];

describe("what S3 refuses", () => {
  const refused: [string, FormPart[], number, string, string?][] = [
    [
      "a wrong signature",
      replace(validForm(), "signature", "AAAAAAAAAAAAAAAAAAAAAAAAAAA="),
      403,
      "SignatureDoesNotMatch",
    ],
    [
      "a signature of another length",
      replace(validForm(), "signature", "AA=="),
      403,
      "SignatureDoesNotMatch",
    ],
    [
      "an unsigned change of the policy",
      replace(validForm(), "policy", "e30="),
      403,
      "SignatureDoesNotMatch",
    ],
    [
      "an unknown access key",
      replace(validForm(), "AWSAccessKeyId", "AKIANOBODY"),
      403,
      "InvalidAccessKeyId",
    ],
    [
      "an access key named like a built-in",
      replace(validForm(), "AWSAccessKeyId", "__proto__"),
      403,
      "InvalidAccessKeyId",
    ],
    [
      "an expired policy",
      formWithPolicy({ ...policy(anyKey), expiration: "2019-05-31T23:59:59Z" }),
      403,
      "AccessDenied",
      "Invalid according to Policy: Policy expired.",
    ],
    [
      "an acl outside the policy",
      replace(validForm(), "acl", "public-read"),
      403,
      "AccessDenied",
      "[&quot;eq&quot;, &quot;$acl&quot;, &quot;private&quot;]",
    ],
    [
      "a key outside the policy",
      replace(validForm(), "key", "other/IMG.jpg"),
      403,
      "AccessDenied",
      "&quot;$key&quot;, &quot;fleet/&quot;",
    ],
    [
      "a key that only the file's name takes outside the policy",
      replace(validForm(), "key", FILE_NAME_VARIABLE),
      403,
      "AccessDenied",
      "$key",
    ],
    [
      "a Content-Type outside the policy",
      formWithPolicy({
        expiration: EXPIRATION,
        conditions: [{ bucket: "photos" }, { acl: "private" }, anyKey, { "Content-Type": "image/png" }],
      }),
      403,
      "AccessDenied",
      "$Content-Type",
    ],
    [
      "a policy for another bucket",
      formWithPolicy({ ...policy(anyKey), conditions: [{ bucket: "elsewhere" }] }),
      403,
      "AccessDenied",
      "$bucket",
    ],
    [
      "a policy that names no bucket",
      formWithPolicy({ expiration: EXPIRATION, conditions: policy(anyKey).conditions.slice(1) }),
      403,
      "AccessDenied",
      "Extra input fields: bucket",
    ],
    [
      "an extra field",
      withField(validForm(), "x-amz-meta-note", "hello"),
      403,
      "AccessDenied",
      "Extra input fields: x-amz-meta-note",
    ],
    [
      "a missing field that the policy names",
      without(validForm(), "Content-Type"),
      403,
      "AccessDenied",
      "$Content-Type",
    ],
    [
      "a file too large by a byte",
      replace(validForm(), "file", Buffer.alloc(MAX_BYTES + 1)),
      400,
      "EntityTooLarge",
      "<MaxSizeAllowed>1000</MaxSizeAllowed>",
    ],
    [
      "a file too small by a byte",
      formWithPolicy(policy(anyKey, ["content-length-range", 501, 1_000])),
      400,
      "EntityTooSmall",
      "<ProposedSize>500</ProposedSize>",
    ],
    [
      "a key behind the file",
      behindFile(validForm(), "key"),
      400,
      "InvalidArgument",
      "named &apos;key&apos;",
    ],
    ["an empty key", replace(validForm(), "key", ""), 400, "InvalidArgument"],
    [
      "a key of more than 1,024 bytes",
      replace(validForm(), "key", `fleet/${"é".repeat(510)}`),
      400,
      "KeyTooLongError",
    ],
    [
      "policy and signature behind the file",
      behindFile(validForm(), "policy", "signature"),
      403,
      "AccessDenied",
    ],
    ["no file", without(validForm(), "file"), 400, "InvalidArgument", "exactly one file"],
    [
      "no signature",
      without(validForm(), "signature"),
      400,
      "InvalidArgument",
      "named &apos;Signature&apos;",
    ],
    [
      "no access key",
      without(validForm(), "AWSAccessKeyId"),
      400,
      "InvalidArgument",
      "named &apos;AWSAccessKeyId&apos;",
    ],
    [
      "neither signature nor access key",
      without(validForm(), "signature", "AWSAccessKeyId"),
      403,
      "AccessDenied",
    ],
    [
      "neither of them, nor a policy",
      without(validForm(), "signature", "AWSAccessKeyId", "policy"),
      403,
      "AccessDenied",
    ],
    ["a policy that is not JSON", formWithPolicyText("{"), 400, "InvalidPolicyDocument"],
    ["a field twice", withField(validForm(), "key", KEY), 400, "InvalidArgument"],
    [
      "more than 20 KiB in front of the file",
      withField(validForm(), "x-ignore-much", "x".repeat(20 * 2 ** 10)),
      400,
      "MaxPostPreDataLengthExceeded",
      "<MaxPostPreDataLengthBytes>20480<",
    ],
    [
      "a metadata name that could not be a header",
      withField(
        formWithPolicy(policy(anyKey, ["starts-with", "$x-amz-meta-a b", ""])),
        "x-amz-meta-a b",
        "1",
      ),
      400,
      "InvalidArgument",
    ],
  ];
  it.each(refused)("%s: nothing is stored", async (_, form, status, code, words = "") => {
    const sandbox = await startPostTarget();

    const response = await postForm(sandbox.url, form);

    expect(response).toMatchObject({ status, code });
    expect(response.body.toString()).toContain(words);
    expect(response.body.toString()).toMatch(
      /^<\?xml .*<Error><Code>.*<RequestId>[0-9A-F]{16}<\/RequestId>.*<\/Error>$/s,
    );
    expect(await listKeys(sandbox.store)).toEqual([]);
  });
});
