/** A sandbox on disk in a process of its own, which tells its largest resident set when it gets a line. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { createDiskStore } from "../../../sandbox/s3/disk-store.ts";
import { startS3Sandbox } from "../../../sandbox/s3/server.ts";

const directory = await mkdtemp(join(tmpdir(), "s3-memory-"));
const sandbox = await startS3Sandbox({ buckets: { photos: await createDiskStore(directory) } });
process.stdout.write(`${JSON.stringify({ url: sandbox.url })}\n`);
for await (const _ of createInterface({ input: process.stdin })) {
  // Linux and macOS disagree on the unit of maxRSS; Node reports it in kilobytes everywhere.
  process.stdout.write(`${JSON.stringify({ peakBytes: process.resourceUsage().maxRSS * 1_024 })}\n`);
}
await sandbox.stop();
await rm(directory, { recursive: true });
