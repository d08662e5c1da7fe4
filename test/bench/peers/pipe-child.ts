/** The bare pipe: one GET piped into one POST, with nothing in between. The least that Node's own streams can do. */
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { Agent, get, request } from "node:https";
import { postForm } from "../../../lib/mapillary/post-form.ts";
import { SOURCE_BUCKET } from "../photo-key.ts";
import { atOnce, runMeasured } from "./measured-run.ts";
import type { PeerJob } from "./peer-job.ts";
import { shipmentOf } from "./shipment.ts";

const sourceAgent = new Agent({ keepAlive: true });
const uploadAgent = new Agent({ keepAlive: true });

async function relayOne(job: PeerJob, key: string): Promise<void> {
  const reading = get(`${job.sourceUrl}/${SOURCE_BUCKET}/${key}`, { agent: sourceAgent });
  const photo = await responseOf(reading);
  if (photo.statusCode !== 200) throw new Error(`GET was answered ${photo.statusCode}`);
  const { destinationKey, filename, sizeBytes } = shipmentOf(job, key);
  const boundary = `------------${randomBytes(16).toString("hex")}`;
  const form = postForm(boundary, { ...job.credentials, key: destinationKey }, filename, sizeBytes);
  const headers = { "Content-Type": form.contentType, "Content-Length": form.contentLengthBytes };
  const upload = request(job.uploadUrl, { method: "POST", agent: uploadAgent, headers });
  upload.setNoDelay(true);
  upload.write(form.preamble);
  photo.pipe(upload, { end: false });
  photo.once("end", () => upload.end(form.closing));
  const answer = await responseOf(upload);
  answer.resume();
  await once(answer, "end");
  if (answer.statusCode !== 204) throw new Error(`POST was answered ${answer.statusCode}`);
}

async function responseOf(sent: ReturnType<typeof request>): Promise<IncomingMessage> {
  const [response] = (await once(sent, "response")) as [IncomingMessage];
  return response;
}

await runMeasured((job) => atOnce(job.concurrency, (key) => relayOne(job, key)));
