import type { Shipment } from "../../../lib/mapillary/destination.ts";
import { sizeBytesOf } from "../photo-key.ts";
import type { PeerJob } from "./peer-job.ts";

/** Where a peer without sequences sends a photo. */
export function shipmentOf({ credentials }: PeerJob, key: string): Shipment {
  const filename = key.slice(key.lastIndexOf("/") + 1);
  const destinationKey = `${credentials.username}/00000000-0000-0000-0000-000000000000/${filename}`;
  return { destinationKey, filename, sizeBytes: sizeBytesOf(key) };
}
