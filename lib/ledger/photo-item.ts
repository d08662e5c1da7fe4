import type { CaptureTimeSource, PhotoFacts, PhotoRef, Reason, Warning } from "../photo/photo.ts";
import { type Binding, type PhotoRow, type PhotoStatus, photoTagOf, type Rewrite } from "./ledger.ts";
import { type ItemKey, keyPathOf, placeOf } from "./table.ts";

/** A photo's item: flat, so that a person who looks into the table reads it without us. */
export interface PhotoItem extends ItemKey, PhotoRef, PhotoFacts {
  readonly tag: string;
  readonly keyPath: string;
  readonly status: PhotoStatus;
  readonly reasons?: readonly Reason[];
  readonly warnings?: readonly Warning[];
  readonly account?: string;
  readonly trackPath?: string;
  readonly sequenceId?: string;
  readonly slot?: number;
  readonly destinationKey?: string;
  readonly rewrite?: Rewrite;
  readonly handle?: string;
  readonly handledAt?: string;
  readonly clusterId?: string;
  readonly duplicateOf?: PhotoRef;
  readonly attempts: number;
  readonly errorCode?: string;
  readonly errorMessage?: string;
  readonly leaseOwner?: string;
  readonly leaseUntilMs?: number;
  readonly statusDay?: string;
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly relayedAt?: string;
  readonly publishedAt?: string;
}

/** The attributes that never change: who the photo is. */
export function identityOf(ref: PhotoRef): PhotoRef & Pick<PhotoItem, "tag" | "keyPath"> {
  return { ...pickRef(ref), tag: photoTagOf(ref), keyPath: keyPathOf(ref.bucket, ref.key) };
}

/** Reads an item back. */
export function rowOf(item: PhotoItem): PhotoRow {
  const binding = bindingOf(item);
  const facts = factsOf(item);
  return {
    ref: pickRef(item),
    place: placeOf(item),
    status: item.status,
    reasons: item.reasons ?? [],
    warnings: item.warnings ?? [],
    ...(facts && { facts }),
    ...(binding && { binding }),
    ...(item.handle !== undefined && { handle: item.handle }),
    ...(item.handledAt !== undefined && { handledAt: item.handledAt }),
    ...(item.clusterId !== undefined && { clusterId: item.clusterId }),
    ...(item.duplicateOf && { duplicateOf: item.duplicateOf }),
    attempts: item.attempts,
    ...(item.errorCode !== undefined && {
      error: { code: item.errorCode, message: item.errorMessage ?? "" },
    }),
    ...(item.leaseOwner !== undefined && {
      lease: { owner: item.leaseOwner, untilMs: item.leaseUntilMs ?? 0 },
    }),
    createdAt: item.createdAt,
    updatedAt: item.updatedAt,
    ...(item.relayedAt !== undefined && { relayedAt: item.relayedAt }),
    ...(item.publishedAt !== undefined && { publishedAt: item.publishedAt }),
  };
}

function pickRef(ref: PhotoRef): PhotoRef {
  return {
    bucket: ref.bucket,
    key: ref.key,
    etag: ref.etag,
    sizeBytes: ref.sizeBytes,
    ...(ref.versionId !== undefined && { versionId: ref.versionId }),
  };
}

function bindingOf(item: PhotoItem): Binding | undefined {
  const { account, trackPath, sequenceId, slot, destinationKey, rewrite } = item;
  if (account === undefined || trackPath === undefined || sequenceId === undefined) return undefined;
  if (slot === undefined || destinationKey === undefined) return undefined;
  return { account, trackPath, sequenceId, slot, destinationKey, ...(rewrite && { rewrite }) };
}

const FACT_NAMES = {
  latitudeDeg: true,
  longitudeDeg: true,
  altitudeMeters: true,
  headingDeg: true,
  capturedAt: true,
  capturedAtSource: true,
  timeZone: true,
  make: true,
  model: true,
  cameraSerial: true,
  widthPx: true,
  heightPx: true,
  orientation: true,
  accuracyMeters: true,
} as const satisfies Record<keyof PhotoFacts, true>;

function factsOf(item: PhotoItem): PhotoFacts | undefined {
  const facts: Record<string, number | string | CaptureTimeSource> = {};
  for (const name of Object.keys(FACT_NAMES) as (keyof PhotoFacts)[]) {
    const value = item[name];
    if (value !== undefined) facts[name] = value;
  }
  return Object.keys(facts).length > 0 ? facts : undefined;
}
