import { PEERS, type Peer, type PeerName, whyMissing } from "../peers.ts";
import { type PeerRun, runPeer, type Work } from "../run-peer.ts";
import { AT_ONCE, type Stage, setStage } from "../stage.ts";
import { type Spread, spreadOf } from "../start/spread.ts";
import { type RequestFigures, requestsOf } from "./relay-requests.ts";
import { TARGET_CASE } from "./targets.ts";
import { type Case, type Figures, figuresOf, type PeerFigures, sumUp } from "./throughput-figures.ts";

/** What is to be measured. */
export interface ThroughputPlan {
  readonly peers: readonly PeerName[];
  readonly sizesMib: readonly number[];
  readonly concurrencies: readonly number[];
  readonly rounds: number;
  /** Measured in each run of a peer. Default: so many that figures hold still, see {@link volumeOf}. */
  readonly photos?: number;
}

/** One case, measured. */
export interface CaseResult extends Case {
  /** In each run. */
  readonly photos: number;
  readonly warmUpPhotos: number;
  readonly peers: readonly PeerFigures[];
}

/** Everything that was measured. */
export interface ThroughputResult {
  readonly cases: readonly CaseResult[];
  /** Files that arrived whole, by their SHA-256, before anything was measured. */
  readonly verifiedPhotos: Readonly<Partial<Record<PeerName, number>>>;
  /** Peers that could not run here. */
  readonly skipped: readonly { readonly peer: PeerName; readonly why: string }[];
  /** The relay's, 16 photos of 40 MiB at a time; where relay and size were asked for. */
  readonly memory?: { readonly photos: number; readonly peakRssMb: Spread };
  /** The relay's, in the case of the targets. */
  readonly requests?: RequestFigures;
}

/** As Lambda hands over what SQS has, by default. */
const BATCH_PHOTOS = 10;

const MEMORY_CASE = { sizeMib: 40, concurrency: 16 } as const;

/** After so many, what V8 compiles of a relay is compiled. */
const SMALL_PHOTOS = 400;

const COLD = { warmUpPhotos: 1, smallPhotos: 0 } as const;

const MIB = 2 ** 20;

/** Runs the plan. @throws what a peer or a server fails with, or the signal's reason */
export async function measureThroughput(
  plan: ThroughputPlan,
  tell: (line: string) => void,
  signal: AbortSignal,
): Promise<ThroughputResult> {
  const { peers, skipped } = await choosePeers(plan.peers);
  await using stage = await setStage(peers, AT_ONCE);
  const bench = { plan, peers, stage, tell, signal };
  const verifiedPhotos = await verifyPeers(bench);
  const cases: CaseResult[] = [];
  let requests: RequestFigures | undefined;
  for (const sizeMib of plan.sizesMib) {
    for (const concurrency of plan.concurrencies) {
      const { result, relayRequests } = await measureCase(bench, { sizeMib, concurrency });
      cases.push(result);
      if (isTargetCase(result)) requests = relayRequests;
    }
  }
  const hasMemory = peers.includes(PEERS.relay) && plan.sizesMib.includes(MEMORY_CASE.sizeMib);
  const memory = hasMemory ? await measureMemory(bench) : undefined;
  return { cases, verifiedPhotos, skipped, ...(memory && { memory }), ...(requests && { requests }) };
}

interface Bench {
  readonly plan: ThroughputPlan;
  readonly peers: readonly Peer[];
  readonly stage: Stage;
  readonly tell: (line: string) => void;
  readonly signal: AbortSignal;
}

async function choosePeers(names: readonly PeerName[]) {
  const found = await Promise.all(names.map(async (peer) => ({ peer, why: await whyMissing(PEERS[peer]) })));
  return {
    peers: found.flatMap(({ peer, why }) => (why === undefined ? [PEERS[peer]] : [])),
    skipped: found.flatMap(({ peer, why }) => (why === undefined ? [] : [{ peer, why }])),
  };
}

