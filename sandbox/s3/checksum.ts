import { createHash } from "node:crypto";
import { crc32 } from "node:zlib";
import { S3Error } from "./s3-error.ts";

/** Takes in bytes and says in the end what they amount to. */
interface Digest {
  update(chunk: Uint8Array): void;
  /** In base64. */
  result(): string;
}

/**
 * What the sandbox can check, by the header or trailer that carries it. S3 also knows CRC-32C and CRC-64/NVME, which
 * Node cannot compute: bodies with those are stored unchecked.
 */
const DIGESTS: Readonly<Record<string, () => Digest>> = {
  "content-md5": () => hashDigest("md5"),
  "x-amz-checksum-sha1": () => hashDigest("sha1"),
  "x-amz-checksum-sha256": () => hashDigest("sha256"),
  "x-amz-checksum-crc32": crc32Digest,
};

/**
 * Passes a body on and compares it with its checksums.
 *
 * @param announced - names of all checksums to check, in lower case; unknown ones are passed over.
 * @param expected - asked once the body has ended, since a checksum may come behind the body.
 * @throws {S3Error} `BadDigest` at the end of a body that is not what it should be; `MalformedTrailerError` when an
 *   announced checksum never came.
 */
export async function* verifyChecksums(
  body: AsyncIterable<Uint8Array>,
  announced: readonly string[],
  expected: (name: string) => string | undefined,
): AsyncGenerator<Uint8Array> {
  const digests = announced.flatMap((name) => {
    const create = Object.hasOwn(DIGESTS, name) ? DIGESTS[name] : undefined;
    return create === undefined ? [] : [{ name, digest: create() }];
  });
  for await (const chunk of body) {
    for (const { digest } of digests) digest.update(chunk);
    yield chunk;
  }
  for (const { name, digest } of digests) compare(name, digest.result(), expected(name));
}

function compare(name: string, actual: string, expected: string | undefined): void {
  if (expected === undefined) {
    throw new S3Error(400, "MalformedTrailerError", `The trailer ${name} was announced and did not come.`);
  }
  if (expected === actual) return;
  const algorithm = name.split("-").at(-1)?.toUpperCase();
  const message = `The ${algorithm} you specified did not match the calculated checksum.`;
  throw new S3Error(400, "BadDigest", message, { ExpectedDigest: expected, CalculatedDigest: actual });
}

function hashDigest(algorithm: string): Digest {
  const hash = createHash(algorithm);
  return { update: (chunk) => void hash.update(chunk), result: () => hash.digest("base64") };
}

function crc32Digest(): Digest {
  let value = 0;
  return {
    update(chunk) {
      value = crc32(chunk, value);
    },
    result() {
      const bytes = Buffer.alloc(4);
      bytes.writeUInt32BE(value);
      return bytes.toString("base64");
    },
  };
}
