/**
 * The functions of a v4 stage as they would be uploaded, at work between the embedded cloud and the stand-in for
 * Mapillary, behind the very policies that they would have.
 */
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { readFleet } from "../../lib/config/fleet.ts";
import { startV4StandIn, type V4StandIn } from "../../sandbox/v4/stand-in.ts";
import { startAwsStub } from "./engine/aws-stub.ts";
import { type Synth, synth } from "./engine/synth.ts";
import { fleetFile } from "./fleets.ts";
import { type DeployedCloud, type StartedFunction, startDeployedCloud } from "./lambda/cloud.ts";
import { messageOf, putCapturedPhoto, putPhoto, shotAt } from "./lambda/photo-events.ts";
import { rightsOf } from "./lambda/rights.ts";

const FLEET = { destination: "v4", quietPeriod: "10 minutes" } as const;
const TOKEN = "/mapillary-relay/alice/mapillary/default/token";
const REFUSED = "van/refused/1.jpg";
const MINUTE_MS = 60_000;
/** Older than that handles are not trusted. */
const TWO_DAYS_MS = 48 * 60 * MINUTE_MS;

const parts = new AsyncDisposableStack();
let mapillary: V4StandIn;
let stage: Synth;
let cloud: DeployedCloud;
let relay: StartedFunction;
/** Keys of the photos of one drive, in the folder of the captured event. */
const drive: string[] = [];

beforeAll(async () => {
  mapillary = await startV4StandIn({ usernames: ["default"] });
  parts.defer(mapillary.stop);
  const aws = parts.use(await startAwsStub({ parameters: [TOKEN] }));
  stage = parts.use(
    await synth({
      stage: "alice",
      fleet: fleetFile(FLEET),
      secrets: {
        MAPILLARY_UPLOAD_ENDPOINT: mapillary.uploadUrl,
        MAPILLARY_GRAPH_ENDPOINT: mapillary.url,
        MAPILLARY_CLIENT_SECRET: mapillary.client.secret,
      },
      environment: aws.environment,
    }),
  );
  expect(stage.error).toBeUndefined();
  cloud = parts.use(await startCloud());
  relay = parts.use(await cloud.start("Relay"));
});

afterAll(() => parts.disposeAsync());

/** What was put off in one test is not to come back in the next. */
afterEach(async () => {
  mapillary.faults.clear();
  await cloud.purge();
});

describe("the relay", () => {
  it("answers an event captured from AWS: the photo is at Mapillary, its handle in the ledger", async () => {
    const { key, body } = await putCapturedPhoto(cloud, shotAt(0));
    drive.push(key);
    await cloud.send("intake", body);

    expect(await cloud.deliver("intake", relay)).toEqual({ batchItemFailures: [] });

    const [row] = await cloud.rowsOf(key);
    expect(row).toMatchObject({ status: "relayed", ref: { versionId: expect.any(String) } });
    expect(mapillary.openImage(row?.handle ?? "")).toBeDefined();
    expect(relay.logged()).toContainEqual(
      expect.objectContaining({ event: "photo.relayed", photo: expect.objectContaining({ key }) }),
    );
  });

  it("relays what comes in one batch", async () => {
    const folder = drive[0]?.slice(0, drive[0].lastIndexOf("/"));
    for (const second of [1, 2, 3]) {
      const { key, body } = await putPhoto(cloud, `${folder}/${second}.jpg`, shotAt(second));
      drive.push(key);
      await cloud.send("intake", body);
    }

    expect(await cloud.deliver("intake", relay)).toEqual({ batchItemFailures: [] });

    for (const key of drive) expect(await cloud.rowsOf(key)).toMatchObject([{ status: "relayed" }]);
  });

  it("gives up a photo that is gone, and relays it when it is there again", async () => {
    const photo = await putPhoto(cloud, "van/gone/1.jpg", shotAt(10));
    await cloud.remove(photo.key);
    await cloud.send("intake", photo.body);
    expect(await cloud.deliver("intake", relay)).toEqual({ batchItemFailures: [] });
    expect(await cloud.rowsOf(photo.key)).toMatchObject([{ error: { code: "source-gone" } }]);
    await putPhoto(cloud, photo.key, shotAt(10));
    await cloud.send("intake", photo.body);

    expect(await cloud.deliver("intake", relay)).toEqual({ batchItemFailures: [] });

    expect(await cloud.rowsOf(photo.key)).toMatchObject([{ status: "relayed" }]);
  });

  it("puts a message off that Mapillary has no answer for", async () => {
    mapillary.faults.set({ failShare: 1 });
    const { body } = await putPhoto(cloud, REFUSED, shotAt(20));
    await cloud.send("intake", body);

    expect((await cloud.deliver("intake", relay)).batchItemFailures).toHaveLength(1);

    expect(await cloud.rowsOf(REFUSED)).toMatchObject([{ status: "relaying" }]);
  });
});

