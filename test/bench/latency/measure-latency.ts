import { PEERS } from "../peers.ts";
import { runPeer } from "../run-peer.ts";
import { type Delays, setStage } from "../stage.ts";
import {
  type LatencyCase,
  type LatencyFigures,
  type LatencyRun,
  latencyOf,
  sumUpLatency,
} from "./latency-figures.ts";

/** What is to be measured. */
export interface LatencyPlan {
  readonly photosAtOnce: readonly number[];
  readonly rounds: number;
  /** Measured in each run. */
  readonly photos: number;
  readonly sizeMib: number;
  /** Photos in one event. */
  readonly batchPhotos: number;
  readonly delays: Delays;
  /** Of a core, that the function would have. */
  readonly coreShare: number;
}

const MIB = 2 ** 20;

/** Two batches open the connections and have the code compiled. */
const WARM_UP_BATCHES = 2;

/** Runs the plan. @throws what a peer or a server fails with, or the signal's reason */
export async function measureLatency(
  plan: LatencyPlan,
  tell: (line: string) => void,
  signal: AbortSignal,
): Promise<LatencyFigures[]> {
  const { batchPhotos, photos, coreShare } = plan;
  const cases = casesOf(plan);
  await using stage = await setStage(
    cases.map(({ peer }) => PEERS[peer]),
    plan.delays,
  );
  const runs = cases.map(() => [] as LatencyRun[]);
  for (let round = 1; round <= plan.rounds; round += 1) {
    for (const [nth, { peer, photosAtOnce }] of cases.entries()) {
      tell(`measuring: ${peer}, ${photosAtOnce} at a time, round ${round} of ${plan.rounds}`);
      const sizeBytes = Math.round(plan.sizeMib * MIB);
      const warmUpPhotos = WARM_UP_BATCHES * batchPhotos;
      const work = {
        sizeBytes,
        concurrency: photosAtOnce,
        photos,
        warmUpPhotos,
        smallPhotos: 0,
        batchPhotos,
      };
      runs[nth]?.push(latencyOf(await runPeer(stage, PEERS[peer], work, "measured", signal), work));
    }
  }
  return cases.map((of, nth) => sumUpLatency(of, runs[nth] ?? [], coreShare));
}

/** The copy path and the bare pipe show what of a photo's time is not the latencies', and whose it is. */
function casesOf({ photosAtOnce }: LatencyPlan): LatencyCase[] {
  return [
    ...photosAtOnce.map((count) => ({ peer: "relay" as const, photosAtOnce: count })),
    { peer: "copy", photosAtOnce: 1 },
    { peer: "pipe", photosAtOnce: 1 },
  ];
}
