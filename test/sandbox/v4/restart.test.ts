import { spawn } from "node:child_process";
import { once } from "node:events";
import { appendFile, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it, onTestFinished } from "vitest";
import { openFolderStorage } from "../../../sandbox/v4/folder-storage.ts";
import type { V4StandInOptions } from "../../../sandbox/v4/stand-in.ts";
import {
  beginPost,
  call,
  clockForTest,
  collect,
  directoryForTest,
  fieldOf,
  finish,
  imageOf,
  KEY,
  manifestOf,
  offsetOf,
  patternedBytes,
  post,
  sha256,
  startForTest,
  upload,
  uploadManifest,
} from "./fixture.ts";

const MEBIBYTE = 2 ** 20;
const FILE = patternedBytes(300_000);

const startIn = async (directory: string, options: V4StandInOptions = {}) =>
  startForTest({ storage: await openFolderStorage(directory), ...options });

/** A stand-in in a process of its own, to be killed or weighed. */
async function spawnIn(directory: string) {
  const script = fileURLToPath(new URL("./stand-in-child.ts", import.meta.url));
  // The young generation as the program has it: garbage of requests is collected early.
  const child = spawn(process.execPath, ["--max-semi-space-size=1", script, directory], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  const lines = child.stdout.setEncoding("utf8")[Symbol.asyncIterator]();
  const { url, users } = JSON.parse((await lines.next()).value);
  // What the fixture needs of a stand-in; the rest of this one is in another process.
  const standIn = { ...(await startForTest()), url, users };
  const peakBytes = async (): Promise<number> => {
    child.stdin.write("peak\n");
    return JSON.parse((await lines.next()).value).peakBytes;
  };
  const kill = async () => {
    child.kill("SIGKILL");
    await once(child, "exit");
  };
  return { standIn, peakBytes, kill };
}

describe("a stand-in that is started again on its folder", () => {
  it("knows its application, tokens, sessions, handles and sequences", async () => {
    const directory = await directoryForTest();
    const first = await startIn(directory, { usernames: ["ann", "bob"] });
    const image = await upload(first, KEY, FILE);
    await post(first, FILE.subarray(0, 1_000), { key: "half.jpg", headers: { "x-entity-length": "300000" } });
    const manifest = await uploadManifest(first, [image]);
    await finish(first, manifest);
    const clusters = await first.clusters();
    const { accessToken: revoked } = first.issueToken("bob");
    first.revokeToken(revoked);
    await first.stop();

    const second = await startIn(directory, { usernames: ["ann", "bob"] });

    expect([second.client, second.users]).toEqual([first.client, first.users]);
    expect(await second.clusters()).toEqual(clusters);
    expect(await offsetOf(second, "half.jpg")).toBe(1_000);
    expect(fieldOf((await post(second, Buffer.alloc(0), { offset: FILE.byteLength })).json, "h")).toBe(image);
    expect((await finish(second, manifest)).json).toEqual({ cluster_id: "1000000000000002" });
    expect((await call(second, "/me", { token: revoked })).status).toBe(401);
    expect((await imageOf(second, image)).equals(FILE)).toBe(true);
  });

  it("knows what has expired meanwhile", async () => {
    const { now, pass } = clockForTest();
    const options = { now, handleLifetimeMs: 1_000, sessionLifetimeMs: 2_000, tokenLifetimeMs: 3_000 };
    const directory = await directoryForTest();
    const first = await startIn(directory, options);
    const [{ accessToken: token = "" } = {}] = first.users;
    const image = await upload(first, KEY, FILE);
    const manifest = await uploadManifest(first, [image]);
    const code = await call(first, `/connect?client_id=${first.client.id}&redirect_uri=http://127.0.0.1/`);
    await first.stop();
    pass(1_000);

    const second = await startIn(directory, options);
    const [finished, kept] = [await finish(second, manifest, {}, token), await offsetOf(second)];
    pass(1_000);
    const forgotten = await offsetOf(second);
    pass(1_000);
    const refused = await call(second, "/me", { token });
    const third = await startIn(await directoryForTest(), options);

    expect(code.status).toBe(302);
    expect([finished.status, kept, forgotten, refused.status]).toEqual([400, 300_000, 0, 401]);
    expect(third.users[0]?.accessToken).not.toBe(token);
  });

  it("keeps its state in as many lines as it needs, however often it changed", async () => {
    const directory = await directoryForTest();
    for (let i = 0; i < 5; i++) {
      const standIn = await startIn(directory);
      for (let nth = 0; nth < 20; nth++) {
        await standIn.forgetSession(KEY);
        await upload(standIn, KEY, `version ${i} ${nth}`);
      }
      await standIn.stop();
    }

    const standIn = await startIn(directory);

    const lines = (await readFile(join(directory, "state.jsonl"), "utf8")).trimEnd().split("\n");
    expect(lines.length).toBeLessThanOrEqual(8);
    expect(await offsetOf(standIn)).toBe("version 4 19".length);
  });

  it.each<[string, (log: string) => Promise<void>, string]>([
    ["is not JSON", (log) => appendFile(log, "{\n"), "line 3 of"],
    ["is of no table", (log) => appendFile(log, '{"table":"x","id":"y","row":{}}\n'), "line 3 of"],
    [
      "names a file outside",
      (log) =>
        writeFile(
          log,
          `${JSON.stringify({
            table: "handles",
            id: "h",
            row: { userId: "1", key: "k", expiresAtMs: 1, file: "../../x", sizeBytes: 1, sha256: sha256("") },
          })}\n`,
        ),
      "line 1 of",
    ],
  ])("refuses a state with a line that %s, naming it", async (_, damage, message) => {
    const directory = await directoryForTest();
    await (await startIn(directory)).stop();
    await damage(join(directory, "state.jsonl"));

    await expect(startIn(directory)).rejects.toThrow(`${message} the stand-in's state cannot be read`);
  });
});

describe("a stand-in in a process of its own", () => {
  it("that is killed in the middle of an upload goes on where it was", async () => {
    const directory = await directoryForTest();
    const first = await spawnIn(directory);
    const half = { sizeBytes: FILE.byteLength, body: FILE.subarray(0, 200_000) };
    const { answered } = await beginPost(first.standIn, half);
    const done = await upload(first.standIn, "done.jpg", "done");
    await expect.poll(() => offsetOf(first.standIn)).toBe(200_000);

    await first.kill();
    await answered;
    const { standIn } = await spawnIn(directory);
    const rest = await post(standIn, FILE.subarray(200_000), { offset: 200_000 });
    const image = String(fieldOf(rest.json, "h"));
    const manifest = await upload(standIn, "m.json", manifestOf([image, done]));
    await finish(standIn, manifest);

    const { json } = await call(standIn, "/__sandbox/clusters");
    expect(json).toMatchObject([{ images: [{ sha256: sha256(FILE) }, { sha256: sha256("done") }] }]);
  });

  it("keeps its memory small while 80 MiB go through it, in and out", async () => {
    const { standIn, peakBytes } = await spawnIn(await directoryForTest());
    const file = patternedBytes(80 * MEBIBYTE);

    const before = await peakBytes();
    const posted = await post(standIn, file);
    const handle = String(fieldOf(posted.json, "h"));
    const got = await fetch(`${standIn.url}/__sandbox/images/${encodeURIComponent(handle)}`);
    const same = got.body !== null && (await collect(got.body)).equals(file);
    const after = await peakBytes();

    expect([posted.status, same]).toEqual([200, true]);
    expect(after - before).toBeLessThan(40 * MEBIBYTE);
  });
});
