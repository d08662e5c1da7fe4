import { describe, expect, it } from "vitest";
import { MAX_MANIFEST_HANDLES } from "../../../sandbox/v4/manifest.ts";
import type { V4StandIn } from "../../../sandbox/v4/stand-in.ts";
import {
  clockForTest,
  fieldOf,
  finish,
  graphError,
  manifestOf,
  patternedBytes,
  post,
  sha256,
  startForTest,
  upload,
  uploadManifest,
} from "./fixture.ts";

const ORGANIZATION = { id: "7700", slug: "acme", name: "Acme", description: "Roads" };

const uploadTwo = async (standIn: V4StandIn) => [
  await upload(standIn, "a.jpg", "first"),
  await upload(standIn, "b.jpg", "second"),
];

describe("a finish", () => {
  it("makes a sequence of the manifest's images, in their order", async () => {
    const { now } = clockForTest();
    const standIn = await startForTest({ now });
    const [a = "", b = ""] = await uploadTwo(standIn);

    const answer = await finish(standIn, await uploadManifest(standIn, [b, a]));

    expect(answer.status).toBe(200);
    const id = fieldOf(answer.json, "cluster_id");
    expect(id).toMatch(/^\d+$/);
    expect(await standIn.clusters()).toEqual([
      {
        id,
        user: "sandbox",
        organization: null,
        finishedAt: "2026-06-01T00:00:00.000Z",
        images: [
          {
            handle: b,
            sessionKey: "b.jpg",
            sizeBytes: 6,
            sha256: sha256("second"),
            problems: ["is not a JPEG"],
          },
          {
            handle: a,
            sessionKey: "a.jpg",
            sizeBytes: 5,
            sha256: sha256("first"),
            problems: ["is not a JPEG"],
          },
        ],
      },
    ]);
  });

  it("does not look at the manifest's spaces and order of keys, or at keys it does not know", async () => {
    const standIn = await startForTest();
    const handles = await uploadTwo(standIn);
    const content = JSON.stringify(
      { version: "1", more: true, upload_type: "images", image_handles: handles },
      null,
      2,
    );

    const answer = await finish(standIn, await upload(standIn, "m.json", content));

    expect(answer.status).toBe(200);
  });

  it("makes a second sequence of a manifest that is finished twice", async () => {
    const standIn = await startForTest();
    const manifest = await uploadManifest(standIn, await uploadTwo(standIn));

    const ids = [await finish(standIn, manifest), await finish(standIn, manifest)].map(({ json }) =>
      fieldOf(json, "cluster_id"),
    );

    expect(new Set(ids).size).toBe(2);
    expect((await standIn.clusters()).map(({ id }) => id)).toEqual(ids);
  });

  it.each([ORGANIZATION.id, Number(ORGANIZATION.id)])(
    "gives the sequence to the organization %o",
    async (id) => {
      const standIn = await startForTest({ organizations: [ORGANIZATION] });
      const manifest = await uploadManifest(standIn, await uploadTwo(standIn));

      const answer = await finish(standIn, manifest, { organization_id: id });

      expect(answer.status).toBe(200);
      expect(await standIn.clusters()).toMatchObject([{ organization: ORGANIZATION.id }]);
    },
  );

  it(`takes ${MAX_MANIFEST_HANDLES} images, and no more`, async () => {
    const standIn = await startForTest();
    const image = await upload(standIn, "a.jpg", "first");
    const most = Array.from({ length: MAX_MANIFEST_HANDLES }, () => image);

    const taken = await finish(standIn, await uploadManifest(standIn, most));
    const refused = await finish(standIn, await uploadManifest(standIn, [...most, image]));

    expect(MAX_MANIFEST_HANDLES).toBe(1_000);
    expect(taken.status).toBe(200);
    expect(refused).toMatchObject({
      status: 400,
      json: graphError(100, "(#100) The manifest has more than 1000 image_handles"),
    });
  });

  it("needs a token", async () => {
    const standIn = await startForTest();
    const manifest = await uploadManifest(standIn, await uploadTwo(standIn));

    const answer = await finish(standIn, manifest, {}, "MLY|1|2");

    expect(answer).toMatchObject({
      status: 401,
      json: graphError(190, "The access token is invalid or has expired"),
    });
    expect(await standIn.clusters()).toEqual([]);
  });
});

describe("handles of others, and old ones", () => {
  it("refuses another user's manifest, and another user's image in one's own", async () => {
    const standIn = await startForTest({ usernames: ["ann", "bob"] });
    const [ann = "", bob = ""] = standIn.users.map(({ accessToken }) => accessToken);
    const image = await upload(standIn, "a.jpg", "first", bob);
    const manifest = await upload(standIn, "m.json", manifestOf([image]), ann);

    const answers = [await finish(standIn, manifest, {}, bob), await finish(standIn, manifest, {}, ann)];

    expect(answers).toMatchObject([
      { status: 400, json: graphError(100, "(#100) file_handle is another user's file handle") },
      {
        status: 400,
        json: graphError(100, "(#100) The manifest's image_handles[0] is another user's file handle"),
      },
    ]);
  });

  it("refuses handles that have expired, and takes those that replace them", async () => {
    const { now, pass } = clockForTest();
    const standIn = await startForTest({ now, handleLifetimeMs: 1_000, sessionLifetimeMs: 1_000_000 });
    const image = await upload(standIn, "a.jpg", "first");
    const manifest = await uploadManifest(standIn, [image]);
    pass(999);
    const inTime = await finish(standIn, manifest);
    pass(1);

    const tooLate = await finish(standIn, manifest);
    const renewed = await post(standIn, Buffer.alloc(0), { key: "a.jpg", offset: 5 });
    const newImage = String(fieldOf(renewed.json, "h"));
    const oldInNew = await finish(standIn, await uploadManifest(standIn, [newImage, image]));
    const allNew = await finish(standIn, await uploadManifest(standIn, [newImage]));

    expect(newImage).not.toBe(image);
    expect([inTime.status, tooLate.status, oldInNew.status, allNew.status]).toEqual([200, 400, 400, 200]);
    expect(tooLate.json).toEqual(graphError(100, "(#100) file_handle is a file handle that has expired"));
    expect(oldInNew.json).toEqual(
      graphError(100, "(#100) The manifest's image_handles[1] is a file handle that has expired"),
    );
  });

  it("makes a handle that is asked for again good for a whole lifetime, under the same name", async () => {
    const { now, pass } = clockForTest();
    const standIn = await startForTest({ now, handleLifetimeMs: 1_000 });
    const image = await upload(standIn, "a.jpg", "first");
    pass(999);

    const again = await post(standIn, Buffer.alloc(0), { key: "a.jpg", offset: 5 });
    pass(999);
    const answer = await finish(standIn, await uploadManifest(standIn, [image]));

    expect(fieldOf(again.json, "h")).toBe(image);
    expect(answer.status).toBe(200);
  });

  it("forgets a session after its lifetime, and keeps the bytes of what was finished", async () => {
    const { now, pass } = clockForTest();
    const standIn = await startForTest({ now, sessionLifetimeMs: 1_000 });
    const bytes = patternedBytes(100_000);
    const image = await upload(standIn, "a.jpg", bytes);
    await finish(standIn, await uploadManifest(standIn, [image]));
    pass(1_000);

    const started = await post(standIn, Buffer.from("other"), { key: "a.jpg" });

    expect(fieldOf(started.json, "h")).toBe(image);
    const [cluster] = await standIn.clusters();
    expect(cluster?.images).toMatchObject([{ sizeBytes: 100_000, sha256: sha256(bytes) }]);
  });
});
