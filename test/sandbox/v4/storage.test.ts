import { appendFile, mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { openFolderStorage } from "../../../sandbox/v4/folder-storage.ts";
import { createMemoryStorage } from "../../../sandbox/v4/memory-storage.ts";
import type { V4Storage } from "../../../sandbox/v4/storage.ts";
import { collect, directoryForTest, patternedBytes } from "./fixture.ts";

const FILE = `${"0".repeat(64)}.1`;
const OTHER = `${"f".repeat(64)}.12`;

async function openForTest(directory: string): Promise<V4Storage> {
  const storage = await openFolderStorage(directory);
  onTestFinished(() => storage.close());
  return storage;
}

async function add(storage: V4Storage, file: string, bytes: Uint8Array): Promise<void> {
  const appending = await storage.append(file);
  await appending.write(bytes);
  await appending.close();
}

const IMPLEMENTATIONS: [string, () => Promise<V4Storage>][] = [
  ["memory storage", async () => createMemoryStorage()],
  ["folder storage", async () => openForTest(await directoryForTest())],
];

describe.each(IMPLEMENTATIONS)("the %s", (_, open) => {
  it("adds to the end of files and gives any range of them back", async () => {
    const storage = await open();
    const bytes = patternedBytes(300_000);
    await add(storage, FILE, bytes.subarray(0, 100_000));
    await add(storage, FILE, bytes.subarray(100_000));
    await add(storage, OTHER, Buffer.from("other"));

    expect(await storage.sizeOf(FILE)).toBe(300_000);
    for (const [start, end] of [
      [0, 300_000],
      [0, 1],
      [99_999, 100_001],
      [70_000, 70_000],
      [299_999, 300_000],
    ] as const)
      expect(await collect(storage.read(FILE, { start, end }))).toEqual(bytes.subarray(start, end));
  });

  it("says how large a file is while it is being added to", async () => {
    const storage = await open();
    const appending = await storage.append(FILE);
    const sizes = [await storage.sizeOf(FILE)];

    for (const bytes of [10, 0, 20]) {
      await appending.write(Buffer.alloc(bytes));
      sizes.push(await storage.sizeOf(FILE));
    }
    await appending.close();

    expect(sizes).toEqual([0, 10, 10, 30]);
  });

  it("does not keep the memory that it was given bytes in", async () => {
    const storage = await open();
    const bytes = Buffer.from("before");
    await add(storage, FILE, bytes);
    bytes.fill("x");

    expect(String(await collect(storage.read(FILE, { start: 0, end: 6 })))).toBe("before");
  });

  it("fails to read more than there is", async () => {
    const storage = await open();
    await add(storage, FILE, Buffer.from("12345"));

    await expect(collect(storage.read(FILE, { start: 0, end: 6 }))).rejects.toThrow();
    await expect(collect(storage.read(OTHER, { start: 0, end: 1 }))).rejects.toThrow();
  });

  it("forgets a file that is removed, and minds no other", async () => {
    const storage = await open();
    await add(storage, FILE, Buffer.from("1"));
    await storage.remove(FILE);
    await storage.remove(OTHER);

    expect([await storage.sizeOf(FILE), await storage.sizeOf(OTHER)]).toEqual([0, 0]);
  });

  it("keeps the log's lines in order, and others in their place", async () => {
    const storage = await open();
    const first = await storage.readLog();
    storage.log("a");
    await storage.replaceLog(["b", "é"]);
    storage.log("c");

    expect(first).toEqual([]);
    expect(await storage.readLog()).toEqual(["b", "é", "c"]);
  });
});

describe("a folder", () => {
  it("is found again as it was left, but for a line that a crash cut short", async () => {
    const directory = await directoryForTest();
    const first = await openForTest(directory);
    await first.readLog();
    first.log("whole");
    await add(first, FILE, Buffer.from("bytes"));
    await appendFile(join(directory, "state.jsonl"), '{"cut": "sho');

    const second = await openForTest(directory);
    const lines = await second.readLog();
    second.log("next");

    expect(lines).toEqual(["whole"]);
    expect(await readFile(join(directory, "state.jsonl"), "utf8")).toBe("whole\nnext\n");
    expect(await second.sizeOf(FILE)).toBe(5);
  });

  it.each([
    ["../../etc/passwd"],
    ["/etc/passwd"],
    [".."],
    [""],
    [`${FILE}/x`],
    [`../${FILE}`],
    [`${FILE}\n`],
    ["0".repeat(64)],
  ])("has no file called %o", async (file) => {
    const storage = await openForTest(await directoryForTest());

    await expect(storage.append(file)).rejects.toThrow("is not the name of a file of ours");
    await expect(collect(storage.read(file, { start: 0, end: 0 }))).rejects.toThrow("is not the name");
    await expect(storage.sizeOf(file)).rejects.toThrow("is not the name");
    expect(() => storage.remove(file)).toThrow("is not the name");
  });

  it("leaves what is not its own alone", async () => {
    const directory = await directoryForTest();
    await mkdir(join(directory, "bytes"));
    await writeFile(join(directory, "bytes", "mine.jpg"), "x");

    const storage = await openForTest(directory);
    await add(storage, FILE, Buffer.from("1"));

    expect((await readdir(join(directory, "bytes"))).toSorted()).toEqual([FILE, "mine.jpg"]);
  });
});
