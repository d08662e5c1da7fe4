import { onTestFinished } from "vitest";
import type { Content, Payload, Shipment } from "../../../lib/mapillary/destination.ts";
import { createFixedTokenSource, type TokenSource } from "../../../lib/mapillary/token.ts";
import {
  createV4Destination,
  type V4DestinationOptions,
} from "../../../lib/mapillary/v4-destination.http.ts";
import { startV4StandIn, type V4StandIn, type V4StandInOptions } from "../../../sandbox/v4/stand-in.ts";

export const KEY = "mly_tools_uuid_0123456789abcdef0123456789abcdef.jpg";
export const NOW_MS = Date.parse("2026-11-22T12:00:00Z");
/** Of the form that Mapillary's have. */
export const TOKEN = "MLY|4223665974375089|d62822dd792b6a823d0794ef26450398";
export const OTHER_TOKEN = "MLY|4223665974375089|0f1e2d3c4b5a69788796a5b4c3d2e1f0";

/** A signal that nobody aborts. */
export const NEVER = new AbortController().signal;

/** A stand-in that is stopped when the test ends. */
export async function startForTest(options: V4StandInOptions = {}): Promise<V4StandIn> {
  const standIn = await startV4StandIn(options);
  onTestFinished(() => standIn.stop());
  return standIn;
}

/** The first user's token. */
export function tokenOf({ users }: V4StandIn): string {
  const [user] = users;
  if (user === undefined) throw new Error("the stand-in has no user");
  return user.accessToken;
}

/** A destination that sends to the stand-in as its first user. */
export function destinationTo(standIn: V4StandIn, changes: Partial<V4DestinationOptions> = {}) {
  return createV4Destination({
    uploadEndpoint: standIn.uploadUrl,
    graphEndpoint: standIn.url,
    tokens: createFixedTokenSource(tokenOf(standIn)),
    now: () => NOW_MS,
    ...changes,
  });
}

/** A destination at one server for both services. */
export function destinationAt(url: string, changes: Partial<V4DestinationOptions> = {}) {
  return createV4Destination({
    uploadEndpoint: `${url}/upload`,
    graphEndpoint: url,
    tokens: createFixedTokenSource(TOKEN),
    now: () => NOW_MS,
    ...changes,
  });
}

/** A source that has one token after the other, the next one when the last was refused. */
export function tokensInTurn(...tokens: readonly string[]): TokenSource & { readonly asked: () => number } {
  let at = 0;
  let asked = 0;
  return {
    asked: () => asked,
    current: async () => tokens[at] ?? "",
    async renewed(refused) {
      asked += 1;
      if (refused === tokens[at] && at + 1 < tokens.length) at += 1;
      return tokens[at] === refused ? undefined : tokens[at];
    },
  };
}

export function shipmentOf(bytes: Uint8Array, changes: Partial<Shipment> = {}): Shipment {
  return { destinationKey: KEY, filename: KEY, sizeBytes: bytes.byteLength, ...changes };
}

/** Bytes that differ from their neighbours, so that a shifted or repeated piece shows. */
export function photoOf(sizeBytes: number): Buffer {
  const bytes = Buffer.alloc(sizeBytes);
  for (let at = 0; at < sizeBytes; at += 1) bytes[at] = (at * 37 + (at >>> 8) * 11 + (at >>> 16)) & 0xff;
  return bytes;
}

/** What a payload may differ in. */
interface PayloadWish {
  /** Of each block. Default 64 KiB. */
  readonly blockBytes?: number;
  /** How much of what is asked for is read before, in blocks. Default 1. */
  readonly headBlocks?: number;
  /** Called before each block. */
  readonly before?: (block: number) => Promise<void> | void;
}

/** A payload, and from where it was opened. */
export function payloadOf(bytes: Uint8Array, wish: PayloadWish = {}): Payload & { readonly opens: number[] } {
  const opens: number[] = [];
  return {
    opens,
    async open(fromBytes) {
      if (!(fromBytes >= 0 && fromBytes < bytes.byteLength)) throw new RangeError(`opened at ${fromBytes}`);
      opens.push(fromBytes);
      return await contentOf(bytes.subarray(fromBytes), wish);
    },
  };
}

/** Lends its blocks as a photo source does: the next but one is written over each. */
async function contentOf(bytes: Uint8Array, wish: PayloadWish): Promise<Content> {
  const { blockBytes = 2 ** 16, headBlocks = 1, before = () => {} } = wish;
  const pool = [Buffer.alloc(blockBytes), Buffer.alloc(blockBytes)];
  async function* lend(): AsyncGenerator<Uint8Array> {
    for (let nth = 0; nth * blockBytes < bytes.byteLength; nth += 1) {
      await before(nth);
      const part = bytes.subarray(nth * blockBytes, (nth + 1) * blockBytes);
      const block = pool[nth % 2] ?? Buffer.alloc(0);
      block.fill(0xee).set(part);
      yield block.subarray(0, part.byteLength);
    }
  }
  const rest = lend();
  const head: Uint8Array[] = [];
  while (head.length < headBlocks) {
    const block = await rest.next();
    if (block.done === true) break;
    head.push(head.length + 1 < headBlocks ? Buffer.from(block.value) : block.value);
  }
  return { head, rest };
}

/** The bytes behind a handle. */
export async function imageOf(standIn: V4StandIn, handle: string): Promise<Buffer> {
  const bytes = standIn.openImage(handle);
  if (bytes === undefined) throw new Error(`there is no handle ${handle}`);
  const chunks: Uint8Array[] = [];
  for await (const chunk of bytes) chunks.push(chunk);
  return Buffer.concat(chunks);
}
