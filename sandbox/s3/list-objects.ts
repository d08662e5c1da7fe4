import { type Answer, xmlAnswer } from "./answer.ts";
import { type ObjectStore, ObjectUnreadableError } from "./object-store.ts";
import { invalidArgument } from "./s3-error.ts";
import { findStore, type S3Request, type S3Service } from "./service.ts";
import { S3_NAMESPACE, type XmlContent } from "./xml.ts";

/** S3 gives no more than this per page (API/API_ListObjectsV2.html). */
export const MAX_KEYS_PER_PAGE = 1_000;

/** What is asked for. */
interface ListQuery {
  readonly prefix: string;
  /** Empty for none. */
  readonly delimiter: string;
  readonly maxKeys: number;
  readonly startAfter: string | undefined;
  readonly token: string | undefined;
  /** For names in the answer. */
  readonly encode: (name: string) => string;
}

/** One line of a listing: an object, or a common prefix that stands for all keys below it. */
type ListItem = { readonly key: string } | { readonly prefix: string };

interface Page {
  readonly items: readonly ListItem[];
  readonly isTruncated: boolean;
}

/**
 * A page of a bucket's objects in the order of their keys. An object that cannot be read is listed by its key alone,
 * without size and ETag: getting it says why.
 *
 * @throws {S3Error} `InvalidArgument`.
 */
export async function listObjects(service: S3Service, { bucket, query: raw }: S3Request): Promise<Answer> {
  const store = findStore(service, bucket);
  const query = parseQuery(raw);
  const { items, isTruncated } = await readPage(store, query);
  const last = items.at(-1);
  const optional = (name: string | undefined) => (name === undefined ? undefined : query.encode(name));
  return xmlAnswer(200, {
    ListBucketResult: {
      "@_xmlns": S3_NAMESPACE,
      Name: bucket,
      Prefix: query.encode(query.prefix),
      StartAfter: optional(query.startAfter),
      Delimiter: query.delimiter === "" ? undefined : query.encode(query.delimiter),
      ContinuationToken: query.token,
      NextContinuationToken: isTruncated && last !== undefined ? writeToken(last) : undefined,
      KeyCount: String(items.length),
      MaxKeys: String(query.maxKeys),
      EncodingType: raw.get("encoding-type") ?? undefined,
      IsTruncated: String(isTruncated),
      Contents: await describeAll(store, items, query.encode),
      CommonPrefixes: items.flatMap((item) =>
        "prefix" in item ? { Prefix: query.encode(item.prefix) } : [],
      ),
    },
  });
}

/** All buckets of the sandbox. */
export async function listBuckets({ buckets }: S3Service): Promise<Answer> {
  const Bucket = [...buckets.keys()].map((Name) => ({ Name, CreationDate: new Date(0).toISOString() }));
  return xmlAnswer(200, {
    ListAllMyBucketsResult: { "@_xmlns": S3_NAMESPACE, Owner: { ID: "sandbox" }, Buckets: { Bucket } },
  });
}

function parseQuery(raw: URLSearchParams): ListQuery {
  const encodingType = raw.get("encoding-type");
  if (encodingType !== null && encodingType !== "url") {
    throw invalidArgument("Invalid Encoding Method specified in Request", "encoding-type", encodingType);
  }
  return {
    prefix: raw.get("prefix") ?? "",
    delimiter: raw.get("delimiter") ?? "",
    maxKeys: parseMaxKeys(raw.get("max-keys") ?? String(MAX_KEYS_PER_PAGE)),
    startAfter: raw.get("start-after") ?? undefined,
    token: raw.get("continuation-token") ?? undefined,
    encode: encodingType === "url" ? urlEncode : (name) => name,
  };
}

function parseMaxKeys(text: string): number {
  if (!/^\d{1,10}$/.test(text)) {
    throw invalidArgument("Provided max-keys not an integer or within integer range", "max-keys", text);
  }
  return Math.min(Number(text), MAX_KEYS_PER_PAGE);
}

async function readPage(store: ObjectStore, query: ListQuery): Promise<Page> {
  const { prefix, delimiter, maxKeys } = query;
  const from =
    query.token === undefined ? { after: query.startAfter, below: undefined } : readToken(query.token);
  const items: ListItem[] = [];
  let below = from.below;
  if (maxKeys === 0) return { items, isTruncated: false };
  for await (const key of store.keys({ prefix, after: from.after })) {
    if (below !== undefined && key.startsWith(below)) continue;
    // One more than asked for: only then is there another page.
    if (items.length === maxKeys) return { items, isTruncated: true };
    const cut = delimiter === "" ? -1 : key.indexOf(delimiter, prefix.length);
    below = cut === -1 ? undefined : key.slice(0, cut + delimiter.length);
    items.push(below === undefined ? { key } : { prefix: below });
  }
  return { items, isTruncated: false };
}

/** A token says where the page ended. It is opaque to clients, and read here as a stranger's. */
function writeToken(last: ListItem): string {
  return Buffer.from("prefix" in last ? `prefix:${last.prefix}` : `key:${last.key}`).toString("base64url");
}

function readToken(token: string): { after: string; below: string | undefined } {
  const match = /^(key|prefix):(.*)$/s.exec(Buffer.from(token, "base64url").toString("utf8"));
  if (match === null)
    throw invalidArgument("The continuation token provided is incorrect", "continuation-token", token);
  const [, kind, name = ""] = match;
  return { after: name, below: kind === "prefix" ? name : undefined };
}

async function describeAll(
  store: ObjectStore,
  items: readonly ListItem[],
  encode: (name: string) => string,
): Promise<XmlContent[]> {
  const contents: XmlContent[] = [];
  for (const item of items) {
    const about = "key" in item ? await describe(store, item.key) : undefined;
    if ("key" in item && about !== undefined)
      contents.push({ Key: encode(item.key), ...about, StorageClass: "STANDARD" });
  }
  return contents;
}

/** Undefined for an object that went away since the page was read; empty for one that cannot be read. */
async function describe(store: ObjectStore, key: string): Promise<Record<string, string> | undefined> {
  try {
    const info = await store.head(key);
    if (info === undefined) return undefined;
    const { etag, sizeBytes, modifiedMs } = info;
    return { LastModified: new Date(modifiedMs).toISOString(), ETag: `"${etag}"`, Size: String(sizeBytes) };
  } catch (error) {
    if (error instanceof ObjectUnreadableError) return {};
    throw error;
  }
}

/** As S3 does it: UTF-8 bytes in percents, slashes kept. */
function urlEncode(name: string): string {
  const encoded = encodeURIComponent(name).replaceAll("%2F", "/");
  return encoded.replaceAll(/[!'()*]/g, (mark) => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`);
}
