import { createHash } from "node:crypto";
import { setImmediate as nextTick } from "node:timers/promises";
import { type FleetInput, readFleet } from "../../lib/config/fleet.ts";
import { createDynamoGates } from "../../lib/ledger/gate.dynamo.ts";
import { createDynamoLedger } from "../../lib/ledger/ledger.dynamo.ts";
import type { Table } from "../../lib/ledger/table.dynamo.ts";
import type { Destination, FinishOutcome, Outcome, Shipment } from "../../lib/mapillary/destination.ts";
import { PhotoGoneError, type PhotoRef, type PhotoSource } from "../../lib/photo/photo.ts";
import type { Deps } from "../../lib/pipeline/deps.ts";
import type { Log, LogEvents } from "../../lib/pipeline/log.ts";
import type { Message } from "../../lib/pipeline/take-in.ts";
import { createDynamoSequences } from "../../lib/sequence/sequence.dynamo.ts";
import { makePhoto } from "../../sandbox/photo-maker.ts";
import { s3EventBody } from "../../sandbox/s3-event.ts";
import { createTestClock, newId } from "./refs.ts";

/** Every call that leaves a worker goes through here; a test decides when it happens, if at all. */
export type Step = <T>(name: string, call: () => Promise<T>) => Promise<T>;

/** Code of an answer that says "later" though the photo arrived: the real answer was lost. */
export const ANSWER_LOST = "answer-lost";

const atOnce: Step = (_name, call) => call();

/** One attempt that reached the destination. */
export interface Sent extends Shipment {
  readonly bytes: Uint8Array;
}

/** A world around the pipeline: a real table, objects and a destination in memory. */
export interface World {
  readonly clock: ReturnType<typeof createTestClock>;
  readonly bucket: string;
  /** Every whole body that arrived, in order. */
  readonly sent: Sent[];
  /** Sequence ids that were finished, in order. */
  readonly finished: string[];
  /** Photos that were sent to a sequence after it was finished. */
  readonly sentTooLate: string[];
  /** Whether a finish may be repeated; the lanes differ. Default `harmless`. */
  repeatedFinish: Destination["repeatedFinish"];
  readonly events: { readonly name: keyof LogEvents; readonly data: LogEvents[keyof LogEvents] }[];
  /** What the next sends answer; then everything is done. A function may throw. */
  readonly answers: (() => Outcome)[];
  readonly finishAnswers: (() => FinishOutcome)[];
  /** Looks at what is about to be sent, outside of every worker's calls. */
  beforeSend: (shipment: Shipment) => Promise<void>;
  /** What stands against the account, if anything. */
  accountObjection: ReturnType<Destination["accountObjection"]>;
  /** What the fleet's configuration says beside the destination; the next worker reads it. */
  fleet: Partial<FleetInput>;
  /** Puts an object into the bucket. */
  put(key: string, bytes?: Uint8Array): PhotoRef;
  remove(key: string): void;
  /** A worker's dependencies; every call it makes goes through `step`. */
  deps(step?: Step): Deps;
  message(...refs: readonly Partial<PhotoRef>[]): Message;
  eventsNamed<Name extends keyof LogEvents>(name: Name): LogEvents[Name][];
}

let worlds = 0;
let messages = 0;

/** A photo that passes, unlike any other. */
export function goodPhoto(seed: number): Uint8Array {
  return makePhoto({ latitudeDeg: 55.7 + seed / 10_000, longitudeDeg: 13.2, takenAt: "2026:05:01 10:00:00" });
}