describe("the burial of dead letters", () => {
  it("gives a photo up that was on its way, and keeps what nobody can read", async () => {
    await using deadLetter = await cloud.start("DeadLetter");
    const [row] = await cloud.rowsOf(REFUSED);
    await cloud.send("deadLetters", messageOf(row?.ref));
    await cloud.deliver("deadLetters", deadLetter);
    await cloud.send("deadLetters", "not an event");

    expect(await cloud.deliver("deadLetters", deadLetter)).toEqual({ batchItemFailures: [] });

    expect(await cloud.rowsOf(REFUSED)).toMatchObject([{ status: "failed" }]);
    expect(deadLetter.logged().map(({ event }) => event)).toEqual(["photo.failed", "message.unreadable"]);
  });
});

describe("the closing of sequences", () => {
  it("sends once more what has expired, gives up what is gone, and finishes", async () => {
    const [versioned = "", unversioned = "", removed = "", trusted = ""] = drive;
    for (const key of [versioned, unversioned, removed]) await expireUpload(cloud, key);
    await cloud.remove(removed);

    await using closing = await cloud.start("CloseSequences");
    await closeAfterTwoDays(closing);

    const [row] = await cloud.rowsOf(versioned);
    const cluster = (await mapillary.clusters()).find(({ id }) => id === row?.clusterId);
    expect(cluster?.images).toHaveLength(3);
    for (const key of [versioned, unversioned, trusted])
      expect(await cloud.rowsOf(key)).toMatchObject([{ status: "published", clusterId: cluster?.id }]);
    // Mapillary had those bytes still: nothing but a handle was asked for.
    expect(await bytesSentLast(versioned)).toBeGreaterThan(0);
    expect(await bytesSentLast(trusted)).toBe(0);
    expect(await cloud.rowsOf(removed)).toMatchObject([{ status: "failed", error: { code: "source-gone" } }]);
    expect(closing.logged()).toContainEqual(expect.objectContaining({ event: "photo.failed" }));
    expect(closing.logged()).toContainEqual(
      expect.objectContaining({ event: "sequence.published", photos: 3 }),
    );
  });
});

describe("the daily look at credentials", () => {
  let old: string;

  it("puts a fresh token in the place of one that may soon be over", async () => {
    old = cloud.parameters.get(TOKEN) ?? "";

    expect(await look(cloud)).toMatchObject([{ event: "token.refreshed", expiresAt: expect.any(String) }]);

    expect(tokenIn(cloud)).not.toBe(old);
  });

  it("leaves that one alone", async () => {
    expect(await look(cloud)).toEqual([]);
  });

  it("is heeded by a relay that holds the old one, and is refused with it", async () => {
    mapillary.revokeToken(old);
    const { key, body } = await putPhoto(cloud, "van/later/1.jpg", shotAt(25));
    await cloud.send("intake", body);

    expect(await cloud.deliver("intake", relay)).toEqual({ batchItemFailures: [] });

    expect(await cloud.rowsOf(key)).toMatchObject([{ status: "relayed" }]);
    expect(mapillary.requests.entries().some(({ status }) => status === 401)).toBe(true);
  });

  it("stops the account whose token is refused", async () => {
    mapillary.revokeToken(tokenIn(cloud));

    expect(await look(cloud)).toMatchObject([
      { event: "account.stopped", account: "default", trouble: { code: "token-refused" } },
    ]);
  });
  it("lets it go on when somebody has logged in again", async () => {
    const { accessToken, expiresAtMs } = mapillary.issueToken();
    const expiresAt = new Date(expiresAtMs).toISOString();
    cloud.parameters.set(TOKEN, JSON.stringify({ accessToken, expiresAt }));

    expect(await look(cloud)).toMatchObject([{ event: "account.opened", account: "default" }]);
  });
});

