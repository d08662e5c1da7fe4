import { type FileHandle, open, stat } from "node:fs/promises";
import type { Fleet } from "../lib/config/fleet.ts";
import { ruleFor } from "../lib/config/rules.ts";
import { createEndMarkWatch, MAX_TRAILER_BYTES } from "../lib/photo/end-mark.ts";
import { inspectPhoto } from "../lib/photo/inspect.ts";
import type { PhotoFacts, Reason, Verdict, Warning } from "../lib/photo/photo.ts";
import { reasonsSeen, reasonsUnseen } from "../lib/pipeline/photo-reasons.ts";
import type { CheckTarget } from "./check-targets.ts";

/**
 * What `check` says of one file. Field names are a contract: other tools read them. Whatever else the photo says
 * stands beside, under the ledger's names, when it is said.
 */
export interface CheckedFile extends Omit<PhotoFacts, "latitudeDeg" | "longitudeDeg" | "capturedAt"> {
  /** As it was named. */
  readonly file: string;
  readonly verdict: "accept" | "reject";
  /** Every reason at once; empty when it is accepted. */
  readonly reasons: readonly Reason[];
  readonly warnings: readonly Warning[];
  /** WGS 84, north positive; `null` when the photo does not say. */
  readonly latitude: number | null;
  /** WGS 84, east positive; `null` when the photo does not say. */
  readonly longitude: number | null;
  /** ISO 8601 UTC; `null` when the photo does not say. */
  readonly capturedAt: string | null;
}

/** Large enough that most heads are one read, small enough to hold several files at once. */
const CHUNK_BYTES = 64 * 2 ** 10;

/**
 * Judges a file as the pipeline would judge the object. Only the head that the verdict needs is read, and the end, for
 * the mark that belongs there.
 *
 * @throws when the file cannot be read
 */
export async function checkFile(
  { file, key }: CheckTarget,
  fleet: Pick<Fleet, "rules">,
): Promise<CheckedFile> {
  // To open a pipe is to wait for its writer, and a device may be read for ever.
  if (!(await stat(file)).isFile()) throw new Error("it is not a regular file");
  await using handle = await open(file, "r");
  const { size: sizeBytes } = await handle.stat();
  const rule = ruleFor(fleet, key);
  const unseen = reasonsUnseen({ bucket: "", key, etag: "", sizeBytes }, rule);
  if (unseen.length > 0) return describe(file, NOTHING_SEEN, unseen, []);
  const { verdict } = await inspectPhoto(readFrom(handle, 0), rule);
  const reasons = reasonsSeen(verdict, rule);
  // Only of a JPEG can the end be missing; of anything else the beginning is.
  const isJpeg = !reasons.some(({ code }) => code === "not-jpeg");
  const endWarnings = isJpeg ? await watchEnd(handle, sizeBytes) : [];
  return describe(file, verdict, reasons, [...verdict.warnings, ...endWarnings]);
}

const NOTHING_SEEN: Pick<Verdict, "facts"> = { facts: {} };

function describe(
  file: string,
  { facts }: Pick<Verdict, "facts">,
  reasons: readonly Reason[],
  warnings: readonly Warning[],
): CheckedFile {
  const { latitudeDeg = null, longitudeDeg = null, capturedAt = null, ...others } = facts;
  return {
    file,
    verdict: reasons.length === 0 ? "accept" : "reject",
    reasons,
    warnings,
    latitude: latitudeDeg,
    longitude: longitudeDeg,
    capturedAt,
    ...others,
  };
}

async function watchEnd(handle: FileHandle, sizeBytes: number): Promise<readonly Warning[]> {
  const watch = createEndMarkWatch();
  for await (const chunk of readFrom(handle, Math.max(0, sizeBytes - MAX_TRAILER_BYTES))) watch.push(chunk);
  return watch.warnings();
}

/** The file's bytes from a place on, in blocks that are the receiver's to keep. */
async function* readFrom(handle: FileHandle, start: number): AsyncGenerator<Uint8Array> {
  for (let at = start; ; ) {
    const { bytesRead, buffer } = await handle.read(Buffer.allocUnsafe(CHUNK_BYTES), 0, CHUNK_BYTES, at);
    if (bytesRead === 0) return;
    yield buffer.subarray(0, bytesRead);
    at += bytesRead;
  }
}
