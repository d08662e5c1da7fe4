import { describe, expect, it } from "vitest";
import type { BucketAccount } from "../../../lib/mapillary/bucket-account.ts";
import { CONDITIONS, destinationAt, NOW_MS, permissionHash, shipmentOf } from "./bucket-account-fixture.ts";

const URL_OF_PHOTOS = "https://s3-eu-west-1.amazonaws.com/photos";
const without = (index: number) => CONDITIONS.toSpliced(index, 1);
const plus = (condition: unknown) => [...CONDITIONS, condition];

function accountObjection(conditions: readonly unknown[], changes: Partial<BucketAccount> = {}) {
  const hash = permissionHash(conditions);
  return destinationAt(URL_OF_PHOTOS, { permissionHash: hash, ...changes }).accountObjection(NOW_MS);
}

describe("accountObjection", () => {
  it("has nothing against a policy like those that Mapillary issued", () => {
    expect(accountObjection(CONDITIONS)).toBeUndefined();
  });

  it("objects from the very millisecond of the policy's expiration", () => {
    const destination = destinationAt(URL_OF_PHOTOS, {
      permissionHash: permissionHash(CONDITIONS, "2026-11-22T12:00:00Z"),
    });

    expect(destination.accountObjection(NOW_MS - 1)).toBeUndefined();
    expect(destination.accountObjection(NOW_MS)).toEqual({
      kind: "never",
      scope: "account",
      code: "policy-expired",
      message: "the permission hash expired at 2026-11-22T12:00:00.000Z; a new one is needed",
    });
  });

  it.each([
    ["https://s3.eu-west-1.amazonaws.com/photos", true],
    ["https://s3.amazonaws.com/photos/", true],
    ["https://photos.s3.amazonaws.com", true],
    ["https://photos.s3.dualstack.eu-west-1.amazonaws.com/", true],
    ["https://photos.s3-eu-west-1.amazonaws.com/", true],
    ["https://photos.s3.cn-north-1.amazonaws.com.cn/", true],
    ["http://127.0.0.1:9000/photos", true],
    ["https://gateway.example/s3/photos", true],
    // Virtual host style under a domain nobody knows: the server will tell.
    ["https://photos.storage.example", true],
    ["https://other.storage.example", true],
    ["https://s3.amazonaws.com/other", false],
    ["https://my.photos.s3.amazonaws.com/photos", false],
    ["http://127.0.0.1:9000/other", false],
  ])("holds the policy's bucket against %s", (uploadUrl, isFine) => {
    const objection = accountObjection(CONDITIONS, { uploadUrl });

    expect(objection?.code).toBe(isFine ? undefined : "policy-bucket");
  });

  it.each([
    ["a key of somebody else", ["starts-with", "$key", "bob/"], "policy-key"],
    ["a user whose name ours begins with", ["starts-with", "$key", "alice2/"], "policy-key"],
    ["one folder of ours", ["starts-with", "$key", "alice/2017"], "policy-key"],
    ["a single key", ["eq", "$key", "alice/"], "policy-key"],
    ["another acl", { acl: "public-read" }, "policy-acl"],
    ["another type", ["starts-with", "$content-type", "image/png"], "policy-content-type"],
    ["a field we do not send", ["eq", "$x-amz-meta-foo", "1"], "policy-field"],
    ["a beginning of a field we do not send", { success_action_status: "201" }, "policy-field"],
  ])("objects when the policy demands %s", (_what, condition, code) => {
    const objection = accountObjection(plus(condition));

    expect(objection).toMatchObject({ kind: "never", scope: "account", code });
  });

  it.each([
    ["any key", ["starts-with", "$key", ""]],
    ["a part of the user's prefix", ["starts-with", "$Key", "ali"]],
    ["our type", { "Content-Type": "image/jpeg" }],
    [
      "any value of a field we do not send, which some servers read as none",
      ["starts-with", "$success_action_status", ""],
    ],
    ["the key id", ["starts-with", "$AWSAccessKeyId", "AK"]],
  ])("has nothing against a policy that also demands %s", (_what, condition) => {
    expect(accountObjection(plus(condition))).toBeUndefined();
  });

  it.each([
    ["key", 1],
    ["acl", 2],
    ["Content-Type", 3],
  ])("objects to a policy that does not name %s", (field, index) => {
    const objection = accountObjection(without(index));

    expect(objection).toMatchObject({ code: "policy-field", message: expect.stringContaining(field) });
  });

  it("has nothing against a policy that names no bucket or size", () => {
    expect(accountObjection(CONDITIONS.slice(1, 4))).toBeUndefined();
  });

  it("objects to credentials that cannot be right, naming and not telling them", () => {
    const cases = [
      accountObjection(CONDITIONS, { signatureHash: "two words" }),
      accountObjection(CONDITIONS, { accessKeyId: "" }),
      accountObjection(CONDITIONS, { permissionHash: "%%%%" }),
    ];

    expect(cases).toEqual([
      expect.objectContaining({
        scope: "account",
        message: expect.stringMatching(/^signatureHash contains/),
      }),
      expect.objectContaining({ scope: "account", message: "accessKeyId is empty" }),
      expect.objectContaining({ code: "policy-unreadable", message: "the permission hash is not base64" }),
    ]);
    expect(JSON.stringify(cases)).not.toMatch(/two words|%%/);
  });

  it("tells neither username of a policy that is for somebody else", () => {
    const objection = accountObjection(plus(["starts-with", "$key", "alicia/"]));

    expect(objection?.message).not.toMatch(/alic/);
    expect(objection?.message).toContain("differs at character 5");
  });
});

describe("objection", () => {
  it.each([
    [0, undefined],
    [20_485_760, undefined],
    [20_485_761, "too-large"],
  ])("holds a photo of %i bytes against the size range, both ends included", (sizeBytes, code) => {
    const objection = destinationAt(URL_OF_PHOTOS).objection(shipmentOf(sizeBytes), NOW_MS);

    expect(objection?.code).toBe(code);
  });

  it("minds every size range, and the lower end too", () => {
    const destination = destinationAt(URL_OF_PHOTOS, {
      permissionHash: permissionHash(plus(["content-length-range", 10, 100])),
    });

    expect(destination.objection(shipmentOf(9), NOW_MS)).toMatchObject({ scope: "photo", code: "too-small" });
    expect(destination.objection(shipmentOf(101), NOW_MS)).toMatchObject({
      scope: "photo",
      code: "too-large",
    });
    expect(destination.objection(shipmentOf(100), NOW_MS)).toBeUndefined();
  });

  it("names the account's objection before the photo's", () => {
    const expired = destinationAt(URL_OF_PHOTOS, {
      permissionHash: permissionHash(CONDITIONS, "2020-01-01T00:00:00Z"),
    });

    expect(expired.objection(shipmentOf(99_999_999), NOW_MS)).toMatchObject({ scope: "account" });
  });

  it("objects to a photo alone whose key was made for another username", () => {
    const shipment = { ...shipmentOf(5), destinationKey: "bob/5e2b1c9a-0d3f-4a6b-8c7d-9e0f1a2b3c4d/a.jpg" };

    const objection = destinationAt(URL_OF_PHOTOS).objection(shipment, NOW_MS);

    expect(objection).toMatchObject({ scope: "photo", code: "key-of-other-user" });
    expect(objection?.message).not.toMatch(/alice|bob/);
  });
});
