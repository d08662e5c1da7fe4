import { describe, expect, it } from "vitest";
import { postForm } from "../../../lib/mapillary/post-form.ts";

const BOUNDARY = "----test-0123456789abcdef";
const FIELDS = {
  accessKeyId: "AKID",
  key: "alice/u/IMG 1.jpg",
  signatureHash: "c2ln=",
  permissionHash: "cG9s",
};

describe("postForm", () => {
  it("writes the seed's fields in the seed's order, and the file last", () => {
    const form = postForm(BOUNDARY, FIELDS, "IMG 1.jpg", 3);

    expect(Buffer.from(form.preamble).toString()).toBe(
      [
        `--${BOUNDARY}`,
        'Content-Disposition: form-data; name="AWSAccessKeyId"',
        "",
        "AKID",
        `--${BOUNDARY}`,
        'Content-Disposition: form-data; name="acl"',
        "",
        "private",
        `--${BOUNDARY}`,
        'Content-Disposition: form-data; name="key"',
        "",
        "alice/u/IMG 1.jpg",
        `--${BOUNDARY}`,
        'Content-Disposition: form-data; name="signature"',
        "",
        "c2ln=",
        `--${BOUNDARY}`,
        'Content-Disposition: form-data; name="policy"',
        "",
        "cG9s",
        `--${BOUNDARY}`,
        'Content-Disposition: form-data; name="Content-Type"',
        "",
        "image/jpeg",
        `--${BOUNDARY}`,
        'Content-Disposition: form-data; name="file"; filename="IMG 1.jpg"',
        "Content-Type: image/jpeg",
        "",
        "",
      ].join("\r\n"),
    );
    expect(Buffer.from(form.closing).toString()).toBe(`\r\n--${BOUNDARY}--\r\n`);
    expect(form.contentType).toBe(`multipart/form-data; boundary=${BOUNDARY}`);
  });

  it("counts bytes and not characters", () => {
    const form = postForm(BOUNDARY, { ...FIELDS, key: "alice/u/é漢😀.jpg" }, "é漢😀.jpg", 1_000);

    expect(form.contentLengthBytes).toBe(form.preamble.byteLength + 1_000 + form.closing.byteLength);
    expect(form.preamble.byteLength).toBeGreaterThan(Buffer.from(form.preamble).toString().length);
  });

  it("keeps the file's name inside its header", () => {
    const form = postForm(BOUNDARY, FIELDS, 'a"; name="key"\r\n\r\nbob/x%22', 0);

    const lines = Buffer.from(form.preamble).toString().split("\r\n");
    expect(lines.at(-4)).toBe(
      'Content-Disposition: form-data; name="file"; filename="a%22; name=%22key%22%0D%0A%0D%0Abob/x%22"',
    );
  });

  it.each(["", "too-short", "has space 0123456789", 'quote"0123456789abcdef', "a".repeat(71)])(
    "refuses %j as a boundary",
    (boundary) => {
      expect(() => postForm(boundary, FIELDS, "a.jpg", 0)).toThrow(RangeError);
    },
  );

  it("refuses a boundary that occurs in a field or the file's name", () => {
    const key = `alice/u/${BOUNDARY}`;

    expect(() => postForm(BOUNDARY, { ...FIELDS, key }, "a.jpg", 0)).toThrow("occurs in a field");
    expect(() => postForm(BOUNDARY, FIELDS, BOUNDARY, 0)).toThrow("occurs in a field");
  });
});
