import { UpdateCommand } from "@aws-sdk/lib-dynamodb";
import fc from "fast-check";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type PhotoRow, photoTagOf } from "../../lib/ledger/ledger.ts";
import { sequenceKeyOf } from "../../lib/ledger/table.ts";
import type { PhotoRef } from "../../lib/photo/photo.ts";
import { closeSequences } from "../../lib/pipeline/close-sequences.ts";
import { relayMessages } from "../../lib/pipeline/relay-messages.ts";
import type { Message } from "../../lib/pipeline/take-in.ts";
import { MAX_PHOTOS_PER_SEQUENCE } from "../../lib/sequence/sequence.ts";
import { makePhoto } from "../../sandbox/photo-maker.ts";
import { startTableSandbox, type TableSandbox } from "../../sandbox/table.ts";
import { SENDER } from "../support/refs.ts";
import { createStage, type Director, type Fate, type Worker } from "../support/stage.ts";
import { ANSWER_LOST, createWorld, goodPhoto, LONG_SHIFT, type World } from "../support/world.ts";

let cloud: TableSandbox;
beforeAll(async () => {
  cloud = await startTableSandbox();
});
afterAll(() => cloud.stop());

/** Runs per property; more when looking for trouble: `LAWS_RUNS=500`. */
const RUNS = Number(process.env.LAWS_RUNS ?? 40);

/** After so many rounds nothing is refused any more. */
const REFUSED_ROUNDS = 12;

/** In this round what has failed is fed again. */
const FED_AGAIN_ROUND = 10;

/** After so many rounds nobody dies any more, so that every run ends. */
const DEADLY_ROUNDS = 6;
const LEAST_ROUNDS = 13;
const MOST_ROUNDS = 60;

/** A photo as a run's script has it. */
const scriptedPhoto = fc.record({
  track: fc.constantFrom("van", "bike"),
  folder: fc.constantFrom("", "left/", "right/"),
  name: fc.constantFrom("1.jpg", "2.jpg", "3.jpg"),
  /** Photos of one content have the same bytes; 0 is a photo that is rejected. */
  content: fc.integer({ min: 0, max: 8 }),
  copies: fc.constantFrom(1, 2, 2, 3),
  /** Late photos come when earlier ones are closed, finished, or just then. */
  comesInRound: fc.constantFrom(0, 0, 0, 2, 3, 4, 5, 6),
});

const script = fc.record({
  photos: fc.array(scriptedPhoto, { minLength: 3, maxLength: 12 }),
  /** Slots taken already in the first sequence of the track `van`. */
  taken: fc.constantFrom(0, MAX_PHOTOS_PER_SEQUENCE - 2),
  deadliness: fc.constantFrom(0, 0.02, 0.08),
  /** Sends that are refused, for now or for good, lose their answer or throw; then photos may fail, and are fed again. */
  isRefused: fc.boolean(),
  order: fc.constantFrom("any" as const, "favourites" as const),
  repeatedFinish: fc.constantFrom("harmless" as const, "forbidden" as const),
});

type Script = typeof script extends fc.Arbitrary<infer Value> ? Value : never;

/** What a run left behind; the laws of the design are checked on it. */
interface Aftermath {
  readonly world: World;
  readonly refs: readonly PhotoRef[];
  readonly rows: readonly (PhotoRow | undefined)[];
  /** Sends of photos that were recorded as relayed. */
  readonly needless: readonly string[];
  readonly input: Script;
}

/** A track whose first sequence is nearly full. */
async function takeSlots(world: World, path: string, taken: number): Promise<void> {
  if (taken === 0) return;
  const track = { bucket: world.bucket, path };
  const place = { epoch: world.clock.now(), part: 0 };
  const [firstSlot] = await world
    .deps()
    .sequences.claimSlots(track, SENDER, [{ photoTag: "x", filename: "x" }]);
  expect(firstSlot?.index).toBe(0);
  await cloud.table.client.send(
    new UpdateCommand({
      TableName: cloud.table.name,
      Key: sequenceKeyOf(track, place),
      UpdateExpression: "SET slotsTaken = :taken",
      ConditionExpression: "attribute_exists(pk)",
      ExpressionAttributeValues: { ":taken": taken },
    }),
  );
}

