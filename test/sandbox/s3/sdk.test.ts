import { createReadStream } from "node:fs";
import { mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import {
  DeleteObjectCommand,
  DeleteObjectTaggingCommand,
  GetObjectCommand,
  GetObjectTaggingCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListBucketsCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  PutObjectTaggingCommand,
  paginateListObjectsV2,
  type S3Client,
} from "@aws-sdk/client-s3";
import { describe, expect, it } from "vitest";
import { createFolderStore } from "../../../sandbox/s3/folder-store.ts";
import { MAX_KEYS_PER_PAGE } from "../../../sandbox/s3/list-objects.ts";
import { clientFor, directoryForTest, patternedBytes, pieces, startForTest } from "./fixture.ts";

const Bucket = "photos";
const BYTES = patternedBytes(3_000_000);

const HOSTILE_KEYS = [
  ..."a b|a+b|a%20b|%2e%2e/x|../x|./y|//z|/lead|é|q\"'<>&|a/|&#10;|&amp;|trail | lead|x?y=1#z|123|1e5|true".split(
    "|",
  ),
  ..."*!'()|a\\b|__proto__|constructor|日本/😀.jpg|\uffee|nl\nx\ry|\u0001ctl|t\tt|\u007f\u0085|a|b".split(
    "|",
  ),
];

async function read(client: S3Client, Key: string): Promise<Buffer> {
  const { Body } = await client.send(new GetObjectCommand({ Bucket, Key }));
  return Buffer.from((await Body?.transformToByteArray()) ?? []);
}

describe("the AWS SDK with its default settings", () => {
  it("gets back byte for byte what it put, from a buffer, a file and a stream", async () => {
    const client = clientFor(await startForTest());
    const path = join(await directoryForTest(), "photo.jpg");
    await writeFile(path, BYTES);

    await client.send(new PutObjectCommand({ Bucket, Key: "buffer", Body: BYTES }));
    await client.send(new PutObjectCommand({ Bucket, Key: "file", Body: createReadStream(path) }));
    const stream = Readable.from([BYTES.subarray(0, 100_000), BYTES.subarray(100_000)]);
    await client.send(
      new PutObjectCommand({ Bucket, Key: "stream", Body: stream, ContentLength: BYTES.byteLength }),
    );

    for (const key of ["buffer", "file", "stream"])
      expect((await read(client, key)).equals(BYTES)).toBe(true);
  });

  it("puts, gets, lists and deletes under any key", async () => {
    const client = clientFor(await startForTest());

    for (const Key of HOSTILE_KEYS) await client.send(new PutObjectCommand({ Bucket, Key, Body: Key }));

    for (const key of HOSTILE_KEYS) expect((await read(client, key)).toString()).toBe(key);
    const plain = await client.send(new ListObjectsV2Command({ Bucket }));
    const encoded = await client.send(new ListObjectsV2Command({ Bucket, EncodingType: "url" }));
    const sorted = HOSTILE_KEYS.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
    expect(plain.Contents?.map(({ Key }) => Key)).toEqual(sorted);
    expect(encoded.Contents?.map(({ Key }) => decodeURIComponent(Key ?? ""))).toEqual(sorted);
    for (const Key of HOSTILE_KEYS) await client.send(new DeleteObjectCommand({ Bucket, Key }));
    expect((await client.send(new ListObjectsV2Command({ Bucket }))).KeyCount).toBe(0);
  });

  it("reads errors in the shape it expects", async () => {
    const client = clientFor(await startForTest());

    await client.send(new PutObjectCommand({ Bucket, Key: "x", Body: "old" }));
    const failure = (sent: Promise<unknown>) =>
      sent.then(
        () => expect.fail("succeeded"),
        (error: unknown) => error,
      );

    const get = await failure(client.send(new GetObjectCommand({ Bucket, Key: "no/such <key>" })));
    const head = await failure(client.send(new HeadObjectCommand({ Bucket, Key: "nope" })));
    const bucket = await failure(client.send(new ListObjectsV2Command({ Bucket: "nowhere" })));
    const changed = await failure(
      client.send(new GetObjectCommand({ Bucket, Key: "x", IfMatch: '"other"' })),
    );

    expect(get).toMatchObject({
      name: "NoSuchKey",
      Key: "no/such <key>",
      $metadata: { httpStatusCode: 404 },
    });
    expect(head).toMatchObject({ name: "NotFound", $metadata: { httpStatusCode: 404 } });
    expect(bucket).toMatchObject({ name: "NoSuchBucket", BucketName: "nowhere" });
    expect(changed).toMatchObject({ name: "PreconditionFailed", $metadata: { httpStatusCode: 412 } });
  });

  it("sets, reads and removes tags", async () => {
    const client = clientFor(await startForTest());
    const TagSet = [
      { Key: "a&b", Value: " <x> " },
      { Key: "n", Value: "0010" },
    ];
    const readTags = async () =>
      (await client.send(new GetObjectTaggingCommand({ Bucket, Key: "x" }))).TagSet;
    await client.send(new PutObjectCommand({ Bucket, Key: "x", Body: "x", Tagging: "first=1" }));

    const first = await readTags();
    await client.send(new PutObjectTaggingCommand({ Bucket, Key: "x", Tagging: { TagSet } }));
    const second = await readTags();
    await client.send(new DeleteObjectTaggingCommand({ Bucket, Key: "x" }));
    const third = await readTags();
    await client.send(new PutObjectTaggingCommand({ Bucket, Key: "x", Tagging: { TagSet: [] } }));

    expect([first, second, third]).toEqual([[{ Key: "first", Value: "1" }], TagSet, []]);
    const missing = client.send(new PutObjectTaggingCommand({ Bucket, Key: "nope", Tagging: { TagSet } }));
    await expect(missing).rejects.toMatchObject({ name: "NoSuchKey" });
    const tooMany = Array.from({ length: 11 }, (_, i) => ({ Key: String(i), Value: "" }));
    const refused = client.send(
      new PutObjectTaggingCommand({ Bucket, Key: "x", Tagging: { TagSet: tooMany } }),
    );
    await expect(refused).rejects.toMatchObject({ name: "BadRequest" });
  });

  it("finds the buckets there are", async () => {
    const client = clientFor(await startForTest());

    const { Buckets } = await client.send(new ListBucketsCommand({}));

    expect(Buckets?.map(({ Name }) => Name)).toEqual([Bucket]);
    await expect(client.send(new HeadBucketCommand({ Bucket }))).resolves.toBeDefined();
    await expect(client.send(new HeadBucketCommand({ Bucket: "nowhere" }))).rejects.toMatchObject({
      name: "NotFound",
    });
  });
});

describe("listing through the SDK", () => {
  it("walks any number of pages to every key once, in order", async () => {
    const sandbox = await startForTest();
    const keys = Array.from({ length: 2_345 }, (_, i) => `trip/${String(i).padStart(5, "0")}.jpg`);
    for (const key of keys)
      await sandbox.store.put({ key, modifiedMs: 0, headers: {}, tags: [], body: pieces([]) });
    const sizes: (number | undefined)[] = [];
    const listed: (string | undefined)[] = [];

    for await (const page of paginateListObjectsV2({ client: clientFor(sandbox) }, { Bucket })) {
      sizes.push(page.KeyCount);
      listed.push(...(page.Contents ?? []).map(({ Key }) => Key));
    }

    expect(MAX_KEYS_PER_PAGE).toBe(1_000);
    expect(sizes).toEqual([1_000, 1_000, 345]);
    expect(listed).toEqual(keys);
  });

  it("gathers keys into common prefixes, each on one page only", async () => {
    const sandbox = await startForTest();
    for (const key of ["a", "b/1", "b/2", "b/3", "c//1", "c//2", "d", "e/1"]) {
      await sandbox.store.put({ key, modifiedMs: 0, headers: {}, tags: [], body: pieces([]) });
    }
    const client = clientFor(sandbox);
    const names = async (input: {
      Prefix?: string;
      Delimiter?: string;
      StartAfter?: string;
      MaxKeys: number;
    }) => {
      const found: (string | undefined)[][] = [];
      for await (const page of paginateListObjectsV2({ client }, { Bucket, ...input })) {
        const prefixes = page.CommonPrefixes?.map(({ Prefix }) => Prefix) ?? [];
        found.push([...(page.Contents?.map(({ Key }) => Key) ?? []), ...prefixes]);
      }
      return found;
    };

    expect(await names({ Delimiter: "/", MaxKeys: 2 })).toEqual([["a", "b/"], ["d", "c/"], ["e/"]]);
    expect(await names({ Delimiter: "/", MaxKeys: 1 })).toEqual([["a"], ["b/"], ["c/"], ["d"], ["e/"]]);
    expect(await names({ Delimiter: "/", Prefix: "c/", MaxKeys: 5 })).toEqual([["c//"]]);
    expect(await names({ StartAfter: "b/2", MaxKeys: 2 })).toEqual([["b/3", "c//1"], ["c//2", "d"], ["e/1"]]);
    expect(await names({ MaxKeys: 0 })).toEqual([[]]);
  });

  it("refuses a token that no page gave out, and numbers that are none", async () => {
    const client = clientFor(await startForTest());

    for (const input of [{ ContinuationToken: "AAAA" }, { MaxKeys: -1 }]) {
      const listing = client.send(new ListObjectsV2Command({ Bucket, ...input }));

      await expect(listing).rejects.toMatchObject({ name: "InvalidArgument" });
    }
  });

  it("names files of a folder that cannot be read, without size and ETag", async () => {
    const folder = join(await directoryForTest(), "folder");
    await mkdir(folder);
    await writeFile(join(folder, "1.jpg"), "photo");
    await symlink("nowhere", join(folder, "2.jpg"));
    const client = clientFor(await startForTest({ buckets: { photos: await createFolderStore(folder) } }));

    const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket }));

    const etag = '"5ae0c1c8a5260bc7b6648f6fbd115c35"';
    expect(Contents.map(({ Key, Size, ETag }) => [Key, Size, ETag])).toEqual([
      ["1.jpg", 5, etag],
      ["2.jpg", undefined, undefined],
    ]);
  });
});
