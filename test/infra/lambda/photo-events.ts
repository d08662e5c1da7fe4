import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { PhotoRef } from "../../../lib/photo/photo.ts";
import { makePhoto, type PhotoSpec } from "../../../sandbox/photo-maker.ts";
import { s3EventBody } from "../../../sandbox/s3-event.ts";
import type { DeployedCloud } from "./cloud.ts";

const EVENTS = join(import.meta.dirname, "../../fixtures/events");

/** A photo in the bucket, and the message that tells of it. */
export interface AnnouncedPhoto {
  readonly key: string;
  readonly body: string;
}

/** Puts a photo where AWS had one in a bucket with versions; the message is the one that AWS sent of it. */
export async function putCapturedPhoto(cloud: DeployedCloud, spec: PhotoSpec): Promise<AnnouncedPhoto> {
  const event = JSON.parse(await readFile(join(EVENTS, "aws-put-versioned.json"), "utf8"));
  const { s3 } = event.Records[0];
  const key = decodeURIComponent(s3.object.key.replaceAll("+", " "));
  const { etag, sizeBytes } = await cloud.put(key, makePhoto(spec));
  Object.assign(s3.object, { eTag: etag, size: sizeBytes });
  s3.bucket.name = cloud.bucket;
  return { key, body: JSON.stringify(event) };
}

/** Puts a photo into the bucket; its message is as of a bucket without versions. */
export async function putPhoto(cloud: DeployedCloud, key: string, spec: PhotoSpec): Promise<AnnouncedPhoto> {
  const { etag, sizeBytes } = await cloud.put(key, makePhoto(spec));
  return { key, body: messageOf({ bucket: cloud.bucket, key, etag, sizeBytes }) };
}

/** The message that tells of a photo. @throws when there is none */
export function messageOf(ref: PhotoRef | undefined): string {
  if (ref === undefined) throw new Error("there is no such photo");
  return s3EventBody({ ...ref, eventTime: "2026-05-01T08:00:00.000Z" });
}

const METERS_PER_DEGREE = 111_320;

/** A photo of a steady drive, so many seconds after its start: ten metres a second to the east. */
export function shotAt(second: number): PhotoSpec {
  return {
    latitudeDeg: 0.5,
    longitudeDeg: 5 + (second * 10) / METERS_PER_DEGREE,
    takenAt: new Date(Date.UTC(2024, 4, 1, 10, 0, second)),
    seed: second,
  };
}
