import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { PhotoGoneError, type PhotoRef, type PhotoSource } from "../../lib/photo/photo.ts";
import { type SourceServer, startSourceServer } from "./photo-source-server.ts";

const NEVER = new AbortController().signal;
const PHOTO = Buffer.from(Uint8Array.from({ length: 3 * 2 ** 20 }, (_, index) => index % 251));

/** What every photo source does, whatever it reads with. */
export function describePhotoSource(name: string, createSource: (endpoint: string) => PhotoSource): void {
  describe(name, () => {
    let server: SourceServer;
    let source: PhotoSource;

    beforeAll(async () => {
      server = await startSourceServer();
      source = createSource(server.url);
    });
    afterEach(() => server.misbehave({}));
    afterAll(() => server.stop());

    const goneCodeOf = (opening: Promise<unknown>) =>
      opening.then(
        () => "opened",
        (error: unknown) => (error instanceof PhotoGoneError ? error.code : error),
      );

    async function readAll(ref: PhotoRef, signal = NEVER, fromBytes?: number): Promise<Buffer> {
      const photo = await source.open(ref, signal, fromBytes);
      const blocks: Uint8Array[] = [];
      for (let next = await photo.body.next(); !next.done; next = await photo.body.next())
        blocks.push(Buffer.from(next.value));
      photo.close();
      return Buffer.concat(blocks);
    }

    it.each(["IMG_1.jpg", "van 1/trip+2/ü 漢字 100%25.jpg", "a?b#c&d=e/../f//g.jpg", "(a)'b!*~.jpg"])(
      "gives the exact bytes of %s in one request",
      async (key) => {
        const ref = server.put(key, PHOTO);
        const before = server.requests.length;

        const bytes = await readAll(ref);

        expect(bytes.equals(PHOTO)).toBe(true);
        expect(server.requests.length - before).toBe(1);
      },
    );

    it.each([1, 2 ** 20 + 7, PHOTO.byteLength - 1])(
      "gives what follows byte %d in one request",
      async (from) => {
        const ref = server.put("part.jpg", PHOTO);
        const before = server.requests.length;

        const bytes = await readAll(ref, NEVER, from);

        expect(bytes.equals(PHOTO.subarray(from))).toBe(true);
        expect(server.requests.length - before).toBe(1);
      },
    );

    it("takes no part for another, and no whole for a part", async () => {
      const ref = server.put("other-part.jpg", PHOTO);
      server.misbehave({ contentRange: `bytes 6-${PHOTO.byteLength - 1}/${PHOTO.byteLength}` });
      await expect(source.open(ref, NEVER, 5)).rejects.toThrow("expected bytes 5-");

      server.misbehave({ ignoreRange: true });
      await expect(source.open(ref, NEVER, 5)).rejects.toThrow("expected bytes 5-");
    });

    it("finds out that a photo was overwritten also when it reads a part", async () => {
      const { versionId: _, ...ref } = server.put("changing.jpg", PHOTO);
      server.put("changing.jpg", Buffer.concat([PHOTO, PHOTO]));

      expect(await goneCodeOf(source.open(ref, NEVER, 5))).toBe("source-changed");
      server.misbehave({ ignoreIfMatch: true });
      expect(await goneCodeOf(source.open(ref, NEVER, 5))).toBe("source-changed");
    });

    it("breaks off a part that ends early", async () => {
      const ref = server.put("cut-part.jpg", PHOTO);
      server.misbehave({ cutAfterBytes: 2 ** 20 });

      await expect(readAll(ref, NEVER, 5)).rejects.toThrow(/ended after|aborted|ECONNRESET|terminated/u);
    });

    it("gives an empty photo", async () => {
      const ref = server.put("empty.jpg", Buffer.alloc(0));

      expect(await readAll(ref)).toHaveLength(0);
    });

    it("gives the version it is asked for, and without one what is there", async () => {
      const first = server.put("versions.jpg", Buffer.from("first"));
      const { versionId: _, ...latest } = server.put("versions.jpg", Buffer.from("second"));

      expect(String(await readAll(first))).toBe("first");
      expect(String(await readAll(latest))).toBe("second");
    });

    it("says that a photo is gone", async () => {
      const ref = server.put("gone.jpg", PHOTO);
      const otherVersion = { ...server.put("kept.jpg", PHOTO), versionId: "v9" };
      server.remove("gone.jpg");

      expect(await goneCodeOf(source.open(ref, NEVER))).toBe("source-gone");
      expect(await goneCodeOf(source.open(otherVersion, NEVER))).toBe("source-gone");
    });

    it("says that a photo was overwritten, and does not have the new one sent", async () => {
      const { versionId: _, ...ref } = server.put("overwritten.jpg", Buffer.from("old"));
      server.put("overwritten.jpg", Buffer.from("new"));
      const before = server.served();

      expect(await goneCodeOf(source.open(ref, NEVER))).toBe("source-changed");
      expect(server.served()).toBe(before);
    });

    it("notices itself that a photo was overwritten when the server ignores If-Match", async () => {
      const { versionId: _, ...ref } = server.put("ignored.jpg", PHOTO);
      server.put("ignored.jpg", Buffer.alloc(PHOTO.byteLength));
      server.misbehave({ ignoreIfMatch: true });
      const byEtag = await goneCodeOf(source.open(ref, NEVER));
      server.put("ignored.jpg", Buffer.alloc(PHOTO.byteLength + 1));
      server.misbehave({ ignoreIfMatch: true, etag: ref.etag });

      const bySize = await goneCodeOf(source.open(ref, NEVER));

      expect([byEtag, bySize]).toEqual(["source-changed", "source-changed"]);
    });

    it("drops the connection over which it was sent the wrong photo", async () => {
      const { versionId: _, ...ref } = server.put("dropped.jpg", PHOTO);
      server.put("dropped.jpg", Buffer.alloc(PHOTO.byteLength));
      const before = await server.openConnections();
      server.misbehave({ ignoreIfMatch: true, stallAfterBytes: 10 });

      await goneCodeOf(source.open(ref, NEVER));

      await expect.poll(() => server.openConnections()).toBeLessThanOrEqual(before);
    });

    it.each([
      [403, "AccessDenied"],
      [403, "InvalidObjectState"],
      [500, "InternalError"],
      [503, "SlowDown"],
    ])("does not take %i %s for the photo's fault", async (status, code) => {
      const ref = server.put("refused.jpg", PHOTO);
      server.misbehave({ refuse: { status, code } });

      await expect(goneCodeOf(source.open(ref, NEVER))).resolves.toMatchObject({ name: code });
    });

    it("does not take a missing bucket for the photo's fault", async () => {
      const ref = { ...server.put("elsewhere.jpg", PHOTO), bucket: "nobodys" };
      const asked = { bucket: "nobodys", key: "elsewhere.jpg" };

      await expect(goneCodeOf(source.open(ref, NEVER))).resolves.toMatchObject({ name: "NoSuchBucket" });
      await expect(goneCodeOf(source.identify(asked))).resolves.toMatchObject({ name: "NoSuchBucket" });
    });

    it.each(["etag", "content-length"] as const)("does not guess when the answer has no %s", async (omit) => {
      const ref = server.put("vague.jpg", PHOTO);
      server.misbehave({ omit });

      await expect(goneCodeOf(source.open(ref, NEVER))).resolves.toMatchObject({
        message: expect.stringMatching(omit === "etag" ? /without ETag/ : /without Content-Length/),
      });
    });

    it("throws when the body is cut off", async () => {
      const ref = server.put("cut.jpg", PHOTO);
      server.misbehave({ cutAfterBytes: 2 ** 20 });

      await expect(readAll(ref)).rejects.toThrow();
    });

    it("tells a reader who comes late that the body was cut off", async () => {
      const ref = server.put("late.jpg", PHOTO);
      server.misbehave({ cutAfterBytes: 10 });
      const photo = await source.open(ref, NEVER);
      await new Promise((resolve) => setTimeout(resolve, 50));

      const reading = (async () => {
        while (!(await photo.body.next()).done);
      })();

      await expect(reading).rejects.toThrow();
    });

    it("ends with the signal's reason, before and while it reads", async () => {
      const ref = server.put("aborted.jpg", PHOTO);
      const reason = new Error("the function is about to end");
      server.misbehave({ stallAfterBytes: 10 });
      const stop = new AbortController();
      const reading = readAll(ref, stop.signal);
      setTimeout(() => stop.abort(reason), 50);

      await expect(reading).rejects.toBe(reason);
      await expect(source.open(ref, AbortSignal.abort(reason))).rejects.toBe(reason);
    });

    it("drops the connection when it is closed, as often as one likes", async () => {
      const ref = server.put("closed.jpg", PHOTO);
      server.misbehave({ stallAfterBytes: 10 });
      const before = await server.openConnections();
      const photo = await source.open(ref, NEVER);
      await photo.body.next();

      photo.close();
      photo.close();

      await expect.poll(() => server.openConnections()).toBeLessThanOrEqual(before);
      await expect((async () => await photo.body.next())()).rejects.toThrow();
    });

    it("identifies a photo whose event did not say which bytes it means", async () => {
      const { versionId, ...latest } = server.put("named.jpg", PHOTO);
      const address = { bucket: latest.bucket, key: "named.jpg" };

      expect(await source.identify(address)).toEqual(latest);
      expect(await source.identify({ ...address, versionId: versionId ?? "" })).toEqual({
        ...latest,
        versionId,
      });
      expect(await goneCodeOf(source.identify({ ...address, key: "never.jpg" }))).toBe("source-gone");
    });
  });
}
