import { Sha256 } from "@smithy/core/checksum";
import { SignatureV4 } from "@smithy/signature-v4";
import type { AwsCredentialIdentity, AwsCredentialIdentityProvider } from "@smithy/types";
import { encodeRfc3986, locateObject, nameOf, type S3Place } from "./object-address.ts";
import type { SignedGet } from "./object-get.http.ts";
import type { PhotoRef } from "./photo.ts";

/** Signs GETs of objects. @returns `undefined` when there is no signing it: the SDK says why, or finds a way */
export type GetSigner = (ref: PhotoRef) => Promise<SignedGet | undefined>;

/** Long enough for a worker that waits for its turn to connect; S3 refuses a URL that is older. */
const SIGNED_FOR_SECONDS = 900;

/**
 * Signs by signature version 4, in the URL. The SDK's own presigner goes through its client for every URL, which takes
 * five times the CPU (0.76 against 0.16 ms) and has a worker load that client before its first photo.
 *
 * @param credentials of who may read the objects
 */
export function createGetSigner(
  place: S3Place,
  credentials: AwsCredentialIdentity | AwsCredentialIdentityProvider,
): GetSigner {
  const { region } = place;
  const signer = new SignatureV4({
    region,
    credentials,
    service: "s3",
    sha256: Sha256,
    uriEscapePath: false,
  });
  return async (ref) => {
    const location = locateObject(ref, place);
    if (location === undefined) return undefined;
    const { protocol, hostname, port, path } = location;
    const host = port === undefined ? hostname : `${hostname}:${port}`;
    const query: Record<string, string> = ref.versionId === undefined ? {} : { versionId: ref.versionId };
    const headers = { host, "if-match": `"${ref.etag}"`, "X-Amz-Content-Sha256": "UNSIGNED-PAYLOAD" };
    try {
      const request = { method: "GET", protocol, hostname, path, headers, query };
      const signed = await signer.presign(request, { expiresIn: SIGNED_FOR_SECONDS });
      const url = `${protocol}//${host}${path}?${queryText(signed.query)}`;
      return { url, etag: ref.etag, sizeBytes: ref.sizeBytes, name: nameOf(ref) };
    } catch {
      // No credentials, for example.
      return undefined;
    }
  };
}

function queryText(query: Readonly<Record<string, string | string[] | null>> = {}): string {
  return Object.entries(query)
    .map(([name, value]) => `${encodeRfc3986(name)}=${encodeRfc3986(String(value))}`)
    .join("&");
}
