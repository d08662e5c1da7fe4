import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, it } from "vitest";
import { destinationAt, NEVER, opening, shipmentOf } from "./bucket-account-fixture.ts";

const BLOCK_BYTES = 64 * 2 ** 10;
const BLOCKS = 300;
const ATTEMPTS = 40;

const script = fileURLToPath(new URL("./rude-server.ts", import.meta.url));
const server = spawn(process.execPath, [script], { stdio: ["ignore", "pipe", "inherit"] });
let url = "";

beforeAll(async () => {
  const [line] = await once(server.stdout, "data");
  url = String(line).trim();
});
afterAll(async () => {
  const exited = once(server, "exit");
  server.kill();
  await exited;
});

/** Fresh blocks, as a socket gives them. */
async function* photo(): AsyncGenerator<Uint8Array> {
  for (let block = 0; block < BLOCKS; block += 1) yield Buffer.alloc(BLOCK_BYTES);
}

/**
 * Node drops an answer it has not read when a write meets the reset, so some are lost, and those photos tried again.
 * Writing without a look at what came in meanwhile loses four of five; seen here: one of ten, of four under load.
 */
it("mostly hears the answer of a server that resets the connection behind it", async () => {
  const destination = destinationAt(url);
  const codes: string[] = [];

  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const shipment = shipmentOf(BLOCKS * BLOCK_BYTES);
    const outcome = await destination.send(shipment, opening({ head: [], rest: photo() }), NEVER);
    codes.push("code" in outcome ? outcome.code : outcome.kind);
  }

  expect(codes.filter((code) => !["AccessDenied", "ECONNRESET", "EPIPE"].includes(code))).toEqual([]);
  expect(codes.filter((code) => code === "AccessDenied").length).toBeGreaterThan(0.45 * ATTEMPTS);
});
