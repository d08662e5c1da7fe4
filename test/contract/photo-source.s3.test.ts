import { Readable } from "node:stream";
import { S3Client } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createS3PhotoSource } from "../../lib/photo/photo.s3.ts";
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

describePhotoSource("the S3 photo source", (endpoint) => createS3PhotoSource(clientOf(endpoint)));

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

  const photo = await createS3PhotoSource(client).open(ref, new AbortController().signal);
  const reading = (async () => {
    while (!(await photo.body.next()).done);
  })();

  await expect(reading).rejects.toThrow(message);
});
