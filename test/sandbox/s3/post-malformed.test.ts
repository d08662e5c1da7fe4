import { describe, expect, it } from "vitest";
import { MAX_BYTES_BEFORE_FILE } from "../../../sandbox/s3/post-object.ts";
import { listKeys, send, startForTest } from "./fixture.ts";
import { ACCESS_KEY_ID, encodeForm, formType, NOW_MS, PHOTO, postForm, SECRET, validForm } from "./form.ts";

const startPostTarget = () =>
  startForTest({ postAccounts: { [ACCESS_KEY_ID]: SECRET }, clock: () => NOW_MS });

describe("what S3 refuses before it looks into a form", () => {
  it("a bucket that does not exist", async () => {
    const sandbox = await startPostTarget();

    const response = await postForm(sandbox.url, validForm(), "elsewhere");

    expect(response).toMatchObject({ status: 404, code: "NoSuchBucket" });
  });

  it("a body that is not a form", async () => {
    const sandbox = await startPostTarget();

    const response = await send(
      `${sandbox.url}/photos`,
      { method: "POST", headers: { "content-type": "text/plain" } },
      "x",
    );

    expect(response).toMatchObject({ status: 412, code: "PreconditionFailed" });
  });

  it("a form without a boundary", async () => {
    const sandbox = await startPostTarget();
    const headers = { "content-type": "multipart/form-data" };

    const response = await send(
      `${sandbox.url}/photos`,
      { method: "POST", headers },
      encodeForm(validForm()),
    );

    expect(response).toMatchObject({ status: 400, code: "MalformedPOSTRequest" });
  });

  it("a body whose length is not told in advance", async () => {
    const sandbox = await startPostTarget();
    const headers = { "content-type": formType(), "transfer-encoding": "chunked" };

    const response = await send(
      `${sandbox.url}/photos`,
      { method: "POST", headers },
      encodeForm(validForm()),
    );

    expect(response).toMatchObject({ status: 411, code: "MissingContentLength" });
    expect(await listKeys(sandbox.store)).toEqual([]);
  });

  it("a form without its closing boundary", async () => {
    const sandbox = await startPostTarget();
    const body = encodeForm(validForm()).subarray(0, -20);
    const headers = { "content-type": formType(), "content-length": body.byteLength };

    const response = await send(`${sandbox.url}/photos`, { method: "POST", headers }, body);

    expect(response).toMatchObject({ status: 400, code: "MalformedPOSTRequest" });
    expect(await listKeys(sandbox.store)).toEqual([]);
  });

  it("more than 20,480 bytes in front of the file's content, to the byte", async () => {
    const sandbox = await startForTest();
    const formOf = (padding: number) => [
      { name: "x-ignore-much", value: "x".repeat(padding) },
      { name: "key", value: "x" },
      { name: "file", value: PHOTO },
    ];
    const unpadded = encodeForm(formOf(0)).indexOf(PHOTO);

    const most = await postForm(sandbox.url, formOf(20_480 - unpadded));
    const tooMuch = await postForm(sandbox.url, formOf(20_481 - unpadded));

    expect(MAX_BYTES_BEFORE_FILE).toBe(20_480);
    expect(most.status).toBe(204);
    expect(tooMuch).toMatchObject({ status: 400, code: "MaxPostPreDataLengthExceeded" });
  });

  it("a field without end, before it takes up memory", async () => {
    const sandbox = await startForTest();
    const form = [{ name: "file-with-another-name", value: Buffer.alloc(2 ** 20) }];

    const response = await postForm(sandbox.url, form);

    expect(response).toMatchObject({ status: 400, code: "MaxPostPreDataLengthExceeded" });
  });
});
