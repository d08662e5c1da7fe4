import { GetObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";
import fc from "fast-check";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { createGetSigner } from "../../../lib/photo/signed-get.s3.ts";

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date"], now: Date.UTC(2026, 10, 22, 18, 0, 0) });
});
afterEach(() => {
  vi.useRealTimers();
});

const credentials = {
  accessKeyId: "AKIDEXAMPLE",
  secretAccessKey: "secret/with+signs=",
  sessionToken: "to/ken+==",
};

/** The SDK's presigner, without the parameter by which its servers count operations. */
async function signedBySdk(config: { region: string; endpoint?: string }, input: GetObjectCommand["input"]) {
  const client = new S3Client({
    ...config,
    credentials,
    responseChecksumValidation: "WHEN_REQUIRED",
    requestChecksumCalculation: "WHEN_REQUIRED",
  });
  client.middlewareStack.add(
    (next) => async (args) => {
      const { request } = args as { request?: { query?: Record<string, unknown> } };
      delete request?.query?.["x-id"];
      return await next(args);
    },
    { step: "build" },
  );
  const url = await getSignedUrl(client, new GetObjectCommand(input));
  client.destroy();
  return url;
}

/** Host and path, and the parameters as a set: a server sorts them before it checks. */
function taken(url = "") {
  const [place, query = ""] = url.split("?");
  return {
    place,
    query: query.split("&").sort(),
  };
}

const key = fc.oneof(
  fc.string({ unit: "grapheme", minLength: 1, maxLength: 40 }),
  fc.stringMatching(/^[ -~/]{1,60}$/u),
);

it.each([
  ["AWS", { region: "eu-central-1" }],
  ["another S3", { region: "eu-west-1", endpoint: "http://127.0.0.1:4711" }],
])("signs as the SDK does, for %s", async (_where, place) => {
  const sign = createGetSigner(place, credentials);
  await fc.assert(
    fc.asyncProperty(
      key,
      fc.stringMatching(/^[0-9a-f]{32}(-\d{1,4})?$/u),
      fc.option(key),
      async (Key, etag, version) => {
        const versionId = version ?? undefined;
        const mine = await sign({
          bucket: "fleet",
          key: Key,
          etag,
          sizeBytes: 4,
          ...(versionId && { versionId }),
        });
        const theirs = await signedBySdk(place, {
          Bucket: "fleet",
          Key,
          IfMatch: `"${etag}"`,
          VersionId: versionId,
        });
        expect(taken(mine?.url)).toEqual(taken(theirs));
      },
    ),
    { numRuns: 100 },
  );
});

it("signs nothing without credentials", async () => {
  const sign = createGetSigner({ region: "eu-west-1" }, () => Promise.reject(new Error("none in sight")));

  expect(await sign({ bucket: "fleet", key: "a.jpg", etag: "e", sizeBytes: 1 })).toBeUndefined();
});
