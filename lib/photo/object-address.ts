import type { PhotoRef } from "./photo.ts";

/** Which object, or version of it; whatever its bytes are. */
export type PhotoAddress = Pick<PhotoRef, "bucket" | "key" | "versionId">;

/** What errors call an object. JSON, because a key may hold control characters. */
export function nameOf({ bucket, key }: Pick<PhotoAddress, "bucket" | "key">): string {
  return JSON.stringify(`s3://${bucket}/${key}`);
}

/** Where S3 is. */
export interface S3Place {
  /** Such as `eu-central-1`. */
  readonly region: string;
  /** URL of an S3 other than AWS's, whose buckets are the first part of the path. */
  readonly endpoint?: string | undefined;
}

/** Where an object is asked for over HTTP. */
export interface ObjectLocation {
  readonly protocol: "http:" | "https:";
  readonly hostname: string;
  readonly port?: number;
  /** Encoded. A dot is a part of a key like any other: not to be resolved. */
  readonly path: string;
}

/**
 * A bucket whose name can stand in front of a host that a certificate covers: without dots, and none of the names that
 * AWS keeps for access points, directory buckets and other things than buckets.
 */
const PLAIN_BUCKET =
  /^(?!xn--|sthree-|amzn-s3-demo-)[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$(?<!-s3alias|--[a-z-]+-s3)/u;

/** Regions of `amazonaws.com`; those of China and of governments' closed clouds have other domains. */
const PLAIN_REGION = /^(?!cn-)(?![a-z]+-iso)[a-z]{2}(?:-[a-z]+)+-\d{1,2}$/u;

/**
 * Where an object lies, in the cases that leave no doubt: a common bucket of a common region, or a path below an
 * endpoint that is an address (of an S3 by name, a bucket may be a part of the host).
 *
 * @returns `undefined` for everything else, which is left to the SDK's rules
 */
export function locateObject({ bucket, key }: PhotoAddress, place: S3Place): ObjectLocation | undefined {
  const path = encodePath(key);
  if (path === undefined) return undefined;
  if (place.endpoint !== undefined) return locateBelow(place.endpoint, `/${bucket}${path}`);
  if (!PLAIN_BUCKET.test(bucket) || !PLAIN_REGION.test(place.region)) return undefined;
  return { protocol: "https:", hostname: `${bucket}.s3.${place.region}.amazonaws.com`, path };
}

const ADDRESS = /^(https?:)\/\/(\d+\.\d+\.\d+\.\d+|localhost)(?::(\d+))?\/?$/u;

function locateBelow(endpoint: string, path: string): ObjectLocation | undefined {
  const [, protocol, hostname, port] = ADDRESS.exec(endpoint) ?? [];
  if (hostname === undefined || (protocol !== "http:" && protocol !== "https:")) return undefined;
  return { protocol, hostname, ...(port === undefined ? {} : { port: Number(port) }), path };
}

function encodePath(key: string): string | undefined {
  // A surrogate without its other half has no UTF-8.
  return key.isWellFormed() ? `/${key.split("/").map(encodeRfc3986).join("/")}` : undefined;
}

/** Percent-encodes all but the unreserved characters of RFC 3986, as signatures of version 4 have it. */
export function encodeRfc3986(text: string): string {
  return encodeURIComponent(text).replaceAll(
    /[!'()*]/gu,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
