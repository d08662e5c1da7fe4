/** A stand-in on a folder in a process of its own, which tells its largest resident set when it gets a line. */
import { createInterface } from "node:readline";
import { openFolderStorage } from "../../../sandbox/v4/folder-storage.ts";
import { startV4StandIn } from "../../../sandbox/v4/stand-in.ts";

const storage = await openFolderStorage(process.argv[2] ?? "");
const { url, users, stop } = await startV4StandIn({ storage });
process.stdout.write(`${JSON.stringify({ url, users })}\n`);
for await (const _ of createInterface({ input: process.stdin })) {
  // Node reports it in kilobytes everywhere.
  process.stdout.write(`${JSON.stringify({ peakBytes: process.resourceUsage().maxRSS * 1_024 })}\n`);
}
await stop();
