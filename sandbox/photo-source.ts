import { S3Client } from "@aws-sdk/client-s3";
import { createS3PhotoSource } from "../lib/photo/photo.s3.ts";
import type { PhotoSource } from "../lib/photo/photo.ts";
import { createSdkPhotoSource } from "../lib/photo/sdk-source.s3.ts";
import { createGetSigner } from "../lib/photo/signed-get.s3.ts";

const REGION = "eu-west-1";
const CREDENTIALS = { accessKeyId: "sandbox", secretAccessKey: "sandbox" };

/** The photo source as a Lambda has it, over an S3 at another endpoint. */
export function createSandboxPhotoSource(endpoint: string): PhotoSource & { readonly stop: () => void } {
  const client = new S3Client({
    endpoint,
    forcePathStyle: true,
    region: REGION,
    credentials: CREDENTIALS,
    responseChecksumValidation: "WHEN_REQUIRED",
  });
  const plain = createSdkPhotoSource(client);
  const signGet = createGetSigner({ region: REGION, endpoint }, CREDENTIALS);
  return { ...createS3PhotoSource({ signGet, plain: async () => plain }), stop: () => client.destroy() };
}
