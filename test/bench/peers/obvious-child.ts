/** The obvious Lambda: the object into memory by the SDK, a form around it, `fetch`. Everything as it comes by default. */
import { GetObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { SOURCE_BUCKET } from "../photo-key.ts";
import { atOnce, runMeasured } from "./measured-run.ts";
import type { PeerJob } from "./peer-job.ts";
import { shipmentOf } from "./shipment.ts";

const s3 = new S3Client({});

async function relayOne(job: PeerJob, key: string): Promise<void> {
  const object = await s3.send(new GetObjectCommand({ Bucket: SOURCE_BUCKET, Key: key }));
  const bytes = await object.Body?.transformToByteArray();
  if (bytes === undefined) throw new Error("S3 gave no body");
  const { destinationKey, filename } = shipmentOf(job, key);
  const { accessKeyId, permissionHash, signatureHash } = job.credentials;
  const form = new FormData();
  form.set("AWSAccessKeyId", accessKeyId);
  form.set("acl", "private");
  form.set("key", destinationKey);
  form.set("signature", signatureHash);
  form.set("policy", permissionHash);
  form.set("Content-Type", "image/jpeg");
  form.set("file", new Blob([bytes as Uint8Array<ArrayBuffer>], { type: "image/jpeg" }), filename);
  const answer = await fetch(job.uploadUrl, { method: "POST", body: form });
  if (answer.status !== 204) throw new Error(`POST was answered ${answer.status}`);
}

await runMeasured((job) => atOnce(job.concurrency, (key) => relayOne(job, key)));
