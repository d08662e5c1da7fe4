import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Readable } from "node:stream";
import { S3Client } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createS3PhotoSource } from "../../lib/photo/photo.s3.ts";
import { createSdkPhotoSource } from "../../lib/photo/sdk-source.s3.ts";
import { createGetSigner } from "../../lib/photo/signed-get.s3.ts";
import { describePhotoSource } from "./photo-source.ts";
import { type SourceServer, startSourceServer } from "./photo-source-server.ts";

const clientOf = (endpoint: string) =>
  new S3Client({
    endpoint,
    forcePathStyle: true,
    region: "eu-west-1",
    credentials: { accessKeyId: "test", secretAccessKey: "test" },
    maxAttempts: 1,
    responseChecksumValidation: "WHEN_REQUIRED",
  });

/** As a worker has it: with the client's credentials, and the client for what the first GET cannot settle. */
function sourceOf(endpoint: string, client = clientOf(endpoint)) {
  const plain = createSdkPhotoSource(client);
  const signGet = createGetSigner({ region: "eu-west-1", endpoint }, client.config.credentials);
  return createS3PhotoSource({ signGet, plain: async () => plain });
}

describePhotoSource("the S3 photo source", (endpoint) => sourceOf(endpoint));
describePhotoSource("the photo source of the SDK alone", (endpoint) =>
  createSdkPhotoSource(clientOf(endpoint)),
);

let server: SourceServer;
beforeAll(async () => {
  server = await startSourceServer();
});
afterAll(() => server.stop());

it.each([
  ["a byte more", "12345", "sent more than its 4 bytes"],
  ["a byte less", "123", "ended after 3 of 4 bytes"],
])("does not pass on %s than was announced, even if HTTP lets it through", async (_what, body, message) => {
  const ref = server.put("counted.jpg", Buffer.from("1234"));
  const client = clientOf(server.url);
  client.middlewareStack.add(
    (next) => async (args) => {
      const result = await next(args);
      Object.assign(result.output, { Body: Readable.from([Buffer.from(body)]) });
      return result;
    },
    { step: "initialize" },
  );

  const photo = await createSdkPhotoSource(client).open(ref, new AbortController().signal);
  const reading = (async () => {
    while (!(await photo.body.next()).done);
  })();

  await expect(reading).rejects.toThrow(message);
});

/** A client whose own requests all fail. */
function muteClientOf(endpoint: string): S3Client {
  const client = clientOf(endpoint);
  client.config.requestHandler.handle = () => Promise.reject(new Error("the SDK was asked"));
  return client;
}

it("reads a good photo without the SDK, and anything else with it", async () => {
  const { signal } = new AbortController();
  const source = sourceOf(server.url, muteClientOf(server.url));
  const ref = server.put("good.jpg", Buffer.from("1234"));

  const photo = await source.open(ref, signal);
  const { value } = await photo.body.next();
  photo.close();

  expect(String(value)).toBe("1234");
  await expect(source.open({ ...ref, sizeBytes: 5 }, signal)).rejects.toThrow("the SDK was asked");
});

it("reads with the SDK what comes in a coding", async () => {
  const coding = createServer((_request, response) => {
    response
      .writeHead(200, { etag: '"e1"', "content-length": 4, "content-encoding": "aws-chunked" })
      .end("1234");
  });
  coding.listen(0, "127.0.0.1");
  await once(coding, "listening");
  const source = sourceOf(`http://127.0.0.1:${(coding.address() as AddressInfo).port}`);
  const ref = { bucket: "fleet", key: "coded.jpg", etag: "e1", sizeBytes: 4 };

  const photo = await source.open(ref, new AbortController().signal);
  const { value } = await photo.body.next();
  photo.close();
  coding.closeAllConnections();
  coding.close();

  expect(String(value)).toBe("1234");
});

it("lets the SDK say that there are no credentials", async () => {
  const client = clientOf(server.url);
  client.config.credentials = () => Promise.reject(new Error("no credentials in sight"));
  const ref = server.put("secret.jpg", Buffer.from("1234"));

  const opening = sourceOf(server.url, client).open(ref, new AbortController().signal);

  await expect(opening).rejects.toThrow("no credentials in sight");
});
