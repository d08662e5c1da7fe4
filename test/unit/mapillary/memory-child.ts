/**
 * Sends photos to the URL it is given and prints by how much its memory ever grew for the big one: bytes of peak
 * resident size over what a small one had taken.
 */
import { destinationAt, NEVER, opening, shipmentOf } from "./bucket-account-fixture.ts";

const BLOCK_BYTES = 64 * 2 ** 10;
const [uploadUrl = "", smallBytes = "0", bigBytes = "0"] = process.argv.slice(2);
const destination = destinationAt(uploadUrl, { permissionHash: process.env.PERMISSION_HASH ?? "" });

/** Fresh blocks, as a socket gives them. */
async function* photoOf(sizeBytes: number): AsyncGenerator<Uint8Array> {
  for (let left = sizeBytes; left > 0; left -= BLOCK_BYTES)
    yield Buffer.alloc(Math.min(left, BLOCK_BYTES), 1);
}

async function peakBytesAfter(sizeBytes: number): Promise<number> {
  const outcome = await destination.send(
    shipmentOf(sizeBytes),
    opening({ head: [], rest: photoOf(sizeBytes) }),
    NEVER,
  );
  if (outcome.kind !== "done") throw new Error(JSON.stringify(outcome));
  return process.resourceUsage().maxRSS * 2 ** 10;
}

const small = await peakBytesAfter(Number(smallBytes));
const big = await peakBytesAfter(Number(bigBytes));
console.log(big - small);
