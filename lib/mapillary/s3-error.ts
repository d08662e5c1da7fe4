import type { Redactor } from "./redact.ts";

/** What an S3 server says is wrong, fit for logs and rows. */
export interface S3Error {
  /** Such as `NoSuchBucket`; absent when the body holds none. */
  readonly code?: string;
  /** One printable line of at most 300 characters, without secrets. */
  readonly message?: string;
}

// All codes of AWS, Ceph and MinIO are letters, some with one dot ("KMS.DisabledException").
const ERROR_CODE = /^[A-Za-z]{1,60}(?:\.[A-Za-z]{1,60})?$/u;

/**
 * Reads the first `Code` and `Message` of an S3 error document. Everything else in it is left: AWS repeats the
 * signature and the text it signs in `SignatureProvided` and `StringToSign`. A body that is no such document, or that
 * was cut off inside an element, tells nothing.
 */
export function readS3Error(body: string, redactor: Redactor): S3Error {
  if (!body.includes("<Error")) return {};
  const code = elementText(/<Code>([^<]*)<\/Code>/u, body);
  const message = elementText(/<Message>([^<]*)<\/Message>/u, body);
  return {
    ...(ERROR_CODE.test(code) && !redactor.isTold(code) ? { code } : {}),
    ...(message === "" ? {} : { message: redactor.line(message) }),
  };
}

function elementText(element: RegExp, xml: string): string {
  return unescapeXml(element.exec(xml)?.[1] ?? "").trim();
}

const NAMED_ENTITIES = new Map([
  ["amp", "&"],
  ["lt", "<"],
  ["gt", ">"],
  ["quot", '"'],
  ["apos", "'"],
]);

/** Resolves entities, so that a secret written in them is found. */
function unescapeXml(text: string): string {
  return text.replace(/&(?:#x([0-9a-f]{1,6})|#(\d{1,7})|([a-z]{2,4}));/giu, (entity, hex, decimal, name) => {
    if (name !== undefined) return NAMED_ENTITIES.get(name) ?? entity;
    const codePoint = hex === undefined ? Number(decimal) : Number.parseInt(hex, 16);
    return codePoint <= 0x10ffff ? String.fromCodePoint(codePoint) : entity;
  });
}
