import type { IncomingMessage } from "node:http";
import type { Answer } from "./answer.ts";
import { getObject, headObject } from "./get-object.ts";
import { listBuckets, listObjects } from "./list-objects.ts";
import { postObject } from "./post-object.ts";
import { deleteObject, putObject } from "./put-object.ts";
import { notImplemented, S3Error } from "./s3-error.ts";
import { findStore, type S3Operation, type S3Request, type S3Service } from "./service.ts";
import { deleteObjectTagging, getObjectTagging, putObjectTagging } from "./tagging.ts";

/** A request's first line, taken apart. */
export type Route = Pick<S3Request, "operation" | "bucket" | "key" | "query">;

type Operate = (service: S3Service, request: S3Request) => Promise<Answer>;

interface Served {
  readonly operate: Operate;
  /** Query parameters that are understood. S3 has many more, and what they ask for must not be passed over. */
  readonly parameters?: readonly string[];
  /** Headers that S3 heeds here and the sandbox cannot. */
  readonly refusedHeaders?: readonly string[];
}

const LIST_PARAMETERS = [
  "list-type",
  "prefix",
  "delimiter",
  "max-keys",
  "continuation-token",
  "start-after",
  "encoding-type",
  "fetch-owner",
];
const READ_CONDITIONS = ["if-modified-since", "if-unmodified-since", "if-range"];
const WRITE_CONDITIONS = ["if-match", "if-none-match", "x-amz-copy-source", "x-amz-write-offset-bytes"];

const OPERATIONS: Readonly<Record<Exclude<S3Operation, "Unsupported">, Served>> = {
  ListBuckets: { operate: listBuckets },
  HeadBucket: { operate: headBucket },
  ListObjectsV2: { operate: listObjects, parameters: LIST_PARAMETERS },
  GetObject: { operate: getObject, refusedHeaders: READ_CONDITIONS },
  HeadObject: { operate: headObject, refusedHeaders: READ_CONDITIONS },
  PutObject: { operate: putObject, refusedHeaders: WRITE_CONDITIONS },
  DeleteObject: { operate: deleteObject, refusedHeaders: ["if-match"] },
  GetObjectTagging: { operate: getObjectTagging, parameters: ["tagging"] },
  PutObjectTagging: { operate: putObjectTagging, parameters: ["tagging"] },
  DeleteObjectTagging: { operate: deleteObjectTagging, parameters: ["tagging"] },
  PostObject: { operate: postObject },
};

/**
 * Does what a request asks for.
 *
 * @throws {S3Error} whatever S3 would answer that is not success, or `NotImplemented`.
 */
export async function operate(service: S3Service, request: S3Request): Promise<Answer> {
  if (request.operation === "Unsupported") throw notImplemented("this request");
  const { operate, parameters = [], refusedHeaders = [] } = OPERATIONS[request.operation];
  for (const name of request.query.keys()) {
    if (!parameters.includes(name) && !isOfNoEffect(name)) throw notImplemented(`the parameter ${name} here`);
  }
  for (const name of refusedHeaders) {
    if (request.headers[name] !== undefined) throw notImplemented(`the header ${name} here`);
  }
  return operate(service, request);
}

/**
 * Finds out what is asked for, path style: `/bucket/key`.
 *
 * @throws {S3Error} `InvalidURI` when the path is not percent-encoded UTF-8.
 */
export function parseRoute({ method = "", url = "" }: IncomingMessage): Route {
  // Not `new URL`: it would resolve `..`, which is a key like any other.
  const [, path = "", search = ""] = /^([^?]*)\??(.*)$/s.exec(url) ?? [];
  const [, rawBucket = "", rawKey = ""] = /^\/?([^/]*)\/?(.*)$/s.exec(path) ?? [];
  const query = new URLSearchParams(search);
  const bucket = decodePath(rawBucket);
  const key = decodePath(rawKey);
  return { operation: nameOperation(method, bucket, key, query), bucket, key, query };
}

function nameOperation(method: string, bucket: string, key: string, query: URLSearchParams): S3Operation {
  if (bucket === "") return method === "GET" ? "ListBuckets" : "Unsupported";
  if (key === "") return nameBucketOperation(method, query);
  const isTagging = query.has("tagging");
  switch (method) {
    case "GET":
      return isTagging ? "GetObjectTagging" : "GetObject";
    case "PUT":
      return isTagging ? "PutObjectTagging" : "PutObject";
    case "DELETE":
      return isTagging ? "DeleteObjectTagging" : "DeleteObject";
    case "HEAD":
      return "HeadObject";
    default:
      return "Unsupported";
  }
}

function nameBucketOperation(method: string, query: URLSearchParams): S3Operation {
  if (method === "GET") return query.get("list-type") === "2" ? "ListObjectsV2" : "Unsupported";
  if (method === "HEAD") return "HeadBucket";
  return method === "POST" ? "PostObject" : "Unsupported";
}

/** An SDK names the operation in `x-id`; presigned URLs carry a signature, and signatures are not looked at. */
function isOfNoEffect(parameter: string): boolean {
  return parameter === "x-id" || parameter.toLowerCase().startsWith("x-amz-");
}

/** In a path S3 takes a plus sign for a space, as in a query; clients send a plus as `%2B`. */
function decodePath(encoded: string): string {
  try {
    return decodeURIComponent(encoded.replaceAll("+", " "));
  } catch {
    throw new S3Error(400, "InvalidURI", "Couldn't parse the specified URI.");
  }
}

async function headBucket(service: S3Service, { bucket }: S3Request): Promise<Answer> {
  findStore(service, bucket);
  return { status: 200, headers: {} };
}
