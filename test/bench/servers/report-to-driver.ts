import type { Server } from "node:https";
import type { AddressInfo } from "node:net";
import { LOCALHOST_CERTIFICATE, LOCALHOST_KEY } from "../../unit/mapillary/localhost-certificate.ts";
import type { Tally } from "./counts.ts";

/** One version and one cipher for all, so that no peer agrees with a server on cheaper ones. */
export const TLS_OPTIONS = {
  key: LOCALHOST_KEY,
  cert: LOCALHOST_CERTIFICATE,
  minVersion: "TLSv1.3",
  ciphers: "TLS_AES_128_GCM_SHA256",
  honorCipherOrder: true,
  keepAliveTimeout: 60_000,
  noDelay: true,
} as const;

/**
 * Makes a server's process the driver's: it says where it listens, answers every message with what was counted, and
 * ends when the driver is gone.
 */
export function reportToDriver(server: Server, tally: Tally): void {
  // Ctrl-C reaches every process of the terminal; the driver ends the servers when the peers are gone.
  process.on("SIGINT", () => {});
  process.on("disconnect", () => process.exit());
  process.on("message", () => process.send?.(tally.take()));
  server.listen(0, "127.0.0.1", () => {
    tally.take();
    process.send?.(`https://127.0.0.1:${(server.address() as AddressInfo).port}`);
  });
}
