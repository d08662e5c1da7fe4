import { GraphError, invalidParameter, type Service, UploadError } from "./answer.ts";

/** What the stand-in can be asked for. `ListClusters` and `ReadImage` are its own, and never fail on purpose. */
export type V4Operation =
  | "GetOffset"
  | "PostBytes"
  | "FinishUpload"
  | "Token"
  | "Me"
  | "Node"
  | "Connect"
  | "ListClusters"
  | "ReadImage"
  | "Unsupported";

/** A request's first line, taken apart. */
export interface Route {
  readonly operation: V4Operation;
  readonly service: Service;
  /** Without the query, as it was sent. */
  readonly path: string;
  /** The session key, the handle or the node's id, decoded; empty where the operation is about none. */
  readonly argument: string;
  readonly query: URLSearchParams;
  /** Why there is no such operation, or not with this argument. */
  readonly error?: UploadError | GraphError;
}

/** Longest session key in UTF-8 bytes [?]: what a file name may have, and four times what the official client sends. */
export const MAX_KEY_BYTES = 255;

/** Where the upload service is mounted. */
export const UPLOAD_PATH = "/mapillary_public_uploads";

interface Served {
  readonly service: Service;
  readonly pattern: RegExp;
  readonly methods: Readonly<Record<string, V4Operation>>;
}

/** Looked through in this order: a name of the graph API's own is no node. */
const SERVED: readonly Served[] = [
  {
    service: "upload",
    pattern: /^\/mapillary_public_uploads\/([^/]+)$/,
    methods: { GET: "GetOffset", POST: "PostBytes" },
  },
  { service: "graph", pattern: /^\/finish_upload$/, methods: { POST: "FinishUpload" } },
  { service: "graph", pattern: /^\/token$/, methods: { POST: "Token" } },
  { service: "graph", pattern: /^\/connect$/, methods: { GET: "Connect" } },
  { service: "graph", pattern: /^\/__sandbox\/clusters$/, methods: { GET: "ListClusters" } },
  { service: "graph", pattern: /^\/__sandbox\/images\/([^/]+)$/, methods: { GET: "ReadImage" } },
  { service: "graph", pattern: /^\/me$/, methods: { GET: "Me" } },
  { service: "graph", pattern: /^\/([^/]+)$/, methods: { GET: "Node" } },
];

/** Finds out what is asked for. Never throws: what cannot be served carries its error. */
export function parseRoute(method: string, url: string): Route {
  // Not `new URL`: it would resolve `..`, and a key of two dots is a key like any other.
  const [, path = "", search = ""] = /^([^?]*)\??(.*)$/s.exec(url) ?? [];
  const query = new URLSearchParams(search);
  const served = SERVED.find(({ pattern }) => pattern.test(path));
  if (served === undefined) return unsupported(path, query, "graph", 404, `there is nothing at ${path}`);
  const { service, pattern, methods } = served;
  const operation = Object.hasOwn(methods, method) ? methods[method] : undefined;
  if (operation === undefined) return unsupported(path, query, service, 405, `${method} is not for ${path}`);
  return withArgument({ operation, service, path, argument: pattern.exec(path)?.[1] ?? "", query });
}

function withArgument(route: Route): Route {
  const argument = decode(route.argument);
  const isTooLong = route.service === "upload" && Buffer.byteLength(argument ?? "") > MAX_KEY_BYTES;
  if (argument !== undefined && !isTooLong) return { ...route, argument };
  const message = isTooLong
    ? `the session key has more than ${MAX_KEY_BYTES} bytes`
    : "the path is not percent-encoded UTF-8";
  const error =
    route.service === "upload" ? new UploadError(400, "InvalidKeyError", message) : invalidParameter(message);
  return { ...route, argument: argument ?? route.argument, error };
}

function unsupported(
  path: string,
  query: URLSearchParams,
  service: Service,
  status: number,
  message: string,
): Route {
  const error =
    service === "upload"
      ? new UploadError(status, "UnsupportedRequestError", message)
      : new GraphError(status, 2500, message, "GraphMethodException");
  return { operation: "Unsupported", service, path, argument: "", query, error };
}

function decode(encoded: string): string | undefined {
  try {
    return decodeURIComponent(encoded);
  } catch {
    return undefined;
  }
}
