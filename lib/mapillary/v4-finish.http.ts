/** The finish of a sequence: its manifest goes up like a file, and the manifest's handle is told to the graph. */
import { finishOutcomeOfFault } from "./answer.ts";
import type { FinishOutcome, FinishRequest, Payload } from "./destination.ts";
import { manifestOf, manifestSessionKey } from "./manifest.ts";
import { finishOutcomeOf } from "./v4-graph-answer.ts";
import { type UploadParts, upload } from "./v4-upload.http.ts";

/** Who finishes, and where. */
export interface FinishParts extends UploadParts {
  /** Without a slash at its end. */
  readonly graphEndpoint: string;
  /** Longest that the graph may take to answer a finish, in ms. */
  readonly finishMs: number;
}

/**
 * Uploads the manifest. `done` names its handle. Nothing exists at Mapillary before {@link finishUpload} is called.
 *
 * @throws {RangeError} for no handle, or more than a sequence may have photos
 * @throws the signal's reason
 */
export async function uploadManifest(
  parts: UploadParts,
  { handles }: FinishRequest,
  signal: AbortSignal,
): Promise<FinishOutcome> {
  const manifest = manifestOf(handles);
  const sessionKey = manifestSessionKey(handles);
  const payload: Payload = {
    open: async (fromBytes) => ({ head: [manifest.subarray(fromBytes)], rest: nothing() }),
  };
  const outcome = await upload(parts, { sessionKey, sizeBytes: manifest.byteLength, payload }, signal);
  if (outcome.kind !== "never") return outcome;
  return { ...outcome, scope: outcome.scope === "photo" ? "sequence" : outcome.scope };
}

/**
 * Tells the graph, once: a second time may make a second sequence.
 *
 * @throws the signal's reason; whether there is a sequence is then unknown
 */
export async function finishUpload(
  parts: FinishParts,
  fileHandle: string,
  organizationId: string | undefined,
  signal: AbortSignal,
): Promise<FinishOutcome> {
  const { wire, graphEndpoint, accessToken, redactor, finishMs, now } = parts;
  const wish = {
    file_handle: fileHandle,
    file_type: "mly_bundle_manifest",
    ...(organizationId !== undefined && { organization_id: organizationId }),
  };
  const result = await wire.call(
    {
      method: "POST",
      url: `${graphEndpoint}/finish_upload`,
      authorization: accessToken,
      headers: { "Content-Type": "application/json" },
      body: { bytes: new TextEncoder().encode(JSON.stringify(wish)) },
      timeouts: { ...parts.timeouts, idleMs: finishMs, overallMs: finishMs },
      // A kept connection that the server is closing would leave the outcome unknown.
      connection: "new",
    },
    signal,
  );
  if (result.kind === "answer") return finishOutcomeOf(result, { redactor, nowMs: now() });
  return finishOutcomeOfFault({ ...result, message: redactor.line(result.message) }, result.mayHaveArrived);
}

async function* nothing(): AsyncGenerator<Uint8Array> {}
