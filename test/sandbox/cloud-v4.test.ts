import { describe, expect, it } from "vitest";
import { readFleet } from "../../lib/config/fleet.ts";
import type { V4Dials } from "../../sandbox/v4/dials.ts";
import { announceAll, bytesIn, type CloudForTest, FOREVER, openCloud } from "./cloud-for-test.ts";
import { bytesOf, clustersOf, fillWithDrive, pictureOf, steadyDrive, V4_FLEET } from "./cloud-v4-for-test.ts";

const TODAY = () => new Date().toISOString().slice(0, 10);
const PATIENT = { baseMs: 10, capMs: 50, maxAttempts: 60 };

async function relayed(
  options: Parameters<typeof openCloud>[1] & { photos: Parameters<typeof openCloud>[0] },
) {
  const opened = await openCloud(options.photos, { fleet: V4_FLEET, retries: PATIENT, ...options });
  await announceAll(opened.cloud, options.photos);
  await opened.cloud.drain(FOREVER);
  await opened.cloud.closeSequences(FOREVER);
  return opened;
}

async function rowsOf({ cloud }: CloudForTest, status: "published" | "unknown" = "published") {
  const sequences =
    status === "published"
      ? await cloud.sequences.publishedOn(TODAY())
      : await cloud.sequences.withStatus("unknown");
  return (await Promise.all(sequences.map(({ id }) => cloud.ledger.ofSequence(id)))).flat();
}

