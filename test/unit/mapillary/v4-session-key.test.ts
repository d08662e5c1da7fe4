import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type SessionSubject, sessionKeyOf } from "../../../lib/mapillary/v4-session-key.ts";

const SUBJECT: SessionSubject = {
  ref: { bucket: "photos", key: "car-1/a.jpg", etag: "d41d8cd98f00b204e9800998ecf8427e", sizeBytes: 1_000 },
  account: "default",
  rewriteVersion: 1,
  description: '{"MAPLatitude":52.0907}',
};

const anySubject: fc.Arbitrary<SessionSubject> = fc.record({
  ref: fc.record(
    {
      bucket: fc.string(),
      key: fc.string({ unit: "binary" }),
      etag: fc.string(),
      sizeBytes: fc.nat(),
      versionId: fc.string({ minLength: 1 }),
    },
    { requiredKeys: ["bucket", "key", "etag", "sizeBytes"] },
  ),
  account: fc.string(),
  rewriteVersion: fc.nat({ max: 9 }),
  description: fc.string(),
});

describe("a session key", () => {
  it("has the form of a photo that Mapillary's client does not hash", () => {
    fc.assert(
      fc.property(anySubject, (subject) => {
        expect(sessionKeyOf(subject)).toMatch(/^mly_tools_uuid_[0-9a-f]{32}\.jpg$/);
      }),
    );
  });

  it("is the same in every worker, and in every version of the relay", () => {
    expect(sessionKeyOf(structuredClone(SUBJECT))).toBe(sessionKeyOf(SUBJECT));
    expect(sessionKeyOf(SUBJECT)).toBe("mly_tools_uuid_63bd80d11a0d50509eef1641b65b1db7.jpg");
  });

  it.each<[string, SessionSubject]>([
    ["bucket", { ...SUBJECT, ref: { ...SUBJECT.ref, bucket: "other" } }],
    ["key", { ...SUBJECT, ref: { ...SUBJECT.ref, key: "car-2/a.jpg" } }],
    ["content", { ...SUBJECT, ref: { ...SUBJECT.ref, etag: "0" } }],
    ["size", { ...SUBJECT, ref: { ...SUBJECT.ref, sizeBytes: 1_001 } }],
    ["version", { ...SUBJECT, ref: { ...SUBJECT.ref, versionId: "v2" } }],
    ["account", { ...SUBJECT, account: "other" }],
    ["rewrite", { ...SUBJECT, rewriteVersion: 2 }],
    ["description", { ...SUBJECT, description: '{"MAPLatitude":52.0908}' }],
  ])("is another one for another %s", (_what, other) => {
    expect(sessionKeyOf(other)).not.toBe(sessionKeyOf(SUBJECT));
  });

  it("is shared by no two subjects", () => {
    fc.assert(
      fc.property(fc.uniqueArray(anySubject, { maxLength: 20, comparator: isSame }), (subjects) => {
        expect(new Set(subjects.map(sessionKeyOf)).size).toBe(subjects.length);
      }),
    );
  });
});

function isSame(one: SessionSubject, other: SessionSubject): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
