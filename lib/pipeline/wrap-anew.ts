import type { Binding, PhotoRow } from "../ledger/ledger.ts";
import { inspectPhoto } from "../photo/inspect.ts";
import type { Account, Deps } from "./deps.ts";
import { wrapPhoto } from "./parcel.ts";
import type { OpenedPhoto } from "./payload.ts";

/**
 * Opens a bound photo of which an earlier version of us would have sent other bytes, in another session, and wraps it
 * as it is sent now. Closing it is the caller's.
 *
 * @throws what the source throws
 */
export async function wrapAnew(
  deps: Pick<Deps, "source">,
  account: Account,
  { ref, facts = {}, binding }: PhotoRow,
  signal: AbortSignal,
): Promise<OpenedPhoto & { readonly binding: Binding }> {
  if (binding === undefined) throw new TypeError("a photo is to be wrapped anew that was never bound");
  const photo = await deps.source.open(ref, signal);
  try {
    const { head } = await inspectPhoto(photo.body);
    const place = { sequenceId: binding.sequenceId, filename: "" };
    const { head: wrapped, ...address } = wrapPhoto(account, { ref, facts, head }, place);
    return { photo, head: wrapped, binding: { ...binding, ...address } };
  } catch (error) {
    photo.close();
    throw error;
  }
}
