import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { createInterface } from "node:readline";
import { describe, expect, it } from "vitest";
import { makePhoto } from "../../sandbox/photo-maker.ts";
import { makeWorkplace, type Running, relay, startRelay } from "./program.ts";

interface StandIn {
  readonly running: Running;
  readonly uploadUrl: string;
  readonly env: Readonly<
    Record<
      | "MAPILLARY_USERNAME"
      | "MAPILLARY_PERMISSION_HASH"
      | "MAPILLARY_SIGNATURE_HASH"
      | "MAPILLARY_AWS_ACCESS_KEY_ID",
      string
    >
  >;
  /** The next line on standard output. */
  nextLine(): Promise<string>;
}

async function startStandIn(cwd: string, ...flags: readonly string[]): Promise<StandIn> {
  const running = startRelay(["sandbox", "--json", ...flags], { cwd });
  const lines = createInterface({ input: running.stdout })[Symbol.asyncIterator]();
  const nextLine = async () => String((await lines.next()).value);
  const { uploadUrl, env } = JSON.parse(await nextLine());
  return { running, uploadUrl, env, nextLine };
}

async function stop({ running }: StandIn) {
  running.child.kill("SIGINT");
  return await running.ended;
}

async function post({ uploadUrl, env }: StandIn, fields: Record<string, string> = {}): Promise<Response> {
  const form = new FormData();
  const values = {
    key: `${env.MAPILLARY_USERNAME}/trip/a.jpg`,
    AWSAccessKeyId: env.MAPILLARY_AWS_ACCESS_KEY_ID,
    acl: "private",
    policy: env.MAPILLARY_PERMISSION_HASH,
    signature: env.MAPILLARY_SIGNATURE_HASH,
    "Content-Type": "image/jpeg",
    ...fields,
  };
  for (const [name, value] of Object.entries(values)) form.append(name, value);
  form.append("file", new Blob(["twelve bytes"]), "a.jpg");
  return await fetch(uploadUrl, { method: "POST", body: form });
}

describe("relay sandbox", () => {
  it("takes an upload with the values it prints, tells of it, and ends well on Ctrl-C", async () => {
    await using place = await makeWorkplace();
    const standIn = await startStandIn(place.directory, "--username", "jon");

    const answer = await post(standIn);

    expect(answer.status).toBe(204);
    expect(JSON.parse(await standIn.nextLine())).toMatchObject({ key: "jon/trip/a.jpg", sizeBytes: 12 });
    expect(await stop(standIn)).toMatchObject({ exitCode: 0 });
    await expect(post(standIn)).rejects.toThrow();
  });

  it.each([
    ["a key outside the user's folder", { key: "else/a.jpg" }],
    ["another signature", { signature: "bm8=" }],
    ["another access", { acl: "public-read" }],
  ])("refuses %s", async (_what, fields) => {
    await using place = await makeWorkplace();
    const standIn = await startStandIn(place.directory);

    const answer = await post(standIn, fields);

    expect(answer.status).toBe(403);
    await stop(standIn);
  });

  it("prints lines that a shell takes", async () => {
    await using place = await makeWorkplace();
    const running = startRelay(["sandbox", "--username", "o'neil"], { cwd: place.directory });

    await once(running.stdout, "data");
    running.child.kill("SIGTERM");
    const { stdout } = await running.ended;

    expect(stdout).toContain(`export MAPILLARY_USERNAME='o'\\''neil'\n`);
    expect(stdout).toMatch(/^export MAPILLARY_PERMISSION_HASH='[A-Za-z0-9+/=]+'$/m);
    expect(stdout).toMatch(/--upload-url http:\/\/127\.0\.0\.1:\d+\//);
  });

  it("fails as often as it is told to", async () => {
    await using place = await makeWorkplace();
    const standIn = await startStandIn(place.directory, "--fail-share", "1");

    const answer = await post(standIn);

    expect(answer.status).toBe(503);
    expect(await answer.text()).toContain("SlowDown");
    await stop(standIn);
  });

  it("says that a port is taken", async () => {
    await using place = await makeWorkplace();
    const other = createServer().listen(0, "127.0.0.1");
    await once(other, "listening");
    const { port } = other.address() as AddressInfo;

    const { exitCode, stderr } = await relay(["sandbox", "--port", String(port)], { cwd: place.directory });
    other.close();

    expect(stderr).toContain(`--port ${port} is taken`);
    expect(exitCode).toBe(2);
  });
});

describe("relay run --upload-url", () => {
  it("relays to the stand-in, and tells its credentials nowhere", async () => {
    await using place = await makeWorkplace();
    await place.write({ "d/trip/1.jpg": makePhoto({ seed: 1 }) });
    const standIn = await startStandIn(place.directory);

    const args = ["run", "d", "--json", "--upload-url", standIn.uploadUrl];
    const { exitCode, stdout, stderr } = await relay(args, { cwd: place.directory, env: standIn.env });

    const [row] = JSON.parse(stdout).rows;
    expect(JSON.parse(await standIn.nextLine()).key).toBe(row.destinationKey);
    expect(JSON.parse(await standIn.nextLine()).key).toBe(`sandbox/${row.sequenceId}/DONE`);
    expect(stdout + stderr).not.toContain(standIn.env.MAPILLARY_SIGNATURE_HASH);
    expect(stdout + stderr).not.toContain(standIn.env.MAPILLARY_PERMISSION_HASH);
    expect(exitCode).toBe(0);
    await stop(standIn);
  });

  it("stops at wrong credentials, leaves the photos waiting, and goes on with the right ones", async () => {
    await using place = await makeWorkplace();
    await place.write({ "d/1.jpg": makePhoto({ seed: 1 }), "d/2.jpg": makePhoto({ seed: 2 }) });
    const standIn = await startStandIn(place.directory);
    const args = ["run", "d", "--json", "--state", "kept", "--upload-url", standIn.uploadUrl];
    const wrong = { ...standIn.env, MAPILLARY_SIGNATURE_HASH: "d3Jvbmc=" };

    const refused = await relay(args, { cwd: place.directory, env: wrong });
    const mended = await relay(args, { cwd: place.directory, env: standIn.env });

    expect(JSON.parse(refused.stdout).photos).toMatchObject({ relayed: 0, failed: 0, waiting: 2 });
    expect(refused.stderr).toContain("The account default is refused");
    expect(refused.stderr).toContain("SignatureDoesNotMatch");
    expect(refused.exitCode).toBe(1);
    expect(JSON.parse(mended.stdout).photos).toMatchObject({ relayed: 2, failed: 0, waiting: 0 });
    expect(mended.exitCode).toBe(0);
    await stop(standIn);
  });
});
