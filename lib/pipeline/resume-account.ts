import type { Gates } from "../ledger/gate.ts";
import type { Log } from "./log.ts";

/**
 * Lets a stopped or paused account go on, whichever credentials it was stopped for: somebody says that what was wrong is
 * mended. Its photos come back from the queue by themselves. Harmless for an account that is open.
 *
 * @param name the account's name in the fleet's rules
 */
export async function resumeAccount(
  { gates, log }: { readonly gates: Pick<Gates, "open">; readonly log: Log },
  name: string,
): Promise<void> {
  // The gate is the account's; the mark only says whom it is closed to.
  await gates.open({ name, credentialsMark: "" });
  log("account.opened", { account: name });
}