/** Makes a world of its own: its bucket has a name that no other test uses. */
export function createWorld(table: Table, fleet: Partial<FleetInput> = {}): World {
  worlds += 1;
  const bucket = `world-${process.pid}-${worlds}`;
  const clock = createTestClock();
  const objects = new Map<string, { readonly ref: PhotoRef; readonly bytes: Uint8Array }>();
  const world: World = {
    clock,
    bucket,
    sent: [],
    finished: [],
    sentTooLate: [],
    repeatedFinish: "harmless",
    fleet,
    events: [],
    answers: [],
    finishAnswers: [],
    beforeSend: async () => {},
    accountObjection: undefined,
    put(key, bytes = goodPhoto(objects.size)) {
      const etag = createHash("md5").update(bytes).digest("hex");
      const ref = { bucket, key, etag, sizeBytes: bytes.length };
      objects.set(key, { ref, bytes });
      return ref;
    },
    remove: (key) => void objects.delete(key),
    deps: (step = atOnce) => createWorldDeps(step),
    message(...refs) {
      messages += 1;
      const records = refs.map((ref) => {
        const event = { bucket, key: "", etag: "", sizeBytes: 0, eventTime: "2026-11-22T12:00:00Z", ...ref };
        return JSON.parse(s3EventBody(event)).Records[0];
      });
      const body = JSON.stringify({ Records: records });
      return { messageId: `m${messages}`, body, receiveCount: 1, sentAtMs: clock.now() };
    },
    eventsNamed: (name) =>
      world.events.filter((event) => event.name === name).map(({ data }) => data as never),
  };

  function createWorldDeps(step: Step): Deps {
    const steppedTable = {
      name: table.name,
      client: {
        send: (command: object) => step(command.constructor.name, () => table.client.send(command as never)),
      } as unknown as Table["client"],
    };
    const readyFleet = readFleet({ destination: "bucket", ...world.fleet });
    const { now } = clock;
    const log: Log = (name, data) => void world.events.push({ name, data });
    return {
      fleet: readyFleet,
      source: createMemorySource(step, (key) => objects.get(key)),
      ledger: createDynamoLedger({ table: steppedTable, duplicates: readyFleet.duplicates, now }),
      sequences: createDynamoSequences({ table: steppedTable, now, newId }),
      gates: createDynamoGates({ table: steppedTable, now }),
      accounts: new Map([
        [
          "default",
          {
            name: "default",
            lane: "bucket",
            // Gates are shared by name: worlds must not stop each other.
            key: { name: bucket, credentialsMark: "m" },
            username: "driver",
            destination: createMemoryDestination(step, world),
          },
        ],
      ]),
      retries: { baseMs: 1000, capMs: 8000, maxAttempts: 5 },
      relayLifetimeMs: 60_000,
      indexLagMs: 0,
      log,
      now,
      random: () => 0,
      newId,
      delay: () => nextTick(),
    };
  }
  return world;
}

function createMemorySource(
  step: Step,
  find: (key: string) => { readonly ref: PhotoRef; readonly bytes: Uint8Array } | undefined,
): PhotoSource {
  return {
    open: (ref) =>
      step("open", async () => {
        const object = find(ref.key);
        if (object === undefined) throw new PhotoGoneError("source-gone", `${ref.key} is not there`);
        if (object.ref.etag !== ref.etag)
          throw new PhotoGoneError("source-changed", `${ref.key} has changed`);
        const middle = Math.floor(object.bytes.length / 2);
        const chunks = [object.bytes.subarray(0, middle), object.bytes.subarray(middle)];
        return { body: chunks.values() as unknown as AsyncIterator<Uint8Array>, close() {} };
      }),
    identify: ({ key }) =>
      step("identify", async () => {
        const object = find(key);
        if (object === undefined) throw new PhotoGoneError("source-gone", `${key} is not there`);
        return object.ref;
      }),
  };
}

function createMemoryDestination(step: Step, world: World): Destination {
  return {
    get repeatedFinish() {
      return world.repeatedFinish;
    },
    accountObjection: () => world.accountObjection,
    objection: () => world.accountObjection,
    // Opening the photo is a call of its own.
    send: async (shipment, payload, signal) => {
      const content = await payload.open(0, signal);
      return await step("send", async () => {
        await world.beforeSend(shipment);
        const chunks = [...content.head];
        for (let next = await content.rest.next(); !next.done; next = await content.rest.next())
          chunks.push(next.value);
        const outcome = world.answers.shift()?.() ?? { kind: "done", destination: shipment.destinationKey };
        if (world.finished.some((id) => shipment.destinationKey.includes(id))) {
          world.sentTooLate.push(shipment.destinationKey);
        }
        const hasArrived = outcome.kind === "done" || ("code" in outcome && outcome.code === ANSWER_LOST);
        if (hasArrived) world.sent.push({ ...shipment, bytes: Buffer.concat(chunks) });
        return outcome;
      });
    },
    finish: ({ id }) =>
      step("finish", async () => {
        const outcome = world.finishAnswers.shift()?.() ?? { kind: "done", destination: id };
        if (outcome.kind === "done") world.finished.push(id);
        return outcome;
      }),
  };
}

/** A shift with all the time in the world. */
export const LONG_SHIFT = { remainingMs: () => 900_000, signal: new AbortController().signal };
