import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import type { ObjectCreated } from "../../../sandbox/s3/service.ts";
import { collect, listKeys, pieces, startForTest } from "./fixture.ts";
import {
  ACCESS_KEY_ID,
  FILE_NAME_VARIABLE,
  type FormPart,
  KEY,
  MAX_BYTES,
  NOW_MS,
  PHOTO,
  postForm,
  replace,
  SECRET,
  validForm,
  withField,
  without,
} from "./form.ts";

const startPostTarget = () =>
  startForTest({ postAccounts: { [ACCESS_KEY_ID]: SECRET }, clock: () => NOW_MS });

describe("a form that its policy permits", () => {
  it("is answered 204 with ETag and Location and no body, and stored byte for byte", async () => {
    const sandbox = await startPostTarget();

    const response = await postForm(sandbox.url, validForm());

    const etag = createHash("md5").update(PHOTO).digest("hex");
    expect(response).toMatchObject({ status: 204, headers: { etag: `"${etag}"` } });
    expect(response.headers.location).toBe(`${sandbox.url}/photos/${encodeURIComponent(KEY)}`);
    expect(response.body).toHaveLength(0);
    const stored = await sandbox.store.open(KEY);
    expect(stored?.info).toMatchObject({
      etag,
      headers: { "content-type": "image/jpeg" },
      modifiedMs: NOW_MS,
    });
    expect(await collect(stored?.read({ start: 0, end: PHOTO.byteLength }) ?? pieces([]))).toEqual(PHOTO);
  });

  it("announces the object once it is stored", async () => {
    const events: ObjectCreated[] = [];
    const sandbox = await startForTest({
      clock: () => NOW_MS,
      onCreated: (event) => void events.push(event),
    });

    await postForm(sandbox.url, validForm());

    const etag = createHash("md5").update(PHOTO).digest("hex");
    const eventTime = "2019-06-01T00:00:00.000Z";
    expect(events).toEqual([{ bucket: "photos", key: KEY, etag, sizeBytes: 500, eventTime }]);
  });

  const accepted: [string, FormPart[]][] = [
    [
      "has its field names in another case",
      validForm().map((part) => ({ ...part, name: part.name.toUpperCase() })),
    ],
    ["carries x-ignore fields that no condition names", withField(validForm(), "x-ignore-note", "anything")],
    ["has an empty file (the DONE object)", replace(validForm(), "file", "")],
    ["has a file of exactly the largest size", replace(validForm(), "file", Buffer.alloc(MAX_BYTES, 1))],
    [
      "gives every field a file name, as python's requests does",
      validForm().map((p) => ({ ...p, filename: p.name })),
    ],
    ["gives the file no file name", [...without(validForm(), "file"), { name: "file", value: PHOTO }]],
    [
      "has fields behind the file, which have no say",
      [...validForm(), { name: "acl", value: "public-read" }],
    ],
    [
      "has its fields in another order",
      [...without(validForm(), "file").reverse(), ...validForm().slice(-1)],
    ],
  ];
  it.each(accepted)("is accepted when it %s", async (_, form) => {
    const sandbox = await startPostTarget();

    const response = await postForm(sandbox.url, form);

    expect(response).toMatchObject({ status: 204, code: undefined });
    expect(await listKeys(sandbox.store)).toEqual([KEY]);
  });

  it("puts the file's name, without its path, where the key says so", async () => {
    const sandbox = await startPostTarget();
    const form = replace(validForm(), "key", `fleet/$&/${FILE_NAME_VARIABLE}`).map((part) =>
      part.name === "file" ? { ...part, filename: "C:\\photos\\$1 näh.jpg" } : part,
    );

    const response = await postForm(sandbox.url, form);

    expect(response.status).toBe(204);
    expect(await listKeys(sandbox.store)).toEqual(["fleet/$&/$1 näh.jpg"]);
  });

  it.each([
    ["200", 200],
    ["201", 201],
    ["204", 204],
    ["404", 204],
  ])("asking for status %s is answered %d", async (wished, status) => {
    const sandbox = await startForTest();
    const form = without(validForm(), "policy", "signature", "AWSAccessKeyId");

    const response = await postForm(sandbox.url, withField(form, "success_action_status", wished));

    expect(response.status).toBe(status);
    expect(response.body.toString().includes(`<Key>${KEY}</Key>`)).toBe(status === 201);
  });
});

describe("a bucket without accounts", () => {
  it("takes forms that nobody signed", async () => {
    const sandbox = await startForTest();

    const response = await postForm(
      sandbox.url,
      without(validForm(), "policy", "signature", "AWSAccessKeyId"),
    );

    expect(response.status).toBe(204);
  });

  it("still holds a form against the policy it brings along", async () => {
    const sandbox = await startForTest({ clock: () => NOW_MS });

    const response = await postForm(sandbox.url, replace(validForm(), "key", "other/IMG.jpg"));

    expect(response).toMatchObject({ status: 403, code: "AccessDenied" });
  });
});
