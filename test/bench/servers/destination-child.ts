/**
 * An S3 that takes forms. What is posted to `/measured` is counted and dropped; of what is posted to `/verified` the
 * file is hashed, and has to be a photo of the bench, whole.
 */
import { createHash } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer } from "node:https";
import { setTimeout as delay } from "node:timers/promises";
import { makeBody } from "../photo-body.ts";
import { createTally } from "./counts.ts";
import { readForm } from "./form.ts";
import { reportToDriver, TLS_OPTIONS } from "./report-to-driver.ts";

const answerDelayMs = Number(process.argv[2]);
const tally = createTally();
const hashes = new Map<number, string>();

function sha256Of(sizeBytes: number): string {
  const hash = hashes.get(sizeBytes) ?? createHash("sha256").update(makeBody(sizeBytes)).digest("hex");
  hashes.set(sizeBytes, hash);
  return hash;
}

/** What is to be said of a form, once it is there. */
interface Reading {
  /** Of the file. */
  readonly filename?: string | undefined;
  /** What is wrong with it. */
  readonly complaint?: string;
}

async function dropBody(request: IncomingMessage): Promise<Reading> {
  let bytes = 0;
  let filename: string | undefined;
  await new Promise<void>((resolve, reject) => {
    request.on("data", (chunk: Buffer) => {
      if (bytes === 0) filename = /\bfilename="([^"]+)"/.exec(chunk.toString("latin1", 0, 4_096))?.[1];
      bytes += chunk.length;
    });
    request.once("end", resolve).once("error", reject);
  });
  tally.receive(bytes);
  const announced = request.headers["content-length"];
  return bytes === Number(announced)
    ? { filename }
    : { complaint: `${bytes} bytes came, ${announced} were announced` };
}

const FIELDS = ["AWSAccessKeyId", "acl", "key", "signature", "policy", "Content-Type"];

async function verifyBody(request: IncomingMessage): Promise<Reading> {
  const { fields, sizeBytes, sha256 } = await readForm(request);
  tally.receive(sizeBytes);
  const missing = FIELDS.filter((name) => !fields.has(name));
  if (missing.length > 0) return { complaint: `the form lacks ${missing.join(", ")}` };
  if (sha256 !== sha256Of(sizeBytes)) return { complaint: `the file of ${sizeBytes} bytes is not the photo` };
  tally.verify();
  return {};
}

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  tally.count(request.method ?? "");
  const reading = await (request.url === "/verified" ? verifyBody(request) : dropBody(request));
  const { filename, complaint } = reading;
  if (complaint !== undefined) {
    tally.complain(complaint);
    response.writeHead(400).end();
    return;
  }
  if (answerDelayMs > 0) await delay(answerDelayMs);
  if (filename !== undefined) tally.note(filename);
  response.writeHead(204, { ETag: '"d41d8cd98f00b204e9800998ecf8427e"' }).end();
}

const server = createServer(TLS_OPTIONS, (request, response) => {
  answer(request, response).catch((error: unknown) => {
    tally.complain(`POST: ${error}`);
    response.destroy();
  });
});
reportToDriver(server, tally);
