/** An answer of S3 that is not success. Thrown by an operation; the server turns it into S3's XML. */
export class S3Error extends Error {
  override readonly name = "S3Error";
  /** HTTP status. */
  readonly status: number;
  /** S3's own name for the error. */
  readonly code: string;
  /** Elements that this code carries besides code and message, in S3's spelling. */
  readonly details: Readonly<Record<string, string>>;

  constructor(status: number, code: string, message: string, details: Readonly<Record<string, string>> = {}) {
    super(message);
    this.status = status;
    this.code = code;
    this.details = details;
  }
}

/** There is no object of that key. */
export function noSuchKey(key: string): S3Error {
  return new S3Error(404, "NoSuchKey", "The specified key does not exist.", { Key: key });
}

/** A header, a field or a parameter cannot be what it is. */
export function invalidArgument(message: string, name: string, value: string): S3Error {
  return new S3Error(400, "InvalidArgument", message, { ArgumentName: name, ArgumentValue: value });
}

/** S3 can do this and the sandbox cannot: said aloud, so that no test passes for the wrong reason. */
export function notImplemented(what: string): S3Error {
  return new S3Error(501, "NotImplemented", `The sandbox does not implement ${what}.`);
}

/** The body ended before it was complete. */
export function incompleteBody(): S3Error {
  return new S3Error(
    400,
    "IncompleteBody",
    "You did not provide the number of bytes specified by the Content-Length HTTP header.",
  );
}

/** S3 takes no body whose length it is not told in advance. */
export function missingContentLength(): S3Error {
  return new S3Error(411, "MissingContentLength", "You must provide the Content-Length HTTP header.");
}
