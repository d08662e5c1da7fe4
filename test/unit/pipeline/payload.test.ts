import fc from "fast-check";
import { expect, it } from "vitest";
import type { PhotoRow } from "../../../lib/ledger/ledger.ts";
import type { Destination } from "../../../lib/mapillary/destination.ts";
import { inspectPhoto } from "../../../lib/photo/inspect.ts";
import type { PhotoSource } from "../../../lib/photo/photo.ts";
import type { Account } from "../../../lib/pipeline/deps.ts";
import { wrapPhoto } from "../../../lib/pipeline/parcel.ts";
import { createPayload } from "../../../lib/pipeline/payload.ts";
import { growPhoto, makePhoto } from "../../../sandbox/photo-maker.ts";

const NEVER = new AbortController().signal;
const PHOTO = Buffer.from(growPhoto(makePhoto({ headingDeg: 90 }), 40_000));
const REF = { bucket: "photos", key: "van/a.jpg", etag: "e", sizeBytes: PHOTO.byteLength };
const ACCOUNT: Account = {
  name: "default",
  lane: "v4",
  key: { name: "default", credentialsMark: "m" },
  username: "default",
  destination: {} as Destination,
};

/** Gives the photo in pieces of these sizes, over and over, as a network might. */
function sourceInPieces(sizes: readonly number[]): PhotoSource {
  async function* pieces(from: number) {
    for (let at = from, nth = 0; at < PHOTO.byteLength; nth += 1) {
      const size = sizes[nth % sizes.length] ?? 1;
      yield PHOTO.subarray(at, at + size);
      at += size;
    }
  }
  return {
    open: async (_ref, _signal, fromBytes = 0) => ({ body: pieces(fromBytes), close() {} }),
    identify: async () => REF,
  };
}

async function bind(sizes: readonly number[]): Promise<PhotoRow> {
  const { body } = await sourceInPieces(sizes).open(REF, NEVER);
  const { verdict, head } = await inspectPhoto(body);
  const { head: _, ...address } = wrapPhoto(
    ACCOUNT,
    { ref: REF, facts: verdict.facts, head },
    { sequenceId: "", filename: "" },
  );
  const binding = { account: "default", trackPath: "van", sequenceId: "s", slot: 0, ...address };
  const times = { createdAt: "", updatedAt: "" };
  return {
    ref: REF,
    place: "sent",
    status: "relaying",
    reasons: [],
    warnings: [],
    attempts: 1,
    ...times,
    facts: verdict.facts,
    binding,
  };
}

async function sentFrom(row: PhotoRow, sizes: readonly number[], fromBytes: number): Promise<Buffer> {
  const payload = createPayload({ source: sourceInPieces(sizes) }, ACCOUNT, row);
  const { head, rest } = await payload.open(fromBytes, NEVER);
  const chunks = head.map((chunk) => Buffer.from(chunk));
  for (let next = await rest.next(); !next.done; next = await rest.next())
    chunks.push(Buffer.from(next.value));
  payload.close();
  return Buffer.concat(chunks);
}

const pieces = fc.array(fc.integer({ min: 1, max: 30_000 }), { minLength: 1, maxLength: 6 });

it("goes on from any byte with the same bytes, however the photo came in pieces before and comes now", async () => {
  const whole = await sentFrom(await bind([PHOTO.byteLength]), [PHOTO.byteLength], 0);
  expect(whole.includes("MAPCaptureTime")).toBe(true);
  await fc.assert(
    fc.asyncProperty(pieces, pieces, fc.nat(whole.byteLength - 1), async (before, now, fromBytes) => {
      const row = await bind(before);
      const sent = await sentFrom(row, now, fromBytes);
      expect(sent.equals(whole.subarray(fromBytes))).toBe(true);
    }),
    { numRuns: 200 },
  );
});
