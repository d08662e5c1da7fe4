import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { createDiskStore } from "../../../sandbox/s3/disk-store.ts";
import type { NewObject } from "../../../sandbox/s3/object-store.ts";
import { collect, directoryForTest, listKeys, pieces } from "./fixture.ts";

const hashOf = (key: string) => createHash("sha256").update(key).digest("hex");
const object = (key: string, content: string): NewObject => ({
  key,
  modifiedMs: 1_000,
  headers: {},
  tags: [{ key: "a", value: "b" }],
  body: pieces([content]),
});

describe("a disk store's directory", () => {
  it("still holds every object when it is opened again", async () => {
    const directory = join(await directoryForTest(), "made", "on the way");
    const before = await createDiskStore(directory);
    await before.put(object("kept", "first"));
    const kept = await before.put(object("kept", "second"));
    await before.put(object("gone", "x"));
    await before.delete("gone");

    const after = await createDiskStore(directory);

    expect(await listKeys(after)).toEqual(["kept"]);
    const opened = await after.open("kept");
    expect(opened?.info).toEqual(kept);
    expect(String(await collect(opened?.read({ start: 0, end: 6 }) ?? pieces([])))).toBe("second");
    await opened?.close();
  });

  it("holds two files per object, and none of what was overwritten, deleted or cut off", async () => {
    const directory = await directoryForTest();
    const store = await createDiskStore(directory);

    await store.put(object("x", "1"));
    await store.put(object("x", "2"));
    await store.put(object("y", "1"));
    await store.delete("y");
    await store.put({ ...object("z", ""), body: pieces(["half"], new Error("cut off")) }).catch(() => {});

    expect(await readdir(directory)).toHaveLength(2);
  });

  it("gets nothing written outside it, whatever the keys", async () => {
    const parent = await directoryForTest();
    const directory = join(parent, "store");
    const store = await createDiskStore(directory);

    for (const key of ["../escaped", "/escaped", "..\\escaped", "a/../../escaped"])
      await store.put(object(key, "x"));

    expect(await readdir(parent)).toEqual(["store"]);
    for (const name of await readdir(directory))
      expect(name).toMatch(/^[0-9a-f]{64}\.([0-9a-f-]{36}\.data|json)$/);
  });

  it("is swept of what a crash left, and of nothing else", async () => {
    const directory = await directoryForTest();
    await (await createDiskStore(directory)).put(object("x", "1"));
    const own = await readdir(directory);
    const hash = "0".repeat(64);
    const leftOver = [`${hash}.123e4567-e89b-42d3-a456-426614174000.data`, `${hash}.json.tmp`];
    const foreign = ["IMG_0001.jpg", "notes.json", "x.data"];
    for (const name of [...leftOver, ...foreign]) await writeFile(join(directory, name), "half");
    await mkdir(join(directory, "album"));

    const store = await createDiskStore(directory);

    expect((await readdir(directory)).toSorted()).toEqual([...own, ...foreign, "album"].toSorted());
    expect(await listKeys(store)).toEqual(["x"]);
  });

  it("that lost an object's bytes says which, when they are asked for", async () => {
    const directory = await directoryForTest();
    const store = await createDiskStore(directory);
    await store.put(object("lost", "1"));
    await store.put(object("kept", "1"));
    const [data] = (await readdir(directory)).filter(
      (name) => name.startsWith(hashOf("lost")) && /data$/.test(name),
    );
    await rm(join(directory, data ?? ""));

    const kept = await store.open("kept");

    await kept?.close();
    expect(kept?.info.key).toBe("kept");
    await expect(store.open("lost")).rejects.toThrow('the data of "lost" cannot be read');
  });

  it("is refused, naming the file, when a description names a file outside it", async () => {
    const directory = await directoryForTest();
    await (await createDiskStore(directory)).put(object("x", "1"));
    const name = (await readdir(directory)).find((file) => file.endsWith(".json")) ?? "";
    const record = JSON.parse(await readFile(join(directory, name), "utf8"));
    const secret = join(dirname(directory), "secret");
    await writeFile(join(directory, name), JSON.stringify({ ...record, dataFile: secret }));

    const opening = createDiskStore(directory);

    await expect(opening).rejects.toThrow(new RegExp(`${name} is not the description .*dataFile`, "s"));
  });

  it("is refused, naming the file, when a description is not JSON", async () => {
    const directory = await directoryForTest();
    await writeFile(join(directory, `${"0".repeat(64)}.json`), "{");

    const opening = createDiskStore(directory);

    await expect(opening).rejects.toThrow(/^0{64}\.json is not the description/);
  });
});
