import { execFile } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, it } from "vitest";
import { CONDITIONS, permissionHash } from "./bucket-account-fixture.ts";

const MIB = 2 ** 20;

/** Takes a megabyte, then rests: slower than any source. */
const server = createServer((request, response) => {
  let sinceRest = 0;
  request.on("data", (block: Buffer) => {
    sinceRest += block.byteLength;
    if (sinceRest < MIB) return;
    sinceRest = 0;
    request.pause();
    setTimeout(() => request.resume(), 2);
  });
  request.on("end", () => response.writeHead(204).end());
});

beforeAll(async () => {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
});
afterAll(async () => {
  server.close();
  await once(server, "close");
});

it("sends 200 MB through a slow line in hardly more memory than 20 MB", async () => {
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/photos`;
  const script = fileURLToPath(new URL("./memory-child.ts", import.meta.url));
  const sizes = [20 * MIB, 200 * MIB].map(String);
  const unlimited = permissionHash(CONDITIONS.slice(0, -1));

  const { stdout } = await promisify(execFile)(process.execPath, [script, url, ...sizes], {
    env: { ...process.env, PERMISSION_HASH: unlimited },
  });

  expect(Number(stdout)).toBeLessThan(48 * MIB);
});
