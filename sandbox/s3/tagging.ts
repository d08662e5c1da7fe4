import { z } from "zod";
import { type Answer, xmlAnswer } from "./answer.ts";
import type { ObjectInfo, Tag } from "./object-store.ts";
import { noSuchKey, S3Error } from "./s3-error.ts";
import { findStore, type S3Request, type S3Service } from "./service.ts";
import { parseXml, S3_NAMESPACE } from "./xml.ts";

/** userguide/object-tagging.html: at most 10 tags, keys of 128 characters, values of 256. */
const MAX_TAGS = 10;
const MAX_TAG_KEY_CHARACTERS = 128;
const MAX_TAG_VALUE_CHARACTERS = 256;
/** Ten tags of the largest size, escaped, are below this. */
const MAX_DOCUMENT_BYTES = 2 ** 16;

const document = z.object({
  Tagging: z.object({
    TagSet: z.union([
      z.object({ Tag: z.array(z.object({ Key: z.string(), Value: z.string() })) }),
      // An empty set is an empty element, whose content is the empty string.
      z.string().transform(() => ({ Tag: [] })),
    ]),
  }),
});

/** The tags of an object. */
export async function getObjectTagging(service: S3Service, { bucket, key }: S3Request): Promise<Answer> {
  const { tags } = found(key, await findStore(service, bucket).head(key));
  const Tag = tags.map((tag) => ({ Key: tag.key, Value: tag.value }));
  return xmlAnswer(200, { Tagging: { "@_xmlns": S3_NAMESPACE, TagSet: { Tag } } });
}

/**
 * Replaces the tags of an object.
 *
 * @throws {S3Error} `MalformedXML` or `InvalidTag` when the body is not a set of tags.
 */
export async function putObjectTagging(
  service: S3Service,
  { bucket, key, body }: S3Request,
): Promise<Answer> {
  const tags = parseTagging(await readDocument(body));
  found(key, await findStore(service, bucket).setTags(key, tags));
  return { status: 200, headers: {} };
}

/** Removes the tags of an object. */
export async function deleteObjectTagging(service: S3Service, { bucket, key }: S3Request): Promise<Answer> {
  found(key, await findStore(service, bucket).setTags(key, []));
  return { status: 204, headers: {} };
}

/**
 * Reads a `Tagging` document; none says no tags.
 *
 * @throws {S3Error} `MalformedXML` when it is not one, `InvalidTag` when S3 would not take the tags.
 */
export function parseTagging(xml: string | undefined): readonly Tag[] {
  if (xml === undefined) return [];
  const { Tag } = parseDocument(xml).Tagging.TagSet;
  return checkTags(Tag.map(({ Key, Value }) => ({ key: Key, value: Value })));
}

/**
 * Reads the `x-amz-tagging` header: tags as the query of a URL.
 *
 * @throws {S3Error} `InvalidTag` when S3 would not take the tags.
 */
export function parseTaggingHeader(header: string): readonly Tag[] {
  return checkTags([...new URLSearchParams(header)].map(([key, value]) => ({ key, value })));
}

function parseDocument(xml: string): z.infer<typeof document> {
  try {
    return document.parse(parseXml(xml));
  } catch {
    throw malformedXml();
  }
}

function checkTags(tags: readonly Tag[]): readonly Tag[] {
  if (tags.length > MAX_TAGS) throw new S3Error(400, "BadRequest", "Object tags cannot be greater than 10");
  if (new Set(tags.map((tag) => tag.key)).size < tags.length) {
    throw new S3Error(400, "InvalidTag", "Cannot provide multiple Tags with the same key");
  }
  for (const { key, value } of tags) {
    const isFit =
      key !== "" && key.length <= MAX_TAG_KEY_CHARACTERS && value.length <= MAX_TAG_VALUE_CHARACTERS;
    if (!isFit)
      throw new S3Error(400, "InvalidTag", "The tag provided was not a valid tag.", { TagKey: key });
  }
  return tags;
}

async function readDocument(body: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  for await (const chunk of body) {
    sizeBytes += chunk.byteLength;
    if (sizeBytes > MAX_DOCUMENT_BYTES) throw malformedXml();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function found(key: string, info: ObjectInfo | undefined): ObjectInfo {
  if (info === undefined) throw noSuchKey(key);
  return info;
}

function malformedXml(): S3Error {
  return new S3Error(
    400,
    "MalformedXML",
    "The XML you provided was not well-formed or did not validate against our published schema",
  );
}
