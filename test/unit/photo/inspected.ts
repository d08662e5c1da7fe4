import type { InspectionRules } from "../../../lib/photo/inspect.ts";
import { inspectPhoto } from "../../../lib/photo/inspect.ts";
import type { Verdict } from "../../../lib/photo/photo.ts";
import type { PhotoSpec } from "../../../sandbox/photo-maker.ts";
import { cutIntoChunks, makePhoto } from "../../../sandbox/photo-maker.ts";

/** The verdict on a file, read in chunks of `chunkBytes`. */
export async function judge(file: Uint8Array, rules?: InspectionRules, chunkBytes = 4_096): Promise<Verdict> {
  const { verdict } = await inspectPhoto(cutIntoChunks(file, chunkBytes), rules);
  return verdict;
}

/** The verdict on a photo made for the purpose. */
export async function judgeMade(spec: PhotoSpec, rules?: InspectionRules): Promise<Verdict> {
  return judge(makePhoto(spec), rules);
}

/** Everything a stream gives, in one piece. */
export async function collect(stream: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** The reasons of a verdict, codes only; none for a photo that is accepted. */
export function codesOf(verdict: Verdict): string[] {
  return verdict.verdict === "accept" ? [] : verdict.reasons.map(({ code }) => code);
}

/** The sentence that goes with a reason. */
export function messageOf(verdict: Verdict, code: string): string | undefined {
  if (verdict.verdict === "accept") return undefined;
  return verdict.reasons.find((reason) => reason.code === code)?.message;
}

/** What a photo without a position and a date is missing, in the order in which it is told. */
export const FIVE_MISSING = [
  "latitude-ref-missing",
  "latitude-missing",
  "longitude-ref-missing",
  "longitude-missing",
  "date-missing",
];
