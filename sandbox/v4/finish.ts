/** finish_upload: a manifest becomes a sequence. Every time it is asked: what really happens to a second finish is [?]. */
import type { User } from "./accounts.ts";
import { type Answer, invalidParameter, jsonAnswer } from "./answer.ts";
import { readJsonObject } from "./body.ts";
import { MAX_MANIFEST_BYTES, parseManifest } from "./manifest.ts";
import { authorize, type V4Request, type V4Service } from "./service.ts";
import type { HandleRow } from "./state.ts";

/**
 * POST /finish_upload.
 *
 * @throws {GraphError} 401; 400 for whatever is wrong with the request, the manifest or a handle, each in its own words.
 */
export async function finishUpload(service: V4Service, request: V4Request): Promise<Answer> {
  const user = authorize(service, request);
  const { fileHandle, organization } = await readWish(service, request.body);
  letExpire(service, user, [fileHandle], "manifest");
  const manifest = findFile(service, user, fileHandle, "file_handle");
  const handles = parseManifest(await readManifest(service, manifest));
  letExpire(service, user, handles, "images");
  const images = handles.map((handle, index) => {
    const row = findFile(service, user, handle, `The manifest's image_handles[${index}]`);
    return { handle, row };
  });
  const clusterId = service.clusters.add({ username: user.username, organization, images });
  return jsonAnswer(200, { cluster_id: clusterId });
}

interface Wish {
  readonly fileHandle: string;
  /** Null when it was not named. */
  readonly organization: string | null;
}

async function readWish(service: V4Service, body: AsyncIterable<Uint8Array>): Promise<Wish> {
  const { file_handle: fileHandle, file_type: fileType, organization_id: id } = await readJsonObject(body);
  if (typeof fileHandle !== "string" || fileHandle === "")
    throw invalidParameter("Missing parameter: file_handle");
  if (fileType === undefined) throw invalidParameter("Missing parameter: file_type");
  if (fileType !== "mly_bundle_manifest")
    throw invalidParameter("The stand-in takes no file_type but mly_bundle_manifest");
  if (id === undefined || id === null) return { fileHandle, organization: null };
  const organization = service.organizations.find((candidate) => candidate.id === String(id));
  if (organization === undefined) throw invalidParameter("organization_id names no organization");
  return { fileHandle, organization: organization.id };
}

/** Plays the fault that handles expire just before they are needed: all of them, as those of one day would. */
function letExpire(
  { handles, faults }: V4Service,
  user: User,
  asked: readonly string[],
  kind: "manifest" | "images",
): void {
  for (const handle of asked) {
    const found = handles.find(handle, user.id);
    if (found.kind === "found" && faults.expiresHandle(kind, found.row.key)) handles.expire(handle);
  }
}

function findFile({ handles }: V4Service, user: User, handle: string, what: string): HandleRow {
  const found = handles.find(handle, user.id);
  switch (found.kind) {
    case "found":
      return found.row;
    case "unknown":
      throw invalidParameter(`${what} is not a file handle`);
    case "foreign":
      throw invalidParameter(`${what} is another user's file handle`);
    case "expired":
      throw invalidParameter(`${what} is a file handle that has expired`);
  }
}

async function readManifest({ storage }: V4Service, { file, sizeBytes }: HandleRow): Promise<Uint8Array> {
  if (sizeBytes > MAX_MANIFEST_BYTES)
    throw invalidParameter(`The manifest has more than ${MAX_MANIFEST_BYTES} bytes`);
  const chunks: Uint8Array[] = [];
  for await (const chunk of storage.read(file, { start: 0, end: sizeBytes })) chunks.push(chunk);
  return Buffer.concat(chunks);
}
