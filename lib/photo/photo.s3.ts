import { createObjectReader, type ReadTimeouts } from "./object-get.http.ts";
import type { PhotoSource } from "./photo.ts";
import type { GetSigner } from "./signed-get.s3.ts";

/** What the source needs. */
export interface S3PhotoSourceParts {
  readonly signGet: GetSigner;
  /** Gives the source that asks with the SDK, the same one each time; called when it is needed. */
  readonly plain: () => Promise<PhotoSource>;
  /** Of the GET that is tried first; those of the plain source are its own. */
  readonly timeouts?: Partial<ReadTimeouts>;
}

/**
 * Reads photos through the S3 API: a signed GET over connections of our own, which read into memory that is used
 * over and over (docs/decisions/009-own-blocks.md). Whatever that GET cannot settle is asked again through the SDK, so
 * that a refused photo costs two requests and a good one costs one. A proxy or a CA that only the SDK's client knows
 * of is unknown to the first: give it to Node (`NODE_EXTRA_CA_CERTS`).
 */
export function createS3PhotoSource({ signGet, plain, timeouts }: S3PhotoSourceParts): PhotoSource {
  const reader = createObjectReader(timeouts);
  return {
    async open(ref, signal, fromBytes = 0) {
      signal.throwIfAborted();
      const get = await signGet(ref);
      const photo = get && (await reader.open({ ...get, fromBytes }, signal));
      return photo || (await (await plain()).open(ref, signal, fromBytes));
    },
    identify: async (address) => await (await plain()).identify(address),
  };
}
