import { v5 as uuidV5 } from "uuid";
import type { PhotoRef } from "../photo/photo.ts";

/** Name space of the session keys (RFC 9562, version 5): our own, fixed for good. */
const SESSION_NAMESPACE = "d5d3a7a4-0c3f-5b8e-9a57-3f6f2a1be0c4";

/** Everything that decides which bytes are sent, and as whom. */
export interface SessionSubject {
  readonly ref: PhotoRef;
  /** The name of the account that sends: handles belong to their user, and so may half-sent bytes. */
  readonly account: string;
  /** Which bytes the rewrite makes of a photo and a description: its `REWRITE_VERSION`. */
  readonly rewriteVersion: number;
  /** The ImageDescription to be sent. */
  readonly description: string;
}

/**
 * The upload session of a photo: any worker finds the bytes that another one sent, without reading them. Equal for
 * equal subjects; when a rule (time zone, heading) or the rewrite changes, the session is another one, so that bytes
 * of two versions never meet in it.
 *
 * The name has the form that Mapillary's client gives a session it does not hash for: whether another passes is not
 * known.
 */
export function sessionKeyOf({ ref, account, rewriteVersion, description }: SessionSubject): string {
  const photo = [ref.bucket, ref.key, ref.etag, ref.sizeBytes, ref.versionId ?? ""];
  const name = JSON.stringify([...photo, account, rewriteVersion, description]);
  return `mly_tools_uuid_${uuidV5(name, SESSION_NAMESPACE).replaceAll("-", "")}.jpg`;
}
