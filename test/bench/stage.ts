import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { LOCALHOST_CERTIFICATE } from "../unit/mapillary/localhost-certificate.ts";
import { type Peer, scriptOf } from "./peers.ts";
import { makeBody } from "./photo-body.ts";
import { type ServerProcess, startServer } from "./server-process.ts";
import { bundleFile, bundleFunction } from "./start/bundle.ts";

/** Everything that peers need to run: servers, bundles, files. Gone without a trace when it is disposed of. */
export interface Stage extends AsyncDisposable {
  readonly source: ServerProcess;
  readonly destination: ServerProcess;
  readonly table: ServerProcess;
  /** To be trusted, as PEM. */
  readonly certificateFile: string;
  /** The relay's handler as it is deployed. */
  readonly handlerFile: string;
  /** What is run for a peer: Node's are bundled as the handler is. */
  fileOf(peer: Peer): string;
  /** A photo of that size, on disk. */
  photoFile(sizeBytes: number): Promise<string>;
}

/** How much later the servers answer than they could, in ms. */
export interface Delays {
  /** Before the first byte of a photo. */
  readonly source: number;
  /** After the last byte of a form. */
  readonly destination: number;
  /** Before every call to the table. */
  readonly table: number;
}

/** No delay at all. */
export const AT_ONCE: Delays = { source: 0, destination: 0, table: 0 };

/** Starts the servers and bundles the peers. */
export async function setStage(peers: readonly Peer[], delays: Delays): Promise<Stage> {
  await using made = new AsyncDisposableStack();
  const directory = await mkdtemp(join(tmpdir(), "mapillary-relay-bench-"));
  made.defer(() => rm(directory, { recursive: true, force: true }));
  const start = async (name: keyof Delays) => made.use(await startServer(name, delays[name]));
  const starting = [start("source"), start("destination"), start("table")] as const;
  // Those that did start are ended also when one does not.
  await Promise.allSettled(starting);
  const [source, destination, table] = await Promise.all(starting);
  const certificateFile = join(directory, "certificate.pem");
  await writeFile(certificateFile, LOCALHOST_CERTIFICATE);
  const handler = await bundleFunction("relay", directory);
  const files = new Map<string, string>();
  for (const peer of peers) {
    const script = scriptOf(peer);
    if (files.has(script)) continue;
    files.set(script, peer.nodeFlags === undefined ? script : (await bundleFile(script, directory)).file);
  }
  const photos = new Map<number, Promise<string>>();
  const held = made.move();
  return {
    source,
    destination,
    table,
    certificateFile,
    handlerFile: handler.file,
    fileOf: (peer) => files.get(scriptOf(peer)) ?? scriptOf(peer),
    photoFile(sizeBytes) {
      const file = join(directory, `${sizeBytes}.jpg`);
      const written = photos.get(sizeBytes) ?? writeFile(file, makeBody(sizeBytes)).then(() => file);
      photos.set(sizeBytes, written);
      return written;
    },
    [Symbol.asyncDispose]: () => held.disposeAsync(),
  };
}
