import { createJpegWalk } from "./jpeg.ts";
import type { Verdict } from "./photo.ts";
import type { InspectionRules } from "./verdict.ts";
import { judgePhoto } from "./verdict.ts";

export { createEndMarkWatch } from "./end-mark.ts";
export type { InspectionRules } from "./verdict.ts";

/** A photo whose beginning has been read and judged. */
export interface Inspection {
  readonly verdict: Verdict;
  /**
   * The chunks consumed so far, in order: to be sent in front of the rest. The last one is borrowed still, as chunks of
   * `OpenPhoto.body` are; the others are copies.
   */
  readonly head: readonly Uint8Array[];
}

/**
 * Pulls as many chunks of a photo as its verdict needs, and no more; the rest stays in `body`, which is not closed.
 *
 * @throws whatever `body` throws: a source that fails says nothing about the photo.
 * @throws {RangeError} when `rules.timeZone` is no zone.
 */
export async function inspectPhoto(
  body: AsyncIterator<Uint8Array>,
  rules?: InspectionRules,
): Promise<Inspection> {
  const walk = createJpegWalk();
  const head: Uint8Array[] = [];
  while (!walk.done()) {
    const last = head.pop();
    if (last !== undefined) head.push(Buffer.from(last));
    const { done, value } = await body.next();
    if (done) break;
    head.push(value);
    walk.push(value);
  }
  return { verdict: await judgePhoto(walk.outline(), rules), head };
}
