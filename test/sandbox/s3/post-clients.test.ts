import { spawn } from "node:child_process";
import { once } from "node:events";
import { Agent, request } from "node:http";
import { text } from "node:stream/consumers";
import { describe, expect, it } from "vitest";
import { collect, listKeys, patternedBytes, startForTest } from "./fixture.ts";
import { ACCESS_KEY_ID, encodeForm, formType, KEY, NOW_MS, replace, SECRET, validForm } from "./form.ts";

const MEBIBYTE = 2 ** 20;
const startPostTarget = () =>
  startForTest({ postAccounts: { [ACCESS_KEY_ID]: SECRET }, clock: () => NOW_MS });

describe("clients that post", () => {
  it("takes a form from fetch", async () => {
    const sandbox = await startPostTarget();
    const form = new FormData();
    for (const { name, value } of validForm()) {
      if (name === "file") form.append(name, new Blob([value]), 'näme "quoted".jpg');
      else form.append(name, value.toString());
    }

    const response = await fetch(`${sandbox.url}/photos`, { method: "POST", body: form });

    expect(response.status).toBe(204);
    expect(await listKeys(sandbox.store)).toEqual([KEY]);
  });

  it("lets a client that is refused at once read why, while it is still sending, and then go on", async () => {
    const sandbox = await startForTest();
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const tooMuch = encodeForm([
      ...replace(validForm(), "policy", "e30="),
      { name: "x", value: Buffer.alloc(20 * MEBIBYTE) },
    ]);
    const post = async (body: Buffer) => {
      const headers = { "content-type": formType(), "content-length": body.byteLength };
      const sent = request(`${sandbox.url}/photos`, { method: "POST", agent, headers });
      sent.end(body);
      const [response] = await once(sent, "response");
      return { status: response.statusCode, body: await text(response), port: sent.socket?.localPort };
    };

    const first = await post(tooMuch);
    const second = await post(
      encodeForm(validForm().filter(({ name }) => name === "key" || name === "file")),
    );

    agent.destroy();
    expect(first.status).toBe(400);
    expect(first.body).toContain("InvalidPolicyDocument");
    expect(second).toMatchObject({ status: 204, port: first.port });
  });

  it("keeps its memory small while 50 MiB go through it", async () => {
    const server = spawn(process.execPath, [new URL("./memory-child.ts", import.meta.url).pathname], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    const lines = server.stdout.setEncoding("utf8")[Symbol.asyncIterator]();
    const say = async (line: string) => {
      server.stdin.write(`${line}\n`);
      return JSON.parse((await lines.next()).value);
    };
    const { url } = JSON.parse((await lines.next()).value);
    const file = patternedBytes(50 * MEBIBYTE);
    const form = [
      { name: "key", value: "big" },
      { name: "file", value: file, filename: "big.jpg" },
    ];
    const body = encodeForm(form);
    const headers = { "content-type": formType(), "content-length": String(body.byteLength) };

    const before = await say("peak");
    const posted = await fetch(`${url}/photos`, { method: "POST", headers, body });
    const got = await fetch(`${url}/photos/big`);
    const same = got.body !== null && (await collect(got.body)).equals(file);
    const after = await say("peak");

    server.stdin.end();
    await once(server, "exit");
    expect(posted.status).toBe(204);
    expect(same).toBe(true);
    expect(after.peakBytes - before.peakBytes).toBeLessThan(60 * MEBIBYTE);
  });
});
