import { once } from "node:events";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { getCACertificates, setDefaultCACertificates } from "node:tls";
import { afterAll, beforeAll, expect, it } from "vitest";
import {
  destinationAt,
  finishOf,
  NEVER,
  payloadOf,
  SEQUENCE_ID,
  shipmentOf,
} from "./bucket-account-fixture.ts";
import { LOCALHOST_CERTIFICATE, LOCALHOST_KEY } from "./localhost-certificate.ts";

const trusted = getCACertificates("default");
let connections = 0;
let receivedBytes = 0;
const server = createServer({ key: LOCALHOST_KEY, cert: LOCALHOST_CERTIFICATE }, (request, response) => {
  request.on("data", (block: Buffer) => {
    receivedBytes += block.byteLength;
  });
  request.on("end", () => response.writeHead(204).end());
});
server.on("secureConnection", () => {
  connections += 1;
});

beforeAll(async () => {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
});
afterAll(async () => {
  setDefaultCACertificates(trusted);
  server.closeAllConnections();
  server.close();
  await once(server, "close");
});

const uploadUrl = () => `https://127.0.0.1:${(server.address() as AddressInfo).port}/photos`;

it("sends over TLS, and again over the same connection", async () => {
  setDefaultCACertificates([...trusted, LOCALHOST_CERTIFICATE]);
  const destination = destinationAt(uploadUrl());
  const photo = Buffer.alloc(3 * 2 ** 20, "x");

  const first = await destination.send(shipmentOf(photo.byteLength), payloadOf(photo), NEVER);
  const second = await destination.finish(finishOf(SEQUENCE_ID), NEVER);

  expect([first.kind, second.kind]).toEqual(["done", "done"]);
  expect(receivedBytes).toBeGreaterThan(photo.byteLength);
  expect(connections).toBe(1);
});

it("stops the account when the server's certificate is not trusted", async () => {
  setDefaultCACertificates(trusted);
  const destination = destinationAt(uploadUrl());

  const outcomes = [
    await destination.send(shipmentOf(1), payloadOf(Buffer.from("x")), NEVER),
    await destination.finish(finishOf(SEQUENCE_ID), NEVER),
  ];

  expect(outcomes).toMatchObject([
    { kind: "never", scope: "account", code: "DEPTH_ZERO_SELF_SIGNED_CERT" },
    { kind: "never", scope: "account", code: "DEPTH_ZERO_SELF_SIGNED_CERT" },
  ]);
});
