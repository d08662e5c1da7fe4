import { afterEach, describe, expect, it } from "vitest";
import { DEFAULT_ACCESS_KEY_ID, DEFAULT_UPLOAD_URL } from "../../../lib/mapillary/bucket-account.ts";
import type { Destination } from "../../../lib/mapillary/destination.ts";
import { createBucketDestination } from "../../../lib/mapillary/post-object.http.ts";
import {
  accountAt,
  CONDITIONS,
  contentOf,
  destinationAt,
  finishOf,
  NEVER,
  opening,
  payloadOf,
  permissionHash,
  SEQUENCE_ID,
  shipmentOf,
} from "./bucket-account-fixture.ts";
import { answerText, s3ErrorText, startUploadServer, type UploadServer } from "./upload-server.ts";

let server: UploadServer | undefined;
afterEach(async () => {
  await server?.stop();
  server = undefined;
});

/** A server that reads every request and then answers it. */
async function answering(...answers: readonly string[]): Promise<UploadServer> {
  const left = [...answers];
  server = await startUploadServer({
    onPost: (socket) => socket.write((left.length > 1 ? left.shift() : left[0]) ?? ""),
  });
  return server;
}

const sendSmall = (destination: Destination) =>
  destination.send(shipmentOf(5), payloadOf(Buffer.from("photo")), NEVER);

describe("the request", () => {
  it("is the seed's form, byte for byte", async () => {
    const { url, posts } = await answering(answerText(204));
    const content = { ...contentOf(Buffer.from("d-"), Buffer.alloc(0), Buffer.from("rest")), head: [] };
    const head = [Buffer.from("he"), Buffer.from("a")];

    const outcome = await destinationAt(url).send(shipmentOf(9), opening({ ...content, head }), NEVER);

    expect(outcome).toEqual({ kind: "done", destination: `alice/${SEQUENCE_ID}/IMG_1.jpg` });
    const [post] = posts;
    const boundary = /boundary=(\S+)/.exec(post?.head ?? "")?.[1] ?? "";
    expect(boundary).toMatch(/^----mapillary-relay-[0-9a-f]{32}$/);
    const field = (name: string, value: string) =>
      `--${boundary}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`;
    const body = [
      field("AWSAccessKeyId", "AKIDTESTTESTTESTTEST"),
      field("acl", "private"),
      field("key", `alice/${SEQUENCE_ID}/IMG_1.jpg`),
      field("signature", "mRq2u1pRzT9yIh0pYk4wq3Vd5nE="),
      field("policy", permissionHash(CONDITIONS)),
      field("Content-Type", "image/jpeg"),
      `--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="IMG_1.jpg"\r\n`,
      "Content-Type: image/jpeg\r\n\r\nhead-rest",
      `\r\n--${boundary}--\r\n`,
    ].join("");
    expect(post?.body.toString("latin1")).toBe(body);
    expect(post?.head.split("\r\n")).toEqual([
      "POST /photos HTTP/1.1",
      `Content-Type: multipart/form-data; boundary=${boundary}`,
      `Content-Length: ${body.length}`,
      `Host: ${new URL(url).host}`,
      "Connection: keep-alive",
    ]);
  });

  it("has another boundary every time", async () => {
    const { url, posts } = await answering(answerText(204));
    const destination = destinationAt(url);

    await sendSmall(destination);
    await sendSmall(destination);

    const boundaries = posts.map(({ head }) => /boundary=(\S+)/.exec(head)?.[1]);
    expect(new Set(boundaries).size).toBe(2);
  });

  it("carries an empty photo too", async () => {
    const { url, posts } = await answering(answerText(204));

    const outcome = await destinationAt(url).send(shipmentOf(0), payloadOf(), NEVER);

    expect(outcome.kind).toBe("done");
    expect(posts[0]?.body.toString()).toContain("Content-Type: image/jpeg\r\n\r\n\r\n------mapillary-relay-");
  });

  it("is not made when the policy already says no", async () => {
    const { url, connections } = await answering(answerText(204));
    const expired = destinationAt(url, {
      permissionHash: permissionHash(CONDITIONS, "2020-01-01T00:00:00Z"),
    });

    const outcomes = [
      await sendSmall(expired),
      await expired.finish(finishOf(SEQUENCE_ID), NEVER),
      await destinationAt(url).send(shipmentOf(99_999_999), payloadOf(), NEVER),
    ];

    expect(outcomes).toMatchObject([
      { kind: "never", scope: "account", code: "policy-expired" },
      { kind: "never", scope: "account", code: "policy-expired" },
      { kind: "never", scope: "photo", code: "too-large" },
    ]);
    expect(connections()).toBe(0);
  });
});

describe("a connection", () => {
  it("serves one photo after the other, refusals included", async () => {
    const { url, connections, posts } = await answering(
      answerText(204),
      answerText(403, s3ErrorText("AccessDenied", "no")),
      answerText(503, "x".repeat(300_000)),
      answerText(204),
    );
    const destination = destinationAt(url);
    const kinds: string[] = [];

    for (let photo = 0; photo < 5; photo += 1) kinds.push((await sendSmall(destination)).kind);

    expect(kinds).toEqual(["done", "never", "later", "done", "done"]);
    expect(posts).toHaveLength(5);
    expect(connections()).toBe(1);
  });

  it("is opened for each of several photos at a time, and kept", async () => {
    const { url, connections } = await answering(answerText(204));
    const destination = destinationAt(url);

    await Promise.all([sendSmall(destination), sendSmall(destination), sendSmall(destination)]);
    await Promise.all([sendSmall(destination), sendSmall(destination), sendSmall(destination)]);

    expect(connections()).toBe(3);
  });
});

