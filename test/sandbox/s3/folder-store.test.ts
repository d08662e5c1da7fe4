import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdir, rm, symlink, truncate, utimes, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { createFolderStore } from "../../../sandbox/s3/folder-store.ts";
import { ReadOnlyStoreError } from "../../../sandbox/s3/object-store.ts";
import { collect, directoryForTest, listKeys, patternedBytes, pieces } from "./fixture.ts";

/** A folder with these files, each holding its own name. */
async function folderWith(...names: readonly string[]): Promise<string> {
  const folder = join(await directoryForTest(), "photos");
  await mkdir(folder);
  for (const name of names) {
    await mkdir(join(folder, name, ".."), { recursive: true });
    await writeFile(join(folder, name), name);
  }
  return folder;
}

const md5 = (content: string | Uint8Array) => createHash("md5").update(content).digest("hex");

describe("a mounted folder", () => {
  it("lists its files in the order of their keys' UTF-8 bytes, dotfiles too, and from behind any key", async () => {
    const keys = [
      "a-b.jpg",
      "a/.DS_Store",
      "a/b/c.jpg",
      "a/b.jpg",
      "a0.jpg",
      "é/1.jpg",
      "\uffee.jpg",
      "😀.jpg",
    ].toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
    const store = await createFolderStore(await folderWith(...keys));

    expect(await listKeys(store)).toEqual(keys);
    for (const [i, key] of keys.entries()) expect(await listKeys(store, "", key)).toEqual(keys.slice(i + 1));
    for (const prefix of ["a", "a/", "a/b", "a/b/", "a/b/c.jpg", "é/", "nope"]) {
      expect(await listKeys(store, prefix)).toEqual(keys.filter((key) => key.startsWith(prefix)));
    }
  });

  it("reads files in place, with MD5, size, time and type", async () => {
    const folder = await folderWith("trip/1.JPG", "notes.txt");
    const bytes = patternedBytes(150_000);
    await writeFile(join(folder, "trip/1.JPG"), bytes);
    await utimes(join(folder, "trip/1.JPG"), 1_000, 1_000);
    const store = await createFolderStore(folder);

    const opened = await store.open("trip/1.JPG");

    const about = {
      key: "trip/1.JPG",
      etag: md5(bytes),
      sizeBytes: 150_000,
      modifiedMs: 1_000_000,
      tags: [],
    };
    expect(opened?.info).toEqual({ ...about, headers: { "content-type": "image/jpeg" } });
    expect(await store.head("trip/1.JPG")).toEqual(opened?.info);
    expect(await collect(opened?.read({ start: 65_000, end: 66_000 }) ?? pieces([]))).toEqual(
      bytes.subarray(65_000, 66_000),
    );
    await opened?.close();
    expect(await store.head("notes.txt")).toMatchObject({
      headers: { "content-type": "binary/octet-stream" },
    });
  });

  it("has another ETag for a file once the file has changed", async () => {
    const folder = await folderWith("1.jpg");
    const store = await createFolderStore(folder);
    const before = await store.head("1.jpg");
    await writeFile(join(folder, "1.jpg"), "other");
    await utimes(join(folder, "1.jpg"), 2_000, 2_000);

    const after = await store.head("1.jpg");

    expect([before?.etag, after?.etag]).toEqual([md5("1.jpg"), md5("other")]);
  });

  it("fails a reader whose file gets shorter, instead of ending early", async () => {
    const folder = await folderWith("1.jpg");
    await writeFile(join(folder, "1.jpg"), patternedBytes(200_000));
    const store = await createFolderStore(folder);
    const opened = await store.open("1.jpg");
    await truncate(join(folder, "1.jpg"), 100_000);

    const reading = collect(opened?.read({ start: 0, end: 200_000 }) ?? pieces([]));

    await expect(reading).rejects.toThrow("1.jpg ended at byte 100000, expected 200000");
    await opened?.close();
  });

  it("has no object for a key that is no path below it, or a folder", async () => {
    const folder = await folderWith("a/1.jpg");
    await writeFile(join(folder, "../secret"), "secret");
    const store = await createFolderStore(folder);

    for (const key of [
      "../secret",
      "a/../../secret",
      "a/./1.jpg",
      "a//1.jpg",
      "/a/1.jpg",
      "a",
      "a/",
      "a\0",
      "",
      "a/1.jpg/",
      "a/1.jpg/x",
    ]) {
      expect([key, await store.head(key)]).toEqual([key, undefined]);
    }
  });

  it("follows links to files, and not those to folders, which it reports", async () => {
    const folder = await folderWith("a/1.jpg");
    await writeFile(join(folder, "../outside.jpg"), "outside");
    await symlink("../outside.jpg", join(folder, "linked.jpg"));
    await symlink(folder, join(folder, "a/loop"));
    await symlink("nowhere", join(folder, "dangling"));
    const store = await createFolderStore(folder);

    expect(await listKeys(store)).toEqual(["a/1.jpg", "a/loop", "dangling", "linked.jpg"]);
    expect(await store.head("linked.jpg")).toMatchObject({ etag: md5("outside") });
    expect(await store.head("a/loop/a/1.jpg")).toBeUndefined();
    await expect(store.head("a/loop")).rejects.toThrow(
      '"a/loop" cannot be read: links to folders are not followed',
    );
    await expect(store.open("dangling")).rejects.toThrow(
      '"dangling" cannot be read: it is a link that leads nowhere',
    );
  });

  it("reports what is not a regular file, and what has no proper name, and lists the rest", async () => {
    const folder = await folderWith("1.jpg");
    const server = createServer().listen(join(folder, "socket"));
    onTestFinished(() => void server.close());
    await once(server, "listening");
    await writeFile(Buffer.concat([Buffer.from(`${folder}/`), Buffer.from([0x62, 0xff])]), "x");
    const store = await createFolderStore(folder);

    expect(await listKeys(store)).toEqual(["1.jpg", "b\ufffd", "socket"]);
    await expect(store.head("socket")).rejects.toThrow('"socket" cannot be read: it is not a regular file');
    await expect(store.head("b\ufffd")).rejects.toThrow("its name is not valid UTF-8");
  });

  it("is mounted through a link of its own", async () => {
    const folder = await folderWith("1.jpg");
    await symlink(folder, `${folder}-link`);

    const store = await createFolderStore(`${folder}-link`);

    expect(await store.head("1.jpg")).toMatchObject({ etag: md5("1.jpg") });
  });

  it("cannot be written to", async () => {
    const store = await createFolderStore(await folderWith("1.jpg"));
    const object = { key: "2.jpg", modifiedMs: 0, headers: {}, tags: [], body: pieces(["x"]) };

    await expect(store.put(object)).rejects.toThrow(ReadOnlyStoreError);
    await expect(store.delete("1.jpg")).rejects.toThrow(ReadOnlyStoreError);
    await expect(store.setTags("1.jpg", [])).rejects.toThrow(ReadOnlyStoreError);
    expect(await listKeys(store)).toEqual(["1.jpg"]);
  });

  it("has to be there, and says so when it goes away", async () => {
    const folder = await folderWith("1.jpg");
    const store = await createFolderStore(folder);
    await rm(folder, { recursive: true });

    await expect(createFolderStore(folder)).rejects.toThrow("ENOENT");
    await expect(listKeys(store)).rejects.toThrow("ENOENT");
  });
});
