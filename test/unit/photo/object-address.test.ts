import { describe, expect, it } from "vitest";
import { locateObject } from "../../../lib/photo/object-address.ts";

const aws = { region: "us-west-2" };

describe("locateObject", () => {
  it.each([
    ["a common bucket", "fleet-photos", aws, "https://fleet-photos.s3.us-west-2.amazonaws.com/a.jpg"],
    [
      "a government's region",
      "fleet",
      { region: "us-gov-west-1" },
      "https://fleet.s3.us-gov-west-1.amazonaws.com/a.jpg",
    ],
    [
      "an address",
      "any.bucket",
      { ...aws, endpoint: "http://127.0.0.1:9000" },
      "http://127.0.0.1:9000/any.bucket/a.jpg",
    ],
    ["this machine", "fleet", { ...aws, endpoint: "https://localhost/" }, "https://localhost/fleet/a.jpg"],
  ])("finds %s", (_what, bucket, place, url) => {
    const found = locateObject({ bucket, key: "a.jpg" }, place);
    const port = found?.port === undefined ? "" : `:${found.port}`;
    expect(`${found?.protocol}//${found?.hostname}${port}${found?.path}`).toBe(url);
  });

  it.each([
    ["a bucket with a dot, which no certificate covers", "fleet.photos", aws],
    ["an access point", "arn:aws:s3:us-west-2:1:accesspoint/x", aws],
    ["an access point's alias", "fleet-abc123-s3alias", aws],
    ["a directory bucket", "fleet--usw2-az1--x-s3", aws],
    ["China", "fleet", { region: "cn-north-1" }],
    ["a closed cloud", "fleet", { region: "us-iso-east-1" }],
    ["no region", "fleet", { region: "" }],
    ["an endpoint by name", "fleet", { ...aws, endpoint: "https://minio.example.org" }],
    ["an endpoint with a path", "fleet", { ...aws, endpoint: "http://127.0.0.1:9000/s3" }],
    ["a region that is none", "fleet", { region: "us-west-2.evil.example" }],
  ])("leaves %s to the SDK", (_what, bucket, place) => {
    expect(locateObject({ bucket, key: "a.jpg" }, place)).toBeUndefined();
  });

  it("keeps dots, slashes and spaces as they are part of the key, and half a character out", () => {
    expect(locateObject({ bucket: "fleet", key: "a//../b c+d.jpg" }, aws)?.path).toBe("/a//../b%20c%2Bd.jpg");
    expect(locateObject({ bucket: "fleet", key: "a\ud800.jpg" }, aws)).toBeUndefined();
  });
});
