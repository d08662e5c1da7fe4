import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { readFleet } from "../../lib/config/fleet.ts";
import { createBucketAccount } from "../../lib/pipeline/bucket-account.node.ts";
import { startCloudDestination } from "../../sandbox/cloud-destination.ts";
import type { ObjectStore } from "../../sandbox/s3/object-store.ts";
import { announceAll, bytesIn, type CloudForTest, FOREVER, fillBucket, openCloud } from "./cloud-for-test.ts";

const FLEET = readFleet({
  destination: "bucket",
  rules: [
    { prefix: "n/", account: "north" },
    { prefix: "s/", account: "south_2" },
  ],
});
const KEYS = ["n/1.jpg", "s/2.jpg", "elsewhere/3.jpg"];

/** The users whose folders photos arrived in, by the photos' names. */
async function usersByPhoto(arrived: ObjectStore | undefined): Promise<Record<string, string>> {
  const paths = [...(await bytesIn(arrived)).keys()].map((key) => key.split("/"));
  return Object.fromEntries(paths.map(([user = "", , filename = ""]) => [filename, user]));
}

async function relayAll({ cloud }: CloudForTest, photos: ObjectStore): Promise<void> {
  await announceAll(cloud, photos);
  await cloud.drain(FOREVER);
}

it("sends by the account that the rules name, which at the stand-in is a user of its own", async () => {
  const photos = await fillBucket(KEYS);
  await using opened = await openCloud(photos, { fleet: FLEET });

  await relayAll(opened, photos);

  expect(await usersByPhoto(opened.cloud.arrived)).toEqual({
    "1.jpg": "north",
    "2.jpg": "south_2",
    "3.jpg": "default",
  });
});

it("sends with each account's own credentials to somebody else's endpoint", async () => {
  const directory = await mkdtemp(join(tmpdir(), "cloud-test-"));
  await using after = new AsyncDisposableStack();
  after.defer(() => rm(directory, { recursive: true }));
  const users = await startCloudDestination({ directory, accountNames: ["anna", "bo", "cy"] });
  after.defer(users.stop);
  const [anna, bo, cy] = [...users.accounts.values()];
  if (!anna || !bo || !cy) throw new Error("the destination made no accounts");
  const destinations = new Map(
    Object.entries({ north: anna, default: bo, south_2: cy }).map(([name, account]) => [
      name,
      createBucketAccount(name, account, 60_000),
    ]),
  );
  const photos = await fillBucket(KEYS);
  await using opened = await openCloud(photos, { fleet: FLEET, destinations });

  await relayAll(opened, photos);

  expect(await usersByPhoto(users.arrived)).toEqual({ "1.jpg": "anna", "2.jpg": "cy", "3.jpg": "bo" });
  expect(opened.cloud.arrived).toBeUndefined();
});

it("refuses to start when credentials of the fleet's accounts are missing, and names each", async () => {
  const photos = await fillBucket([]);

  const starting = openCloud(photos, { fleet: FLEET, destinations: new Map() });

  await expect(starting).rejects.toThrow("no credentials for the account(s) default, north, south_2");
});
