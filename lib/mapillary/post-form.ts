/** Everything of a multipart/form-data request but the bytes of the file. */
export interface PostForm {
  /** Header `Content-Type`. */
  readonly contentType: string;
  /** Fields and the head of the file part. */
  readonly preamble: Uint8Array;
  /** What ends the file part and the form. Without it no server takes the form for whole. */
  readonly closing: Uint8Array;
  /** Header `Content-Length`. S3 demands it: a chunked body is answered 411 `MissingContentLength`. */
  readonly contentLengthBytes: number;
}

/** What the bucket lane sends with a file. */
export interface PostFields {
  readonly accessKeyId: string;
  /** Destination key. */
  readonly key: string;
  readonly signatureHash: string;
  readonly permissionHash: string;
}

/** The only access the seed's policies allow. */
export const FORM_ACL = "private";
/** The only type the seed's client sends, for the empty marker too. */
export const FORM_CONTENT_TYPE = "image/jpeg";

// RFC 2046 allows more and up to 70 characters; these need no quotes in the header.
const BOUNDARY = /^[A-Za-z0-9-]{16,70}$/u;

/**
 * Builds the form around a file.
 *
 * @param boundary must not occur in the file: have at least 16 random bytes in it
 * @param filename what the file part calls the file; any text
 * @param sizeBytes of the file
 * @throws {RangeError} when the boundary has another form or occurs in a field
 */
export function postForm(
  boundary: string,
  fields: PostFields,
  filename: string,
  sizeBytes: number,
): PostForm {
  if (!BOUNDARY.test(boundary)) throw new RangeError("a boundary has 16 to 70 letters, digits or hyphens");
  // The seed's order. S3 itself only wants `file` last.
  const parts = [
    fieldPart("AWSAccessKeyId", fields.accessKeyId),
    fieldPart("acl", FORM_ACL),
    fieldPart("key", fields.key),
    fieldPart("signature", fields.signatureHash),
    fieldPart("policy", fields.permissionHash),
    fieldPart("Content-Type", FORM_CONTENT_TYPE),
    filePartHead(filename),
  ];
  if (parts.some((part) => part.includes(boundary))) throw new RangeError("the boundary occurs in a field");
  const preamble = Buffer.from(parts.map((part) => `--${boundary}\r\n${part}`).join("\r\n"));
  const closing = Buffer.from(`\r\n--${boundary}--\r\n`);
  return {
    contentType: `multipart/form-data; boundary=${boundary}`,
    preamble,
    closing,
    contentLengthBytes: preamble.byteLength + sizeBytes + closing.byteLength,
  };
}

function fieldPart(name: string, value: string): string {
  return `Content-Disposition: form-data; name="${name}"\r\n\r\n${value}`;
}

function filePartHead(filename: string): string {
  const disposition = `form-data; name="file"; filename="${escapeForHeader(filename)}"`;
  return `Content-Disposition: ${disposition}\r\nContent-Type: ${FORM_CONTENT_TYPE}\r\n\r\n`;
}

/** As browsers do (WHATWG HTML, multipart/form-data encoding): a name cannot end its header or begin a new one. */
function escapeForHeader(filename: string): string {
  return filename.replaceAll("\n", "%0A").replaceAll("\r", "%0D").replaceAll('"', "%22");
}
