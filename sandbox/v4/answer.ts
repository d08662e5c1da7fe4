/** How the two services say what they say: rupload with `debug_info`, the graph API with `error`. */

/** What an operation says, before it is put on the wire. */
export interface Answer {
  /** HTTP status. */
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | StreamedBody;
}

/** A body too large to be held. */
export interface StreamedBody {
  readonly sizeBytes: number;
  readonly bytes: AsyncIterable<Uint8Array>;
}

/** Which of the two an answer comes from. What the stand-in adds for its user speaks as the graph API does. */
export type Service = "upload" | "graph";

/** rupload refuses. */
export class UploadError extends Error {
  override readonly name = "UploadError";
  /** HTTP status. */
  readonly status: number;
  /** What `debug_info.type` says. */
  readonly type: string;
  /** What `debug_info.retriable` says. */
  readonly retriable: boolean;

  constructor(status: number, type: string, message: string, retriable = false) {
    super(message);
    this.status = status;
    this.type = type;
    this.retriable = retriable;
  }
}

/** The graph API refuses. */
export class GraphError extends Error {
  override readonly name = "GraphError";
  /** HTTP status. */
  readonly status: number;
  /** What `error.code` says; Facebook's numbers. */
  readonly code: number;
  /** What `error.type` says. */
  readonly type: string;

  constructor(status: number, code: number, message: string, type = "OAuthException") {
    super(message);
    this.status = status;
    this.code = code;
    this.type = type;
  }
}

/** Facebook's code for a parameter that is missing or makes no sense. */
const INVALID_PARAMETER = 100;

/** Facebook's code for a token that does not hold. */
export const INVALID_TOKEN = 190;

/** A parameter of a graph request is missing or makes no sense. */
export function invalidParameter(message: string): GraphError {
  return new GraphError(400, INVALID_PARAMETER, `(#${INVALID_PARAMETER}) ${message}`);
}

/** Seen in the wild, word for word (mapillary_tools, uploader.py). */
export function offsetInvalid(): UploadError {
  return new UploadError(412, "OffsetInvalidError", "Request starting offset is invalid", true);
}

/** Seen in the wild, word for word (mapillary_tools#569). */
export function partialRequest(): UploadError {
  const message = "Partial request (did not match length of file)";
  return new UploadError(206, "PartialRequestError", message, true);
}

/** [?]: what rupload calls a header that it cannot use is not known. */
export function headerInvalid(message: string): UploadError {
  return new UploadError(400, "InvalidHeaderError", message);
}

/** A JSON body. */
export function jsonAnswer(
  status: number,
  content: unknown,
  headers: Readonly<Record<string, string>> = {},
): Answer {
  return {
    status,
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify(content),
  };
}

/** What anything that an operation throws looks like to the client. */
export function errorAnswer(error: unknown, service: Service): Answer {
  if (error instanceof UploadError) {
    const { status, retriable, type, message } = error;
    return jsonAnswer(status, { debug_info: { retriable, type, message } });
  }
  if (error instanceof GraphError) {
    const { status, message, type, code } = error;
    return jsonAnswer(status, { error: { message, type, code } });
  }
  // The real services keep their causes to themselves. A stand-in that did so would leave its user guessing.
  const message = `The stand-in failed. (${String(error)})`;
  return errorAnswer(
    service === "upload"
      ? new UploadError(500, "InternalError", message, true)
      : new GraphError(500, 1, message),
    service,
  );
}

/** What the rate limit says; the clients' answer to it is to believe `backoff` and not `retriable`. */
export function rateLimitBody(backoffMs: number): string {
  const debugInfo = {
    retriable: false,
    type: "RequestRateLimitedError",
    message: "Request rate limit has been exceeded",
  };
  return JSON.stringify({ backoff: backoffMs, debug_info: debugInfo });
}
