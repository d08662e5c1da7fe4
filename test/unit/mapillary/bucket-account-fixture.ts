import type { BucketAccount } from "../../../lib/mapillary/bucket-account.ts";
import type { Content, FinishRequest, Payload, Shipment } from "../../../lib/mapillary/destination.ts";
import {
  type BucketDestinationOptions,
  createBucketDestination,
} from "../../../lib/mapillary/post-object.http.ts";

export const SEQUENCE_ID = "5e2b1c9a-0d3f-4a6b-8c7d-9e0f1a2b3c4d";
export const NOW_MS = Date.parse("2026-11-22T12:00:00Z");

/** The conditions of the policies that Mapillary issued. */
export const CONDITIONS: readonly unknown[] = [
  { bucket: "photos" },
  ["starts-with", "$key", "alice/"],
  { acl: "private" },
  ["starts-with", "$Content-Type", ""],
  ["content-length-range", 0, 20_485_760],
];

export function permissionHash(conditions: readonly unknown[], expiration = "2030-01-01T00:00:00Z"): string {
  return Buffer.from(JSON.stringify({ expiration, conditions })).toString("base64");
}

export function accountAt(uploadUrl: string, changes: Partial<BucketAccount> = {}): BucketAccount {
  return {
    uploadUrl,
    username: "alice",
    permissionHash: permissionHash(CONDITIONS),
    signatureHash: "mRq2u1pRzT9yIh0pYk4wq3Vd5nE=",
    accessKeyId: "AKIDTESTTESTTESTTEST",
    ...changes,
  };
}

export function destinationAt(uploadUrl: string, changes: Partial<BucketDestinationOptions> = {}) {
  return createBucketDestination({ ...accountAt(uploadUrl, changes), now: () => NOW_MS, ...changes });
}

export function shipmentOf(sizeBytes: number, filename = "IMG_1.jpg"): Shipment {
  return { destinationKey: `alice/${SEQUENCE_ID}/${filename}`, filename, sizeBytes };
}

export function contentOf(...blocks: readonly Uint8Array[]): Content {
  return { head: [], rest: replay(blocks) };
}

/** A payload that is opened once, from its beginning. */
export function payloadOf(...blocks: readonly Uint8Array[]): Payload {
  return opening(contentOf(...blocks));
}

/** A payload that has this content, from its beginning. */
export function opening(content: Content): Payload {
  return {
    async open(fromBytes) {
      if (fromBytes !== 0) throw new RangeError(`the bucket lane has no use for an offset of ${fromBytes}`);
      return content;
    },
  };
}

/** Tells the bucket lane that a sequence is complete. */
export function finishOf(id: string): FinishRequest {
  return { id, handles: [] };
}

/** A signal that nobody aborts. */
export const NEVER = new AbortController().signal;

async function* replay(blocks: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* blocks;
}