describe("a policy", () => {
  it.each(["Relay", "DeadLetter", "CloseSequences", "Credentials"])(
    "of %s allows what the function calls, and nothing else",
    (name) => {
      const { used, refused } = cloud.callsOf(name);

      expect(refused).toEqual([]);
      expect([...used].sort()).toEqual(rightsOf(stage, name));
    },
  );
});

describe("without a right", () => {
  it("to read tokens the relay stops the account, and keeps the photo waiting", async () => {
    await using poor = await startCloud();
    await using poorer = await poor.start("Relay", "ssm:GetParameter");
    const { body } = await putPhoto(poor, "van/poor/1.jpg", shotAt(30));
    await poor.send("intake", body);

    expect((await poor.deliver("intake", poorer)).batchItemFailures).toHaveLength(1);

    expect(poorer.gate.refused.join()).toContain("ssm:GetParameter");
    expect(poorer.logged()).toContainEqual(
      expect.objectContaining({
        event: "account.stopped",
        trouble: expect.objectContaining({ code: "token-forbidden" }),
      }),
    );
  });

  it("to write them the daily look leaves the token there is", async () => {
    await using poor = await startCloud();
    await using poorer = await poor.start("Credentials", "ssm:PutParameter");
    const before = poor.parameters.get(TOKEN);

    await poorer.host.invoke({});

    expect(poorer.gate.refused.join()).toContain("ssm:PutParameter");
    expect(poor.parameters.get(TOKEN)).toBe(before);
    expect(poorer.logged()).toMatchObject([{ trouble: { code: "token-forbidden" } }]);
  });

  it("to read photos the closing finishes nothing whose uploads have expired", async () => {
    await using poor = await startCloud();
    await using sending = await poor.start("Relay");
    const { key, body } = await putPhoto(poor, "van/poor/2.jpg", shotAt(40));
    await poor.send("intake", body);
    await poor.deliver("intake", sending);
    await expireUpload(poor, key);

    await using poorer = await poor.start("CloseSequences", "s3:GetObject");
    await closeAfterTwoDays(poorer);

    expect(await poor.rowsOf(key)).toMatchObject([{ status: "relayed" }]);
  });
});

/** A cloud of its own, with a token that holds. */
async function startCloud(): Promise<DeployedCloud> {
  const started = await startDeployedCloud(stage, readFleet(FLEET));
  // As somebody typed it in: how long it lives is not known, so it is due.
  started.parameters.set(TOKEN, mapillary.issueToken().accessToken);
  return started;
}

/** The token that the daily look has written. */
function tokenIn(where: DeployedCloud): string {
  return JSON.parse(where.parameters.get(TOKEN) ?? "").accessToken;
}

/** Mapillary no longer knows the photo's handle, nor its bytes. */
async function expireUpload(where: DeployedCloud, key: string): Promise<void> {
  const [row] = await where.rowsOf(key);
  mapillary.expireHandle(row?.handle ?? "");
  await mapillary.forgetSession(row?.binding?.destinationKey ?? "");
}

/** Bytes of the last upload of a photo. */
async function bytesSentLast(key: string): Promise<number | undefined> {
  const [row] = await cloud.rowsOf(key);
  const uploads = mapillary.requests.entries(row?.binding?.destinationKey);
  return uploads.findLast(({ operation }) => operation === "PostBytes")?.bytesReceived;
}

/** Three rounds: one closes, one renews what has expired, one finishes with what was renewed. */
async function closeAfterTwoDays({ host }: StartedFunction): Promise<void> {
  for (const minutes of [0, 20, 40]) await host.invoke({}, TWO_DAYS_MS + minutes * MINUTE_MS);
}

/** One daily look. @returns what was logged */
async function look(where: DeployedCloud) {
  await using looking = await where.start("Credentials");
  await looking.host.invoke({});
  return looking.logged();
}
