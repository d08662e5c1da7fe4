/**
 * The manifest of a v4 sequence: the file handles of its photos in order of capture. It is uploaded like a photo, and
 * the handle that comes back is what `finish_upload` takes. Bytes and session key follow from the handles alone, so
 * a worker that takes over from a dead one continues the same upload and does not begin another.
 */
import { v5 as uuidV5 } from "uuid";
import { MAX_PHOTOS_PER_SEQUENCE } from "../sequence/sequence.ts";

/** Name space of the manifests' session keys (RFC 9562, version 5): our own, fixed for good. */
const MANIFEST_NAMESPACE = "b2a4f7c1-6d0e-5c38-8f59-7e1d3a9c5b46";

/** What JSON.stringify leaves as it is and Mapillary's client, in Python, escapes. */
const BEYOND_ASCII = /[\u007f-\uffff]/g;

/**
 * The manifest, byte for byte what Mapillary's client uploads: ASCII, keys sorted, no spaces.
 *
 * @param handles opaque, as the upload service gave them
 * @throws {RangeError} for no handle, or more than {@link MAX_PHOTOS_PER_SEQUENCE}: no plan has such a sequence
 */
export function manifestOf(handles: readonly string[]): Uint8Array {
  if (handles.length === 0 || handles.length > MAX_PHOTOS_PER_SEQUENCE) {
    throw new RangeError(
      `a manifest names 1 to ${MAX_PHOTOS_PER_SEQUENCE} photos, this one ${handles.length}`,
    );
  }
  const json = JSON.stringify({ image_handles: handles, upload_type: "images", version: "1" });
  return new TextEncoder().encode(json.replace(BEYOND_ASCII, escapeUnit));
}

/**
 * The name under which the manifest is uploaded: `uuid_<32 hexadecimal digits>.json`, the form Mapillary's client
 * uses. Different manifests have different ones.
 *
 * @throws {RangeError} as {@link manifestOf}
 */
export function manifestSessionKey(handles: readonly string[]): string {
  return `uuid_${uuidV5(manifestOf(handles), MANIFEST_NAMESPACE).replaceAll("-", "")}.json`;
}

function escapeUnit(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
}
