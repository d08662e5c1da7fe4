import { writeSync } from "node:fs";
import { peakRssBytes } from "../../support/peak-rss.ts";
import { photoKeys, SMALL_PHOTO_BYTES } from "../photo-key.ts";
import type { PeerJob, PeerResult } from "./peer-job.ts";

/** Relays photos by their keys; resolves when the last of them is at the destination. */
export type RelayPhotos = (keys: readonly string[]) => Promise<void>;

/** Where the driver reads the result: standard output belongs to the peer. */
const RESULT_FD = 3;

/** Reads the job, warms up, measures, tells the result, ends the process. */
export async function runMeasured(createRelay: (job: PeerJob) => RelayPhotos): Promise<void> {
  const job: PeerJob = JSON.parse(process.env.BENCH_JOB ?? "");
  const relay = createRelay(job);
  const { run, sizeBytes, smallPhotos, warmUpPhotos, photos } = job;
  await relay(photoKeys(`${run}-small`, SMALL_PHOTO_BYTES, 0, smallPhotos));
  await relay(photoKeys(run, sizeBytes, 0, warmUpPhotos));
  const keys = photoKeys(run, sizeBytes, warmUpPhotos, photos);
  const cpuUsage = process.cpuUsage();
  const startedMs = performance.now();
  await relay(keys);
  const wallMs = performance.now() - startedMs;
  const { user, system } = process.cpuUsage(cpuUsage);
  const result: PeerResult = { cpuMs: (user + system) / 1e3, wallMs, peakRssBytes: peakRssBytes() };
  writeSync(RESULT_FD, JSON.stringify(result));
  process.exit();
}

/** A relay that handles single photos, `concurrency` of them at a time. */
export function atOnce(concurrency: number, relayOne: (key: string) => Promise<void>): RelayPhotos {
  return async (keys) => {
    const waiting = keys.values();
    const work = async () => {
      for (const key of waiting) await relayOne(key);
    };
    await Promise.all(Array.from({ length: concurrency }, work));
  };
}
