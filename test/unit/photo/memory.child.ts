import { createEndMarkWatch, inspectPhoto } from "../../../lib/photo/inspect.ts";
import { makePhoto, streamGrownPhoto } from "../../../sandbox/photo-maker.ts";
import { judge } from "./inspected.ts";

/** Run with --expose-gc: prints by how many bytes memory grew over 1,000 photos, and over one very long one. */
const photos = [
  makePhoto(),
  makePhoto({ takenAt: "2024:07:02 12:00:00", byteOrder: "MM" }),
  makePhoto({ takenAt: "never", latitudeDeg: null }),
  makePhoto().subarray(0, 200),
];
const MIB = 2 ** 20;

async function judgeMany(count: number): Promise<void> {
  for (let nth = 0; nth < count; nth++) await judge(photos[nth % photos.length] ?? Buffer.alloc(0));
}

function collectedBytes(): number {
  globalThis.gc?.();
  globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/** Relays nothing, yet goes through a photo as the relay does, in fresh chunks; the most memory held on the way. */
async function watchLongPhoto(sizeBytes: number): Promise<number> {
  const body = streamGrownPhoto(makePhoto(), sizeBytes, 64 * 2 ** 10);
  const endMark = createEndMarkWatch();
  const { head } = await inspectPhoto(body);
  for (const chunk of head) endMark.push(chunk);
  let mostBytes = 0;
  let passedBytes = 0;
  for await (const chunk of body) {
    endMark.push(Uint8Array.from(chunk));
    passedBytes += chunk.length;
    if (passedBytes % (16 * MIB) < chunk.length) mostBytes = Math.max(mostBytes, collectedBytes());
  }
  return mostBytes;
}

await judgeMany(400);
const before = collectedBytes();
await judgeMany(1_000);
const grownBytes = collectedBytes() - before;
const longPhotoBytes = (await watchLongPhoto(400 * MIB)) - before;
console.log(JSON.stringify({ grownBytes, longPhotoBytes }));
