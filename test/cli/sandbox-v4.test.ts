import { createInterface } from "node:readline";
import { describe, expect, it } from "vitest";
import { makeDrive } from "./mapillary.ts";
import { type Ended, makeWorkplace, relay, startRelay, type Workplace } from "./program.ts";

/** `relay sandbox --json`, running. */
async function startSandbox(place: Workplace, ...flags: readonly string[]) {
  const running = startRelay(["sandbox", "--json", ...flags], { cwd: place.directory });
  const lines = createInterface({ input: running.stdout })[Symbol.asyncIterator]();
  const nextLine = async () => JSON.parse(String((await lines.next()).value));
  const told = await nextLine();
  async function stop(): Promise<Ended> {
    running.child.kill("SIGINT");
    return await running.ended;
  }
  return { told, nextLine, stop };
}

type Sandbox = Awaited<ReturnType<typeof startSandbox>>;

function me({ told }: Sandbox): Promise<Response> {
  const headers = { authorization: `OAuth ${told.env.MAPILLARY_ACCESS_TOKEN}` };
  return fetch(`${told.graphEndpoint}/me?fields=id,username`, { headers });
}

function endpoints({ told }: Sandbox): string[] {
  return ["--upload-endpoint", told.uploadEndpoint, "--graph-endpoint", told.graphEndpoint];
}

