/** A peer that relays nothing, and says that it did: no such run may count. */
import { runMeasured } from "./measured-run.ts";

await runMeasured(() => async () => {});
