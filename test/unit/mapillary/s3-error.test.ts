import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { redactorOf } from "../../../lib/mapillary/redact.ts";
import { readS3Error } from "../../../lib/mapillary/s3-error.ts";

const SIGNATURE = "mRq2u1pRzT9yIh0pYk4wq3Vd5nE=";
const REDACTOR = redactorOf([
  { name: "signatureHash", value: SIGNATURE },
  { name: "username", value: "bo" },
]);
const document = (code: string, message: string) =>
  `<?xml version="1.0"?><Error><Code>${code}</Code><Message>${message}</Message></Error>`;
const messageOf = (message: string) => readS3Error(document("AccessDenied", message), REDACTOR).message;

describe("readS3Error", () => {
  it("takes code and message, and nothing else that AWS repeats", () => {
    const body = `<?xml version="1.0" encoding="UTF-8"?>
<Error><Code>SignatureDoesNotMatch</Code><Message>The request signature we calculated does not match.</Message><AWSAccessKeyId>AKIDTESTTESTTESTTEST</AWSAccessKeyId><StringToSign>eyJleHBpcmF0aW9uIjoi</StringToSign><SignatureProvided>${SIGNATURE}</SignatureProvided><RequestId>1</RequestId></Error>`;

    expect(readS3Error(body, REDACTOR)).toEqual({
      code: "SignatureDoesNotMatch",
      message: "The request signature we calculated does not match.",
    });
  });

  it.each([
    "",
    "<html><Code>AccessDenied</Code></html>",
    "not XML",
    "<Error><Code>Access</Message>",
    document("", ""),
    "<Error><Code>Acc",
  ])("reads nothing from %j", (body) => {
    expect(readS3Error(body, REDACTOR)).toEqual({});
  });

  it.each([
    "two words",
    "line\nbreak",
    "x".repeat(200),
    "<b>",
    SIGNATURE,
    "bo",
    "&#109;Rq2u1pRzT9yIh0pYk4wq3Vd5nE=",
  ])("takes no code that is none: %j", (code) => {
    expect(readS3Error(document(code, "m"), REDACTOR)).toEqual({ message: "m" });
  });

  it.each([
    [
      "a &lt;b&gt; &amp; &quot;c&quot; &#39;d&apos; &#x263a; &bogus; &#xffffff;",
      "a <b> & \"c\" 'd' ☺ &bogus; &#xffffff;",
    ],
    ["two\nlines\u001b[31m\u202e", "two\\u{a}lines\\u{1b}[31m\\u{202e}"],
    [`sent ${SIGNATURE}.`, "sent [signatureHash]."],
    [`sent ${encodeURIComponent(SIGNATURE)}.`, "sent [signatureHash]."],
    [`sent ${SIGNATURE.toUpperCase()}.`, "sent [signatureHash]."],
    ["sent &#109;Rq2u1pRzT9yIh0pYk4wq3Vd5nE=.", "sent [signatureHash]."],
    ["sent c29tZWJvZHkgZWxzZSdzIHNlY3JldA==.", "sent [encoded]."],
    ['["starts-with", "$key", "bo/"]: robots', '["starts-with", "$key", "[username]/"]: robots'],
  ])("makes %j fit for a log", (message, line) => {
    expect(messageOf(message)).toBe(line);
  });

  it("cuts long messages, not in the middle of a character", () => {
    const line = messageOf("😀 ".repeat(400)) ?? "";

    expect(line.length).toBeLessThanOrEqual(300);
    expect(line.isWellFormed()).toBe(true);
    expect(line).toMatch(/…$/u);
  });

  it("tells no secret, wherever and however a server repeats it", () => {
    const secret = fc.oneof(
      fc.base64String({ minLength: 8, maxLength: 600 }),
      fc.stringMatching(/^[\x21-\x3b\x3d-\x7e]{8,60}$/),
    );
    const around = fc.string({ unit: "binary", maxLength: 20 }).map((text) => text.replaceAll("<", ""));
    const entities = (text: string) => [...text].map((char) => `&#${char.codePointAt(0)};`).join("");
    const encode = fc.constantFrom(String, encodeURIComponent, entities, (text: string) =>
      text.toLowerCase(),
    );
    const place = fc.constantFrom("Code", "Message", "StringToSign", "Error");

    fc.assert(
      fc.property(secret, around, around, encode, place, (value, before, after, encoding, element) => {
        const echo = before + encoding(value.replaceAll("&", "")) + after;
        const known = value.replaceAll("&", "");
        fc.pre(known.length >= 8);
        const body = `<Error><${element}>${echo}</${element}><Message>${echo}</Message></Error>`;

        const told = JSON.stringify(readS3Error(body, redactorOf([{ name: "x", value: known }])));

        expect(told.toLowerCase()).not.toContain(known.toLowerCase());
      }),
    );
  });
});
