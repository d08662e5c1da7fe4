/** What the stand-in tells of itself, to whoever asks: the real services have nothing like it. */
import { type Answer, GraphError, jsonAnswer } from "./answer.ts";
import type { V4Request, V4Service } from "./service.ts";

/** GET /__sandbox/clusters: every finished sequence, in the order of finishing. */
export async function listClusters({ clusters }: V4Service): Promise<Answer> {
  return jsonAnswer(200, await clusters.list());
}

/**
 * GET /__sandbox/images/HANDLE: the bytes that a handle stands for, whoever's it is, expired or not.
 *
 * @throws {GraphError} 404 when there is no such handle.
 */
export async function readImage({ handles, storage }: V4Service, { route }: V4Request): Promise<Answer> {
  const bytes = handles.bytesOf(route.argument);
  if (bytes === undefined) throw new GraphError(404, 100, "There is no such file handle");
  const { file, sizeBytes } = bytes;
  return {
    status: 200,
    headers: { "content-type": "application/octet-stream" },
    body: { sizeBytes, bytes: storage.read(file, { start: 0, end: sizeBytes }) },
  };
}
