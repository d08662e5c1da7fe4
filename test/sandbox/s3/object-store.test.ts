import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { createDiskStore } from "../../../sandbox/s3/disk-store.ts";
import { createMemoryStore } from "../../../sandbox/s3/memory-store.ts";
import type { NewObject, ObjectStore } from "../../../sandbox/s3/object-store.ts";
import { collect, directoryForTest, listKeys, patternedBytes, pieces } from "./fixture.ts";

const IMPLEMENTATIONS: [string, () => Promise<ObjectStore>][] = [
  ["memory store", async () => createMemoryStore()],
  ["disk store", async () => createDiskStore(await directoryForTest())],
];

const object = (key: string, body: string | Uint8Array, rest: Partial<NewObject> = {}): NewObject => ({
  key,
  modifiedMs: 1_000,
  headers: { "content-type": "image/jpeg" },
  tags: [],
  body: pieces([body]),
  ...rest,
});

async function contentOf(store: ObjectStore, key: string): Promise<string | undefined> {
  const opened = await store.open(key);
  if (opened === undefined) return undefined;
  const content = await collect(opened.read({ start: 0, end: opened.info.sizeBytes }));
  await opened.close();
  return content.toString();
}

describe.each(IMPLEMENTATIONS)("the %s", (_, create) => {
  it("gives back what was put, with MD5, size and everything said about it", async () => {
    const store = await create();
    const bytes = patternedBytes(200_000);
    const tags = [{ key: "vehicle", value: "7" }];
    const parts = [bytes.subarray(0, 3), bytes.subarray(3, 100_000), bytes.subarray(100_000)];

    const info = await store.put(object("a/b.jpg", "", { tags, body: pieces(parts) }));

    const etag = createHash("md5").update(bytes).digest("hex");
    const headers = { "content-type": "image/jpeg" };
    expect(info).toEqual({ key: "a/b.jpg", etag, sizeBytes: 200_000, modifiedMs: 1_000, headers, tags });
    expect(await store.head("a/b.jpg")).toEqual(info);
    const opened = await store.open("a/b.jpg");
    expect(opened?.info).toEqual(info);
    expect(await collect(opened?.read({ start: 0, end: 200_000 }) ?? pieces([]))).toEqual(bytes);
    await opened?.close();
  });

  it("reads any range, the empty one included", async () => {
    const store = await create();
    const bytes = patternedBytes(150_000);
    await store.put(object("x", bytes));
    const opened = await store.open("x");
    if (opened === undefined) throw new Error("the object is gone");

    const ranges = [
      { start: 0, end: 1 },
      { start: 65_535, end: 65_537 },
      { start: 149_999, end: 150_000 },
      { start: 7, end: 7 },
    ];

    for (const range of ranges) {
      expect(await collect(opened.read(range))).toEqual(bytes.subarray(range.start, range.end));
    }
    await opened.close();
    await opened.close();
  });

  it("keeps the old object, and no other, when a new one fails in the middle", async () => {
    const store = await create();
    await store.put(object("x", "old"));
    const failing = () => pieces(["half of the n"], new Error("cut off"));

    await expect(store.put(object("x", "", { body: failing() }))).rejects.toThrow("cut off");
    await expect(store.put(object("y", "", { body: failing() }))).rejects.toThrow("cut off");

    expect(await contentOf(store, "x")).toBe("old");
    expect(await listKeys(store)).toEqual(["x"]);
  });

  it("lets a reader finish what it opened, whatever becomes of the key", async () => {
    const store = await create();
    await store.put(object("x", "old"));
    const first = await store.open("x");
    await store.put(object("x", "newer"));
    const second = await store.open("x");
    await store.delete("x");

    const contents = [
      await collect(first?.read({ start: 0, end: 3 }) ?? pieces([])),
      await collect(second?.read({ start: 0, end: 5 }) ?? pieces([])),
    ];

    expect(contents.map(String)).toEqual(["old", "newer"]);
    await first?.close();
    await second?.close();
  });

  it("ends with one of the writers whole when many write one key at once", async () => {
    const store = await create();
    const writers = Array.from({ length: 20 }, (_, i) => `writer ${i} `.repeat(i + 1));

    const infos = await Promise.all(writers.map((content) => store.put(object("x", content))));

    const content = await contentOf(store, "x");
    expect(writers).toContain(content);
    expect(await store.head("x")).toEqual(infos[writers.indexOf(content ?? "")]);
    expect(await listKeys(store)).toEqual(["x"]);
  });

  it("shows readers one version or another, never a mixture or nothing, while a key is overwritten", async () => {
    const store = await create();
    await store.put(object("x", "version 0"));
    const write = async () => {
      for (let i = 1; i <= 100; i++) await store.put(object("x", `version ${i} `.repeat(i)));
    };
    const read = async () => {
      for (let i = 0; i < 200; i++) {
        const opened = await store.open("x");
        if (opened === undefined) throw new Error("the object is gone");
        const content = await collect(opened.read({ start: 0, end: opened.info.sizeBytes }));
        await opened.close();
        expect(createHash("md5").update(content).digest("hex")).toBe(opened.info.etag);
      }
    };

    const done = Promise.all([write(), write(), read(), read()]);

    await expect(done).resolves.toBeDefined();
  });

  it("knows nothing of a key that was never put, or was deleted", async () => {
    const store = await create();
    await store.put(object("x", "1"));
    await store.delete("x");
    await store.delete("never");

    expect(await store.head("x")).toBeUndefined();
    expect(await store.open("x")).toBeUndefined();
    expect(await store.setTags("x", [])).toBeUndefined();
    expect(await store.head("__proto__")).toBeUndefined();
    expect(await listKeys(store)).toEqual([]);
  });

  it("replaces tags and nothing else", async () => {
    const store = await create();
    const info = await store.put(object("x", "1", { tags: [{ key: "old", value: "1" }] }));
    const tags = [{ key: "state", value: "relayed" }];

    const tagged = await store.setTags("x", tags);

    expect(tagged).toEqual({ ...info, tags });
    expect(await store.head("x")).toEqual({ ...info, tags });
    expect(await contentOf(store, "x")).toBe("1");
  });

  it("lists keys in the order of their UTF-8 bytes, by prefix and from behind a key", async () => {
    const store = await create();
    const keys = ["a", "a-b", "a/", "a/1", "a/2", "a0", "b", "é", "\uffee", "😀"];
    for (const key of keys.toReversed()) await store.put(object(key, key));

    expect(await listKeys(store)).toEqual(keys);
    expect(await listKeys(store, "a/")).toEqual(["a/", "a/1", "a/2"]);
    expect(await listKeys(store, "", "a0")).toEqual(["b", "é", "\uffee", "😀"]);
    expect(await listKeys(store, "", "a/11")).toEqual(["a/2", "a0", "b", "é", "\uffee", "😀"]);
    expect(await listKeys(store, "a/", "a/1")).toEqual(["a/2"]);
    expect(await listKeys(store, "a/", "b")).toEqual([]);
    expect(await listKeys(store, "b", "a")).toEqual(["b"]);
  });

  it("takes any key, however hostile", async () => {
    const store = await create();
    const keys = [
      "../../etc/passwd",
      "/etc/passwd",
      "..",
      ".",
      "a//b",
      "a\0b",
      "\\\\host\\share",
      "x".repeat(1_024),
      "nl\n",
    ];

    for (const key of keys) await store.put(object(key, `content of ${key}`));

    for (const key of keys) expect(await contentOf(store, key)).toBe(`content of ${key}`);
    expect(await listKeys(store)).toEqual(keys.toSorted());
  });
});