describe("the v4 lane in the embedded cloud", () => {
  it("takes photos to sequences in the order of capture, with their pictures untouched", async () => {
    const photos = await fillWithDrive(steadyDrive(12, ["van-1", "van-2"]));
    await using opened = await relayed({ photos });
    const { mapillary } = opened.cloud;

    const clusters = (await mapillary?.clusters()) ?? [];
    const rows = await rowsOf(opened);
    const sources = await bytesIn(photos);
    const inOrder = Array.from({ length: 12 }, (_, at) => `IMG_${String(12 - at).padStart(5, "0")}.jpg`);
    expect(await clustersOf(mapillary)).toEqual([inOrder, inOrder]);
    expect(clusters.flatMap(({ images }) => images.flatMap(({ problems }) => problems))).toEqual([]);
    expect(rows.map(({ status }) => status)).toEqual(Array(24).fill("published"));
    for (const { ref, handle = "", clusterId, binding } of rows) {
      const sent = await bytesOf(mapillary, handle);
      expect(pictureOf(sent).equals(pictureOf(sources.get(ref.key) ?? Buffer.of()))).toBe(true);
      const cluster = clusters.find(({ id }) => id === clusterId);
      expect(cluster?.images.some((image) => image.handle === handle)).toBe(true);
      expect(binding?.destinationKey).toMatch(/^mly_tools_uuid_[0-9a-f]{32}\.jpg$/u);
    }
    expect(mapillary?.requests.count("FinishUpload")).toBe(2);
  });

  it.each<[string, Partial<V4Dials>]>([
    ["500s", { failShare: 0.3 }],
    ["503s that ask for patience", { unavailableShare: 0.2, retryAfterSeconds: 0 }],
    ["503s with nonsense", { unavailableShare: 0.2, retryAfter: "nonsense" }],
    ["rate limits", { rateLimitShare: 0.1, rateLimitBackoffMs: 20 }],
    ["first uploads that break off", { dropAfterBytes: 1_000, dropOn: "first" }],
    ["a wrong offset once", { offsetInvalidOnce: true }],
    ["sessions forgotten", { forgetSessionOnce: true }],
    ["handles that expire before the finish", { expireOnce: "images" }],
    ["a manifest that expires before the finish", { expireOnce: "manifest" }],
    ["finishes refused before they took effect", {}],
  ])("makes the same sequences through %s", async (_what, dials) => {
    const photos = await fillWithDrive(
      steadyDrive(20, ["a", "b"]).map((shot) => ({ ...shot, paddingBytes: 20_000 })),
    );
    await using opened = await relayed({ photos, faults: { v4: dials } });
    const { mapillary } = opened.cloud;

    const inOrder = Array.from({ length: 20 }, (_, at) => `IMG_${String(20 - at).padStart(5, "0")}.jpg`);
    expect(await clustersOf(mapillary)).toEqual([inOrder, inOrder]);
    expect((await rowsOf(opened)).map(({ status }) => status)).toEqual(Array(40).fill("published"));
  });

  it("splits, drops and accounts for what no sequence is better with", async () => {
    const drive = steadyDrive(10);
    const late = steadyDrive(5).map((shot) => ({
      ...shot,
      key: shot.key.replace("IMG", "LATE"),
      second: shot.second + 600,
    }));
    const parked = [1, 2, 3].map((at) => ({ key: `van-1/PARKED_${at}.jpg`, second: 604 + at, meters: 6040 }));
    const photos = await fillWithDrive([...drive, ...late, ...parked]);
    await using opened = await relayed({ photos });

    const [, second] = await clustersOf(opened.cloud.mapillary);
    const left = await opened.cloud.ledger.dismissedOn("rejected", TODAY());
    expect((await clustersOf(opened.cloud.mapillary)).map(({ length }) => length)).toEqual([10, 5]);
    expect(second?.every((name) => name.startsWith("LATE"))).toBe(true);
    expect(left.map(({ ref, reasons }) => [ref.key, reasons[0]?.code])).toEqual(
      expect.arrayContaining(parked.map(({ key }) => [key, "duplicate-position"])),
    );
    expect(opened.count("photo.left-out")).toBe(3);
  });

  it.each(["500-after", "lost-after", "null-after", "lost-before"] as const)(
    "leaves a finish that was answered %s to a person, and never repeats it",
    async (finish) => {
      const photos = await fillWithDrive(steadyDrive(5));
      await using opened = await relayed({ photos, faults: { v4: { finish } } });
      const { cloud } = opened;
      await cloud.closeSequences(FOREVER);

      expect(cloud.mapillary?.requests.count("FinishUpload")).toBe(1);
      expect(opened.count("sequence.unknown")).toBe(1);
      expect(await cloud.sequences.withStatus("unknown")).toMatchObject([{ parts: [{ status: "unknown" }] }]);
      expect((await rowsOf(opened, "unknown")).map(({ status }) => status)).toEqual(Array(5).fill("relayed"));
    },
  );

  it("stops the account at a token that is refused, with one alarm, and loses nothing", async () => {
    const photos = await fillWithDrive(steadyDrive(30));
    await using opened = await openCloud(photos, {
      fleet: V4_FLEET,
      faults: { v4: { revokeAfterRequests: 25 } },
    });
    await announceAll(opened.cloud, photos);

    const end = await opened.cloud.drain(FOREVER);

    expect(end).toBe("stopped");
    expect(opened.count("account.stopped")).toBe(1);
    expect(opened.count("photo.failed")).toBe(0);
  });

  it("gives sequences to the organization of their rule, and stops before the first byte at an unknown one", async () => {
    const fleet = readFleet({ destination: "v4", rules: [{ prefix: "north/", organizationId: "4711" }] });
    const photos = await fillWithDrive(steadyDrive(3, ["north", "south"]));
    await using opened = await relayed({ photos, fleet });

    const clusters = (await opened.cloud.mapillary?.clusters()) ?? [];
    expect(clusters.map(({ organization }) => organization).sort()).toEqual(["4711", null].sort());
  });

  it("cuts 1,001 photos into 1,000 and one", async () => {
    const photos = await fillWithDrive(steadyDrive(1_001));
    await using opened = await relayed({ photos });

    const sizes = (await clustersOf(opened.cloud.mapillary)).map(({ length }) => length);
    expect(sizes.sort((a, b) => b - a)).toEqual([1_000, 1]);
  }, 120_000);
});
