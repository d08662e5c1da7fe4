import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isDoneMarker, isFolderMarker, readIntake, UnsupportedEventError } from "../../../lib/event/event.ts";
import { s3EventBody } from "../../../sandbox/s3-event.ts";
import awsPut from "../../fixtures/events/aws-put-versioned.json" with { type: "json" };
import cephPut from "../../fixtures/events/ceph-put-raw-key.json" with { type: "json" };
import minioPut from "../../fixtures/events/minio-put.json" with { type: "json" };

const bodyWith = (object: object, record: object = {}) =>
  JSON.stringify({
    Records: [
      {
        eventVersion: "2.1",
        eventName: "ObjectCreated:Put",
        s3: { bucket: { name: "b" }, object },
        ...record,
      },
    ],
  });

describe("a notification", () => {
  it("of AWS names a version of an object, its key decoded", () => {
    expect(readIntake(JSON.stringify(awsPut))).toEqual({
      created: [
        {
          bucket: "fleet-photos",
          key: "van 7/2026-05-01/Straße+Platz/IMG 0001 📷.jpg",
          etag: "0123456789abcdef0123456789abcdef",
          sizeBytes: 4194304,
          versionId: "096fKKXTRTtl3on89fVO.nfljtsv6qko",
        },
      ],
      ignored: 0,
      unreadable: [],
    });
  });

  it("of MinIO, which encodes the slash, is read alike", () => {
    expect(readIntake(JSON.stringify(minioPut)).created).toEqual([
      {
        bucket: "photos",
        key: "van-1/monday/a b.jpg",
        etag: "d41d8cd98f00b204e9800998ecf8427e",
        sizeBytes: 1024,
      },
    ]);
  });

  it("whose key does not decode is taken as raw", () => {
    expect(readIntake(JSON.stringify(cephPut)).created[0]?.key).toBe("van/100% fuel+oil.jpg");
  });

  it("may say neither which bytes nor how many", () => {
    expect(readIntake(bodyWith({ key: "a.jpg" })).created).toEqual([{ bucket: "b", key: "a.jpg" }]);
    expect(readIntake(bodyWith({ key: "a.jpg", size: -1, eTag: "", versionId: "null" })).created).toEqual([
      { bucket: "b", key: "a.jpg" },
    ]);
  });

  it("comes with quotes around the ETag from some servers", () => {
    expect(readIntake(bodyWith({ key: "a", eTag: '"e1"', size: 0 })).created[0]?.etag).toBe("e1");
  });

  it("may hold several records, each read on its own", () => {
    const one = JSON.parse(bodyWith({ key: "a.jpg" })).Records[0];
    const body = JSON.stringify({
      Records: [one, { eventName: "ObjectRemoved:Delete" }, 7, { ...one, s3: {} }, one],
    });

    const intake = readIntake(body);

    expect(intake.created).toHaveLength(2);
    expect(intake.ignored).toBe(1);
    expect(intake.unreadable.map(({ why }) => why)).toEqual([
      "Records[2] is not an object",
      "Records[3].s3.bucket.name is missing",
    ]);
  });

  it.each([
    "ObjectRemoved:Delete",
    "ObjectRestore:Completed",
    "LifecycleExpiration:Delete",
    "ObjectTagging:Put",
  ])("of %s is ignored, in any version", (eventName) => {
    expect(readIntake(bodyWith({ key: "a" }, { eventName, eventVersion: "9.0" }))).toEqual({
      created: [],
      ignored: 1,
      unreadable: [],
    });
  });

  it.each([
    "ObjectCreated:Put",
    "ObjectCreated:Post",
    "ObjectCreated:Copy",
    "ObjectCreated:CompleteMultipartUpload",
  ])("of %s names a photo", (eventName) => {
    expect(readIntake(bodyWith({ key: "a" }, { eventName })).created).toHaveLength(1);
  });

  it.each(["2.0", "2.1", "2.9", "1.0"])("of version %s is read", (eventVersion) => {
    expect(readIntake(bodyWith({ key: "a" }, { eventVersion })).created).toHaveLength(1);
  });

  it("of a later major version is thrown back", () => {
    expect(() => readIntake(bodyWith({ key: "a" }, { eventVersion: "3.0" }))).toThrow(UnsupportedEventError);
  });

  it("that S3 sends at set-up is acknowledged", () => {
    expect(readIntake(JSON.stringify({ Service: "Amazon S3", Event: "s3:TestEvent" })).ignored).toBe(1);
  });

  it.each(["", "null", "[]", "7", '"x"', "{}", '{"Records":{}}', "\u0000", '{"Records":'])(
    "that is junk (%j) is told of as unreadable",
    (body) => {
      const intake = readIntake(body);

      expect(intake.created).toEqual([]);
      expect(intake.unreadable).toHaveLength(1);
    },
  );

  it("never makes the reader throw anything else, whatever is in it", () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.json(),
          fc.anything().map((value) => JSON.stringify({ Records: [value] })),
        ),
        (body) => {
          const { created, ignored, unreadable } = readIntake(body);
          return created.length + ignored + unreadable.length >= 0;
        },
      ),
    );
  });

  it("of our own sandbox gives every key back that S3 takes", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", minLength: 1, maxLength: 60 }), (key) => {
        fc.pre(key.isWellFormed());
        const body = s3EventBody({
          bucket: "b",
          key,
          etag: "e",
          sizeBytes: 1,
          eventTime: "2026-01-01T00:00:00Z",
        });
        expect(readIntake(body).created[0]?.key).toBe(key);
      }),
    );
  });
});

describe("an object that is no photo", () => {
  it("is a folder when its key ends in a slash and it has no bytes", () => {
    expect(isFolderMarker({ key: "van/", sizeBytes: 0 })).toBe(true);
    expect(isFolderMarker({ key: "van/", sizeBytes: 1 })).toBe(false);
    expect(isFolderMarker({ key: "van", sizeBytes: 0 })).toBe(false);
  });

  it("is the mark of a complete track when it is called _DONE", () => {
    expect(["van/_DONE", "_DONE"].map((key) => isDoneMarker({ key }))).toEqual([true, true]);
    expect(["van/x_DONE", "van/_DONE.jpg", "van/_done"].map((key) => isDoneMarker({ key }))).toEqual([
      false,
      false,
      false,
    ]);
  });
});