describe("relay sandbox, both lanes on one port", () => {
  it("takes a drive over v4 and one over the bucket lane, and tells of what arrives", async () => {
    await using place = await makeWorkplace();
    await place.write(makeDrive("d", 2));
    const sandbox = await startSandbox(place, "--username", "jon");
    const { told } = sandbox;

    const overV4 = await relay(["run", "d", "--json", ...endpoints(sandbox)], {
      cwd: place.directory,
      env: told.env,
    });
    const arrivals = [await sandbox.nextLine(), await sandbox.nextLine(), await sandbox.nextLine()];
    const finish = await sandbox.nextLine();
    const overBucket = await relay(["run", "d", "--json", "--upload-url", told.uploadUrl], {
      cwd: place.directory,
      env: told.env,
    });
    const object = await sandbox.nextLine();
    const clusters = await fetch(`${told.graphEndpoint}/__sandbox/clusters`);

    const sessions = JSON.parse(overV4.stdout).rows.map(
      ({ destinationKey }: { destinationKey: string }) => destinationKey,
    );
    expect(
      new Set([told.uploadUrl, told.uploadEndpoint, told.graphEndpoint, told.connectUrl].map(originOf)),
    ).toEqual(new Set([told.url]));
    expect(arrivals.map(({ sessionKey }) => sessionKey)).toEqual(
      expect.arrayContaining([...sessions, expect.stringMatching(/^uuid_[0-9a-f]{32}\.json$/)]),
    );
    expect(finish).toMatchObject({ finished: true });
    expect(object.key).toMatch(/^jon\/[0-9a-f-]{36}\/[12]\.jpg$/);
    expect(await clusters.json()).toMatchObject([{ user: "jon", images: [{}, {}] }]);
    expect([overV4.exitCode, overBucket.exitCode]).toEqual([0, 0]);
    expect(await sandbox.stop()).toMatchObject({ exitCode: 0 });
    await expect(fetch(told.url)).rejects.toThrow();
  });

  it("answers each lane's requests as that lane does, known or not", async () => {
    await using place = await makeWorkplace();
    const sandbox = await startSandbox(place);
    const { url } = sandbox.told;

    const found: [string, string, number][] = [];
    for (const path of [
      "/me",
      "/token?x=1",
      "/1234",
      "/finish_upload",
      "/connect",
      "/mapillary_public_uploads/key",
      "/mapillary_public_uploads",
      "/__sandbox/images/none",
      "/",
      "/mapillary.uploads.manual.images/jon/a.jpg",
      "/1234x/a.jpg",
      "/me.jpg/x",
    ]) {
      const answer = await fetch(`${url}${path}`);
      const isJson = answer.headers.get("content-type")?.includes("json") === true;
      found.push([path, isJson ? "v4" : "bucket lane", answer.status]);
    }

    expect(found).toEqual([
      ["/me", "v4", 401],
      ["/token?x=1", "v4", 405],
      ["/1234", "v4", 401],
      ["/finish_upload", "v4", 405],
      ["/connect", "v4", 400],
      ["/mapillary_public_uploads/key", "v4", 401],
      ["/mapillary_public_uploads", "v4", 401],
      ["/__sandbox/images/none", "v4", 404],
      ["/", "bucket lane", 200],
      ["/mapillary.uploads.manual.images/jon/a.jpg", "bucket lane", 404],
      ["/1234x/a.jpg", "bucket lane", 404],
      ["/me.jpg/x", "bucket lane", 404],
    ]);
    await sandbox.stop();
  });

  it("lets go wrong over v4 what it is told to, and leaves the bucket lane alone", async () => {
    await using place = await makeWorkplace();
    await place.write(makeDrive("d", 1));
    const dials = ["finish=500-before", "slowMs=1", "failShare=1", "sharesOn=graph", "denyConsent"];
    const sandbox = await startSandbox(place, ...dials.flatMap((dial) => ["--v4-fault", dial]));
    const { told } = sandbox;

    const answer = await me(sandbox);
    const consent = await fetch(
      `${told.connectUrl}?client_id=${told.clientId}&redirect_uri=${encodeURIComponent(`${told.url}/me`)}`,
      { redirect: "manual" },
    );
    const overBucket = await relay(["run", "d", "--upload-url", told.uploadUrl], {
      cwd: place.directory,
      env: told.env,
    });

    expect(answer.status).toBe(500);
    expect(consent.headers.get("location")).toContain("error=access_denied");
    expect(overBucket.exitCode).toBe(0);
    await sandbox.stop();
  });

  it("knows the organizations it is told of", async () => {
    await using place = await makeWorkplace();
    const sandbox = await startSandbox(place, "--organization", "77", "--organization", "78");
    await place.write({
      "fleet.config.ts": `export default { destination: "v4", rules: [{ prefix: "", organizationId: "78" }] };`,
    });

    const { stdout } = await relay(["account", "check", "--json"], {
      cwd: place.directory,
      env: sandbox.told.env,
    });

    expect(JSON.parse(stdout)).toMatchObject({ verdict: "accepted", organizations: [{ id: "78" }] });
    await sandbox.stop();
  });

  it("has the same token and what arrived when it is started again on its directory", async () => {
    await using place = await makeWorkplace();
    await place.write(makeDrive("d", 1));
    const first = await startSandbox(place, "--state", "kept");
    await relay(["run", "d", ...endpoints(first)], { cwd: place.directory, env: first.told.env });
    await first.stop();

    const second = await startSandbox(place, "--state", "kept");
    const clusters = await fetch(`${second.told.graphEndpoint}/__sandbox/clusters`);

    expect(second.told.env.MAPILLARY_ACCESS_TOKEN).toBe(first.told.env.MAPILLARY_ACCESS_TOKEN);
    expect((await me(second)).status).toBe(200);
    expect(await clusters.json()).toHaveLength(1);
    await second.stop();
  });

  it("prints lines that a shell takes, for an account and for a login", async () => {
    await using place = await makeWorkplace();
    const running = startRelay(["sandbox"], { cwd: place.directory });
    const printed = new Promise<string>((resolve) =>
      running.stdout.once("data", (text) => resolve(String(text))),
    );

    const [, line = ""] = /^npm run -s relay -- (account login .*)$/m.exec(await printed) ?? [];
    running.child.kill("SIGTERM");
    const { stdout } = await running.ended;

    expect(stdout).toMatch(/^export MAPILLARY_ACCESS_TOKEN='MLY\|[^']+'$/m);
    expect(stdout).toMatch(/^export MAPILLARY_CLIENT_SECRET='MLY\|[^']+'$/m);
    expect(stdout).toMatch(
      /--destination v4 --upload-endpoint http:\/\/127\.0\.0\.1:\d+\/mapillary_public_uploads --graph-endpoint http/,
    );
    expect(line).toMatch(
      /--client-id \d+ --graph-endpoint http:\S+ --connect-url http:\S+\/connect --print$/,
    );
  });
});

function originOf(url: string): string {
  return new URL(url).origin;
}
