import { setImmediate as nextTick } from "node:timers/promises";
import type { Step } from "./world.ts";

/** What happens to a call that a worker wants to make. */
export type Fate = "happens" | "dies before it" | "dies after it";

/** Decides who goes next and what becomes of it; equal decisions make equal runs. */
export interface Director {
  /** 0 ≤ result < choices */
  choose(choices: number): number;
  fate(): Fate;
}

/**
 * Which of the workers that wait goes next. `any`: every one is as likely. `favourites`: one worker goes as far as
 * it can before another does, and favour changes now and then; finds what needs one worker far ahead of another.
 */
export type Order = "any" | "favourites";

/** How often favour changes, in steps. */
const STEPS_IN_FAVOUR = 12;

/** A worker on the stage. */
export interface Worker<T> {
  /** What it came to; `undefined` when it was killed. */
  readonly result: Promise<T | undefined>;
}

interface Waiting {
  readonly worker: number;
  readonly happen: () => Promise<void>;
}

/**
 * Runs workers so that one outside call happens at a time, in an order the director chooses, and kills a worker
 * before or after a call where he wants: every interleaving of the calls is possible, and every run can be repeated.
 */
export function createStage(director: Director, order: Order) {
  const waiting: Waiting[] = [];
  const dead = new Set<number>();
  const deaths = new Map<number, () => void>();
  let workers = 0;
  let alive = 0;

  function start<T>(work: (step: Step) => Promise<T>): Worker<T> {
    const worker = workers++;
    alive += 1;
    const killed = new Promise<undefined>((resolve) => {
      deaths.set(worker, () => resolve(undefined));
    });
    const step: Step = (_name, call) =>
      new Promise((resolve, reject) => {
        // A dead worker's promises are left as they are, for ever: nothing of it runs on.
        const happen = async () => {
          const fate = director.fate();
          if (fate === "dies before it") return kill(worker);
          const outcome = await call().then(
            (value) => () => resolve(value),
            (error: unknown) => () => reject(error),
          );
          if (fate === "dies after it") kill(worker);
          else outcome();
        };
        if (!dead.has(worker)) waiting.push({ worker, happen });
      });
    const done = work(step).finally(() => {
      if (!dead.has(worker)) alive -= 1;
    });
    return { result: Promise.race([done, killed]) };
  }

  function kill(worker: number): void {
    if (dead.has(worker)) return;
    dead.add(worker);
    alive -= 1;
    deaths.get(worker)?.();
    for (let at = waiting.length - 1; at >= 0; at -= 1)
      if (waiting[at]?.worker === worker) waiting.splice(at, 1);
  }

  const favour = new Map<number, number>();

  /** The place in `waiting` of the one who goes next. */
  function pick(): number {
    if (order === "any") return director.choose(waiting.length);
    if (director.choose(STEPS_IN_FAVOUR) === 0) favour.clear();
    for (const { worker } of waiting) if (!favour.has(worker)) favour.set(worker, director.choose(1_000));
    const highest = Math.max(...waiting.map(({ worker }) => favour.get(worker) ?? 0));
    return waiting.findIndex(({ worker }) => favour.get(worker) === highest);
  }

  /** Lets everything that needs no outside call run until it waits for one. */
  async function settle(): Promise<void> {
    for (let ticks = 0; ticks < 4; ticks += 1) await nextTick();
  }

  /** Plays until every worker is done or dead. */
  async function play(): Promise<void> {
    for (let idle = 0; alive > 0; ) {
      await settle();
      if (waiting.length === 0) {
        idle += 1;
        if (idle > 2_000) throw new Error(`${alive} workers wait for nothing`);
        continue;
      }
      idle = 0;
      const [next] = waiting.splice(pick(), 1);
      await next?.happen();
    }
  }

  return { start, play };
}