describe("an answer", () => {
  it("becomes an outcome with the server's own words and wishes", async () => {
    const answer = answerText(503, s3ErrorText("SlowDown", "Please reduce your request rate."), {
      "Retry-After": "30",
    });
    const { url } = await answering(answer);

    expect(await sendSmall(destinationAt(url))).toEqual({
      kind: "later",
      code: "SlowDown",
      message: "Please reduce your request rate.",
      afterMs: 30_000,
      gate: "rate-limit",
    });
  });

  it("is measured against the clock it is given", async () => {
    const { url } = await answering(answerText(503, "", { "Retry-After": "Sun, 22 Nov 2026 12:00:09 GMT" }));

    expect(await sendSmall(destinationAt(url))).toMatchObject({ afterMs: 9_000 });
  });

  it("is read no further than 64 KiB", async () => {
    const inside = "x".repeat(60_000) + s3ErrorText("EntityTooLarge", "inside");
    const beyond = "x".repeat(65_536) + s3ErrorText("EntityTooLarge", "beyond");
    const { url } = await answering(answerText(400, inside), answerText(400, beyond));
    const destination = destinationAt(url);

    expect(await sendSmall(destination)).toMatchObject({ code: "too-large" });
    expect(await sendSmall(destination)).toMatchObject({ code: "http-400" });
  });

  it("tells no secret, even when the server repeats all of the request", async () => {
    const account = accountAt("", { username: "alice" });
    const secrets = [account.permissionHash, account.signatureHash, account.accessKeyId];
    server = await startUploadServer({
      onPost: (socket, { head, body }) => {
        const echo = `${head} ${body} ${secrets.map(encodeURIComponent)} ${secrets.join("")}`.replaceAll(
          "<",
          "",
        );
        const error = `<Error><Code>${account.accessKeyId}</Code><Message>Hi alice: ${echo}</Message><StringToSign>${echo}</StringToSign></Error>`;
        socket.write(answerText(403, error));
      },
    });

    const outcome = await sendSmall(destinationAt(server.url));

    expect(outcome).toMatchObject({ kind: "never", scope: "account", code: "http-403" });
    const told = JSON.stringify(outcome);
    for (const secret of [...secrets, "alice"]) expect(told).not.toContain(secret);
    expect(told).toContain("Hi [username]");
  });
});

describe("finish", () => {
  it("posts the empty marker with the same fields", async () => {
    const { url, posts } = await answering(answerText(204));

    const outcome = await destinationAt(url).finish(finishOf(SEQUENCE_ID), NEVER);

    expect(outcome).toEqual({ kind: "done", destination: `alice/${SEQUENCE_ID}/DONE` });
    const body = posts[0]?.body.toString() ?? "";
    expect(body).toContain(`name="key"\r\n\r\nalice/${SEQUENCE_ID}/DONE\r\n`);
    expect(body).toMatch(
      /name="file"; filename="DONE"\r\nContent-Type: image\/jpeg\r\n\r\n\r\n------mapillary/,
    );
    expect([...body.matchAll(/form-data; name="([^"]+)"/g)].map(([, name]) => name)).toEqual([
      "AWSAccessKeyId",
      "acl",
      "key",
      "signature",
      "policy",
      "Content-Type",
      "file",
    ]);
  });

  it("is refused unsent when the policy takes no empty file", async () => {
    const { url, connections } = await answering(answerText(204));
    const hash = permissionHash([...CONDITIONS, ["content-length-range", 1, 100]]);

    const outcome = await destinationAt(url, { permissionHash: hash }).finish(finishOf(SEQUENCE_ID), NEVER);

    expect(outcome).toMatchObject({ kind: "never", scope: "account", code: "policy-refuses-marker" });
    expect(connections()).toBe(0);
  });

  it("refuses an id that is none", async () => {
    const { url } = await answering(answerText(204));

    await expect(destinationAt(url).finish(finishOf("../x"), NEVER)).rejects.toThrow(
      "a sequence id is a lower-case UUID",
    );
  });
});

describe("createBucketDestination", () => {
  it("takes the seed's address and key", () => {
    const hash = permissionHash([{ bucket: "mapillary.uploads.manual.images" }, ...CONDITIONS.slice(1)]);

    const destination = createBucketDestination(
      accountAt(DEFAULT_UPLOAD_URL, { accessKeyId: DEFAULT_ACCESS_KEY_ID, permissionHash: hash }),
    );

    expect(destination.accountObjection(0)).toBeUndefined();
    expect(DEFAULT_ACCESS_KEY_ID).toMatch(/^AKIAI2X3BJAT2W75HILA$/);
  });

  it.each([
    [{ uploadUrl: "ftp://me:secret@host" }, "uploadUrl has the scheme ftp:; expected https:"],
    [{ username: "a/b" }, "username contains a slash or backslash; expected the plain Mapillary user name"],
  ])("refuses %j, naming the option", (changes, message) => {
    expect(() => destinationAt("http://127.0.0.1/photos", changes)).toThrow(new TypeError(message));
  });
});
