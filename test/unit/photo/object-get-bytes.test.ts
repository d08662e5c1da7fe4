import { once } from "node:events";
import type { Socket } from "node:net";
import { setTimeout as sleep, setImmediate as turn } from "node:timers/promises";
import { getCACertificates, setDefaultCACertificates } from "node:tls";
import fc from "fast-check";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createObjectReader } from "../../../lib/photo/object-get.http.ts";
import { LOCALHOST_CERTIFICATE } from "../mapillary/localhost-certificate.ts";
import { headOf, type RawServer, startRawServer } from "./raw-server.ts";

const NEVER = new AbortController().signal;
const MAX_BYTES = 2 * 2 ** 20;
/** Never the same within the length of a block, and no zeros: a byte out of place shows. */
const BYTES = Buffer.from(
  Uint8Array.from({ length: MAX_BYTES }, (_, at) => 1 + ((at * 31 + (at >> 8)) % 251)),
);
const trusted = getCACertificates("default");
beforeAll(() => setDefaultCACertificates([...trusted, LOCALHOST_CERTIFICATE]));
afterAll(() => setDefaultCACertificates(trusted));

/** How a photo comes and is read; delays in ms, where 0 is a turn of the event loop. */
interface Course {
  readonly sizeBytes: number;
  readonly sentBytes: readonly number[];
  readonly sendDelays: readonly number[];
  readonly readDelays: readonly number[];
}

const delays = fc.array(fc.nat(3), { minLength: 1, maxLength: 5 });
const course = fc.record<Course>({
  sizeBytes: fc.nat(MAX_BYTES),
  sentBytes: fc.array(fc.integer({ min: 1_000, max: 400_000 }), { minLength: 1, maxLength: 8 }),
  sendDelays: delays,
  readDelays: delays,
});

const at = (list: readonly number[], index: number): number => list[index % list.length] ?? 0;
const wait = async (ms: number): Promise<void> => void (await (ms === 0 ? turn() : sleep(ms)));

async function send(socket: Socket, { sizeBytes, sentBytes, sendDelays }: Course): Promise<void> {
  socket.write(headOf(sizeBytes));
  for (let sent = 0, step = 0; sent < sizeBytes; step += 1) {
    const end = Math.min(sizeBytes, sent + at(sentBytes, step));
    socket.write(BYTES.subarray(sent, end));
    sent = end;
    await wait(at(sendDelays, step));
  }
}

/** Reads as an upload does: of two blocks that were lent the older is only read again when the next is asked for. */
async function isReadExactly(
  body: AsyncIterator<Uint8Array>,
  { sizeBytes, readDelays }: Course,
): Promise<boolean> {
  const lent: { readonly block: Uint8Array; readonly from: number }[] = [];
  const areUntouched = () =>
    lent.slice(-2).every(({ block, from }) => BYTES.subarray(from, from + block.byteLength).equals(block));
  let readBytes = 0;
  for (let step = 0; ; step += 1) {
    const { done, value } = await body.next();
    if (done) return readBytes === sizeBytes;
    lent.push({ block: value, from: readBytes });
    readBytes += value.byteLength;
    if (!areUntouched()) return false;
    await wait(at(readDelays, step));
    if (!areUntouched()) return false;
  }
}

describe.each(["http", "https"] as const)("reading over %s", (scheme) => {
  let server: RawServer;
  beforeEach(async () => {
    server = await startRawServer(scheme, (socket, path) =>
      send(socket, JSON.parse(decodeURIComponent(path.slice(1)))),
    );
  });
  afterEach(() => server.stop());

  it("gives exact bytes to slow readers that hold two blocks, four at a time", async () => {
    const reader = createObjectReader({ keepMs: 60_000 });
    const isExact = async (way: Course) => {
      const url = `${server.url}/${encodeURIComponent(JSON.stringify(way))}`;
      const photo = await reader.open({ url, etag: "e1", sizeBytes: way.sizeBytes, name: "p" }, NEVER);
      const exact = photo !== undefined && (await isReadExactly(photo.body, way));
      photo?.close();
      return exact;
    };

    await fc.assert(
      fc.asyncProperty(fc.array(course, { minLength: 4, maxLength: 4 }), async (courses) => {
        expect(await Promise.all(courses.map(isExact))).toEqual([true, true, true, true]);
      }),
      { numRuns: 10 },
    );

    expect(server.connections).toHaveLength(4);
  });

  it("stops the source while nobody reads, and does not call that silence", async () => {
    const chunk = Buffer.alloc(64 * 2 ** 10, "x");
    const sizeBytes = 1_000 * chunk.byteLength;
    const flood = await startRawServer(scheme, async (socket) => {
      socket.write(headOf(sizeBytes));
      for (let sent = 0; sent < 1_000; sent += 1) {
        if (!socket.write(chunk)) await once(socket, "drain");
      }
    });
    const get = { url: `${flood.url}/p`, etag: "e1", sizeBytes, name: "p" };
    const photo = await createObjectReader({ idleMs: 1_000 }).open(get, NEVER);
    const first = await photo?.body.next();
    await sleep(1_500);

    // The rest waits in the source; what was written lies with the kernel and in three blocks.
    const writtenBytes = flood.connections[0]?.bytesWritten ?? 0;
    let readBytes = first?.value?.byteLength ?? 0;
    for (let next = await photo?.body.next(); next && !next.done; next = await photo?.body.next()) {
      readBytes += next.value.byteLength;
    }

    await flood.stop();
    expect(readBytes).toBe(sizeBytes);
    expect(writtenBytes).toBeLessThan(sizeBytes / 2);
  });
});

it("leaves a server that is not trusted to the other way, and tells it nothing", async () => {
  setDefaultCACertificates(trusted);
  const server = await startRawServer("https", (socket) => void socket.write(`${headOf(1)}x`));

  const photo = await createObjectReader().open(
    { url: `${server.url}/p`, etag: "e1", sizeBytes: 1, name: "p" },
    NEVER,
  );

  await server.stop();
  setDefaultCACertificates([...trusted, LOCALHOST_CERTIFICATE]);
  expect(photo).toBeUndefined();
  expect(server.requests).toEqual([]);
});