async function failedAmong(world: World, refs: readonly PhotoRef[]): Promise<PhotoRef[]> {
  const sightings = await world.deps().ledger.look(refs);
  return sightings.flatMap(({ row }) => (row?.status === "failed" ? [row.ref] : []));
}

function directorOf(gen: () => number, deadliness: () => number): Director {
  const random = () => gen() / 2 ** 31;
  return {
    choose: (choices) => Math.floor(random() * choices) % choices,
    fate(): Fate {
      if (random() >= deadliness()) return "happens";
      return random() < 0.5 ? "dies before it" : "dies after it";
    },
  };
}

/** One run: three relays and a closer at a time, on messages that come twice, late and in any order. */
async function play(input: Script, seed: () => number): Promise<Aftermath> {
  const world = createWorld(cloud.table, { track: "{track}/", quietPeriod: "90s" });
  world.repeatedFinish = input.repeatedFinish;
  await takeSlots(world, "van", input.taken);
  const named = new Map(input.photos.map((photo) => [`${photo.track}/${photo.folder}${photo.name}`, photo]));
  const refs = [...named].map(([key, { content }]) =>
    world.put(key, content === 0 ? makePhoto({ latitudeDeg: null }) : goodPhoto(content)),
  );
  const arrivals = refs.flatMap((ref, at) => {
    const { copies = 1, comesInRound = 0 } = [...named.values()][at] ?? {};
    return Array.from({ length: copies }, () => ({ comesInRound, message: world.message(ref) }));
  });
  let queue: Message[] = [];
  let round = 0;
  const director = directorOf(seed, () => (round < DEADLY_ROUNDS ? input.deadliness : 0));
  const needless: string[] = [];
  watchSends(world, needless, () => (input.isRefused && round < REFUSED_ROUNDS ? seed() / 2 ** 31 : 1));
  for (; queue.length > 0 || round < LEAST_ROUNDS; round += 1) {
    queue.push(
      ...arrivals.filter(({ comesInRound }) => comesInRound === round).map(({ message }) => message),
    );
    if (round > MOST_ROUNDS) throw new Error(`${queue.length} messages are left after ${round} rounds`);
    if (round === FED_AGAIN_ROUND)
      queue.push(...(await failedAmong(world, refs)).map((ref) => world.message(ref)));
    const stage = createStage(director, input.order);
    const relays: { readonly batch: Message[]; readonly worker: Worker<unknown[]> }[] = [];
    for (let worker = 0; worker < 3; worker += 1) {
      const batch = Array.from({ length: Math.min(3, queue.length) }, () =>
        queue.splice(director.choose(queue.length), 1),
      ).flat();
      relays.push({
        batch,
        worker: stage.start((step) => relayMessages(world.deps(step), batch, LONG_SHIFT)),
      });
    }
    stage.start((step) => closeSequences(world.deps(step), LONG_SHIFT.signal));
    await stage.play();
    for (const { batch, worker } of relays) {
      const results = (await worker.result) as { kind: string }[] | undefined;
      queue.push(...batch.filter((_, at) => results?.[at]?.kind !== "settled"));
    }
    queue = queue.map((message) => ({ ...message, receiveCount: message.receiveCount + 1 }));
    // Whoever was killed is dead for good when a function's time-out has passed.
    world.clock.advance(61_000);
  }
  const sightings = await world.deps().ledger.look(refs);
  return { world, refs, rows: sightings.map(({ row }) => row), needless, input };
}

/** Law 2: nothing is sent that is recorded as relayed. And what becomes of each send. */
function watchSends(world: World, needless: string[], chance: () => number): void {
  world.beforeSend = async ({ destinationKey }) => {
    const rows = await world.deps().ledger.ofSequence(destinationKey.split("/")[1] ?? "");
    const row = rows.find(({ binding }) => binding?.destinationKey === destinationKey);
    if (row?.status !== "relaying") needless.push(`${destinationKey} is ${row?.status}`);
    world.answers.splice(0, Infinity, ...answersBy(chance()));
  };
}

