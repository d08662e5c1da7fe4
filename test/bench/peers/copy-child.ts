/** Our copy path alone: source to destination, without events, EXIF and ledger. */
import { createBucketDestination } from "../../../lib/mapillary/post-object.http.ts";
import { createS3PhotoSource } from "../../../lib/photo/photo.s3.ts";
import { createGetSigner } from "../../../lib/photo/signed-get.s3.ts";
import { etagOf, SOURCE_BUCKET, sizeBytesOf } from "../photo-key.ts";
import { atOnce, runMeasured } from "./measured-run.ts";
import { shipmentOf } from "./shipment.ts";

const REGION = "eu-west-1";
const CREDENTIALS = { accessKeyId: "bench", secretAccessKey: "bench" };

await runMeasured((job) => {
  const { sourceUrl, uploadUrl, credentials } = job;
  const source = createS3PhotoSource({
    signGet: createGetSigner({ region: REGION, endpoint: sourceUrl }, CREDENTIALS),
    plain: async () => {
      throw new Error("the fast way was not taken: what would be measured is another");
    },
  });
  const destination = createBucketDestination({ uploadUrl, ...credentials });
  const { signal } = new AbortController();
  return atOnce(job.concurrency, async (key) => {
    const ref = { bucket: SOURCE_BUCKET, key, etag: etagOf(key), sizeBytes: sizeBytesOf(key) };
    const photo = await source.open(ref, signal);
    const outcome = await destination.send(
      shipmentOf(job, key),
      { open: async () => ({ head: [], rest: photo.body }) },
      signal,
    );
    photo.close();
    if (outcome.kind !== "done") throw new Error(JSON.stringify(outcome));
  });
});