/** So much that a run takes a second or two, and whole batches of the relay. */
export function volumeOf(sizeMib: number): Pick<Work, "photos" | "warmUpPhotos" | "smallPhotos"> {
  const inBatches = (megabytes: number, least: number, most: number) =>
    BATCH_PHOTOS * Math.ceil(Math.min(most, Math.max(least, megabytes / sizeMib)) / BATCH_PHOTOS);
  return { photos: inBatches(400, 20, 200), warmUpPhotos: inBatches(80, 10, 40), smallPhotos: SMALL_PHOTOS };
}

function workOf({ plan }: Bench, { sizeMib, concurrency }: Case): Work {
  const volume =
    plan.photos === undefined ? volumeOf(sizeMib) : { photos: plan.photos, warmUpPhotos: 10, smallPhotos: 0 };
  return { sizeBytes: Math.round(sizeMib * MIB), concurrency, batchPhotos: BATCH_PHOTOS, ...volume };
}

/** Every peer's way with every size, before a figure is taken from it. */
async function verifyPeers({ plan, peers, stage, tell, signal }: Bench) {
  const verified: Partial<Record<PeerName, number>> = {};
  const concurrency = Math.max(...plan.concurrencies);
  for (const sizeMib of plan.sizesMib) {
    tell(`verifying: ${sizeMib} MiB, by SHA-256 at the destination`);
    const sizeBytes = Math.round(sizeMib * MIB);
    const work = { sizeBytes, concurrency, photos: concurrency, batchPhotos: BATCH_PHOTOS, ...COLD };
    for (const peer of peers) {
      const { destination } = await runPeer(stage, peer, work, "verified", signal);
      verified[peer.name] = (verified[peer.name] ?? 0) + destination.verified;
    }
  }
  return verified;
}

async function measureCase(bench: Bench, at: Case) {
  const { plan, peers, stage, tell, signal } = bench;
  const work = workOf(bench, at);
  const rounds: Map<PeerName, Figures>[] = [];
  const relayRuns: PeerRun[] = [];
  for (let round = 1; round <= plan.rounds; round += 1) {
    tell(`measuring: ${at.sizeMib} MiB, ${at.concurrency} at a time, round ${round} of ${plan.rounds}`);
    const figures = new Map<PeerName, Figures>();
    for (const peer of peers) {
      const run = await runPeer(stage, peer, work, "measured", signal);
      figures.set(peer.name, figuresOf(run, work));
      if (peer.name === "relay") relayRuns.push(run);
    }
    rounds.push(figures);
  }
  const { photos, warmUpPhotos, smallPhotos } = work;
  const result: CaseResult = { ...at, photos, warmUpPhotos, peers: sumUp(rounds) };
  return { result, relayRequests: requestsOf(relayRuns, photos + warmUpPhotos + smallPhotos) };
}

function isTargetCase({ sizeMib, concurrency }: Case): boolean {
  return sizeMib === TARGET_CASE.sizeMib && concurrency === TARGET_CASE.concurrency;
}

async function measureMemory({ plan, stage, tell, signal }: Bench) {
  const { sizeMib, concurrency } = MEMORY_CASE;
  const photos = 2 * concurrency;
  const work = {
    sizeBytes: sizeMib * MIB,
    concurrency,
    photos,
    warmUpPhotos: 0,
    smallPhotos: 0,
    batchPhotos: concurrency,
  };
  const peaksMb: number[] = [];
  for (let round = 1; round <= plan.rounds; round += 1) {
    tell(`measuring: memory of the relay, ${concurrency} photos of ${sizeMib} MiB at a time, round ${round}`);
    const { peakRssBytes } = await runPeer(stage, PEERS.relay, work, "measured", signal);
    peaksMb.push(peakRssBytes / 1e6);
  }
  return { photos, peakRssMb: spreadOf(peaksMb) };
}