function answersBy(chance: number): World["answers"] {
  if (chance < 0.12) return [() => ({ kind: "later", code: "SlowDown", message: "" })];
  if (chance < 0.24) return [() => ({ kind: "later", code: ANSWER_LOST, message: "" })];
  if (chance < 0.36) return [() => ({ kind: "never", scope: "photo", code: "EntityTooSmall", message: "" })];
  if (chance > 0.4) return [];
  const breakDown = () => {
    throw new Error("the source broke off");
  };
  return [breakDown];
}

function checkLaws({ world, refs, rows, needless, input }: Aftermath): void {
  expect(needless).toEqual([]);
  expect(world.sentTooLate).toEqual([]);
  if (world.repeatedFinish === "forbidden") expect(new Set(world.finished).size).toBe(world.finished.length);
  expect(world.eventsNamed("message.returned")).toEqual([]);
  const settled = new Set(["relayed", "published", "rejected", "duplicate", input.isRefused && "failed"]);
  for (const [at, row] of rows.entries()) expect(settled, `row of ${refs[at]?.key}`).toContain(row?.status);
  const relayed = rows.filter((row) => row?.status === "relayed" || row?.status === "published");
  const keyOf = new Map<string, string>();
  for (const { destinationKey, bytes } of world.sent) {
    const content = Buffer.from(bytes).toString("base64");
    expect(keyOf.get(destinationKey) ?? content, `bytes at ${destinationKey}`).toBe(content);
    keyOf.set(destinationKey, content);
  }
  const boundKeys = relayed.map((row) => row?.binding?.destinationKey ?? "");
  expect(new Set(boundKeys).size).toBe(boundKeys.length);
  for (const key of boundKeys) expect([...keyOf.keys()]).toContain(key);
  // One key a content, for good: whatever was sent under a key belongs to the row that names it.
  if (!input.isRefused) expect([...keyOf.keys()].sort()).toEqual(boundKeys.sort());
  for (const row of rows) {
    if (row?.status === "duplicate")
      expect(relayed.map((other) => other?.ref)).toContainEqual(row.duplicateOf);
  }
  expect(new Set(relayed.map((row) => row?.ref.etag)).size).toBe(relayed.length);
  const places = relayed.map((row) => `${row?.binding?.sequenceId}/${row?.binding?.slot}`);
  expect(new Set(places).size).toBe(places.length);
  for (const row of relayed) {
    expect(row?.binding?.slot).toBeLessThan(MAX_PHOTOS_PER_SEQUENCE);
    if (row?.status === "published") expect(world.finished).toContain(row.binding?.sequenceId);
  }
  expect(new Set(refs.map(photoTagOf)).size).toBe(refs.length);
  if (input.taken === 0) checkPlainNames(relayed);
}

/** The plain name is kept wherever only one photo of the sequence has it. */
function checkPlainNames(relayed: readonly (PhotoRow | undefined)[]): void {
  const plain = (row: PhotoRow | undefined) => row?.ref.key.split("/").at(-1);
  const bySequence = Map.groupBy(relayed, (row) => `${row?.binding?.sequenceId}/${plain(row)}`);
  for (const sameName of bySequence.values()) {
    const names = sameName.map((row) => row?.binding?.destinationKey.split("/").at(-1));
    expect(names.filter((name) => name === plain(sameName[0])).length).toBeLessThanOrEqual(1);
  }
}

it(
  "keeps every photo accounted for, in one place and sent once, whatever order workers run in and wherever they die",
  async () => {
    await fc.assert(
      fc.asyncProperty(script, fc.infiniteStream(fc.nat({ max: 2 ** 31 - 1 })), async (input, stream) => {
        const after = await play(input, () => stream.next().value as number);
        checkLaws(after);
      }),
      { numRuns: RUNS, endOnFailure: false },
    );
  },
  60_000 + RUNS * 5_000,
);
