import { createHash } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { pipeline } from "node:stream/promises";
import busboy from "busboy";

/** A posted form with one file. */
export interface Form {
  readonly fields: ReadonlyMap<string, string>;
  readonly sizeBytes: number;
  /** Of the file, in hexadecimal. */
  readonly sha256: string;
}

/** Reads a form to its end. @throws when it is none */
export async function readForm(request: IncomingMessage): Promise<Form> {
  const fields = new Map<string, string>();
  const hash = createHash("sha256");
  let sizeBytes = 0;
  const parser = busboy({ headers: request.headers });
  parser.on("field", (name, value) => fields.set(name, value));
  parser.on("file", (_name, file) => {
    file.on("data", (chunk: Buffer) => {
      sizeBytes += chunk.length;
      hash.update(chunk);
    });
  });
  await pipeline(request, parser);
  return { fields, sizeBytes, sha256: hash.digest("hex") };
}
