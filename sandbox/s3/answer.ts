import { ObjectUnreadableError, ReadOnlyStoreError } from "./object-store.ts";
import { S3Error } from "./s3-error.ts";
import { buildXml, type XmlContent } from "./xml.ts";

/** What an operation says, before it is put on the wire. */
export interface Answer {
  /** HTTP status. */
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** Text, or bytes whose number the headers tell. Default: none. */
  readonly body?: string | AsyncIterable<Uint8Array>;
  /** Lets go of what the body reads from; to be called in any case, sent or not. */
  readonly close?: () => Promise<void>;
}

/** A success whose body is an XML document. */
export function xmlAnswer(status: number, root: Readonly<Record<string, XmlContent>>): Answer {
  return { status, headers: { "content-type": "application/xml" }, body: buildXml(root) };
}

/** S3's error document. */
export function errorAnswer(error: S3Error, requestId: string): Answer {
  const { code, message, details, status } = error;
  const document = { Code: code, Message: message, ...details, RequestId: requestId, HostId: "sandbox" };
  return xmlAnswer(status, { Error: document });
}

/** What anything that an operation throws looks like to the client: an S3 error as it is, all else as S3's 500. */
export function toS3Error(error: unknown): S3Error {
  if (error instanceof S3Error) return error;
  if (error instanceof ReadOnlyStoreError || error instanceof ObjectUnreadableError) {
    return new S3Error(403, "AccessDenied", `Access Denied: ${error.message}`);
  }
  // S3 keeps its causes to itself. A sandbox that did so would leave its user guessing.
  return new S3Error(
    500,
    "InternalError",
    `We encountered an internal error. Please try again. (${String(error)})`,
  );
}
