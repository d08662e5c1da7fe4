import { invalidParameter } from "./answer.ts";
import { isRecord, parseJson } from "./body.ts";

/** Most photos that one manifest may name: the most that one Mapillary sequence may hold. */
export const MAX_MANIFEST_HANDLES = 1_000;

/** Room for so many handles of five times the length of ours. */
export const MAX_MANIFEST_BYTES = 2 ** 20;

/**
 * Reads a manifest: the handles of a sequence's images, in their order.
 *
 * @throws {GraphError} 400, with what is wrong.
 */
export function parseManifest(bytes: Uint8Array): readonly string[] {
  const manifest = parseJson(bytes);
  if (manifest === undefined) throw invalidParameter("The manifest is not JSON");
  if (!isRecord(manifest)) throw invalidParameter("The manifest is not a JSON object");
  const { version, upload_type: uploadType, image_handles: handles } = manifest;
  if (version !== "1") throw invalidParameter('The manifest\'s version is not "1"');
  if (uploadType !== "images") throw invalidParameter('The manifest\'s upload_type is not "images"');
  return checkHandles(handles);
}

function checkHandles(handles: unknown): readonly string[] {
  if (!Array.isArray(handles)) throw invalidParameter("The manifest's image_handles is not a list");
  if (handles.length === 0) throw invalidParameter("The manifest's image_handles is empty");
  if (handles.length > MAX_MANIFEST_HANDLES)
    throw invalidParameter(`The manifest has more than ${MAX_MANIFEST_HANDLES} image_handles`);
  return handles.map((handle: unknown, index) => {
    if (typeof handle === "string") return handle;
    throw invalidParameter(`The manifest's image_handles[${index}] is not a text`);
  });
}
