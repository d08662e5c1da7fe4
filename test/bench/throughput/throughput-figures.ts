import type { PeerName } from "../peers.ts";
import { SMALL_PHOTO_BYTES } from "../photo-key.ts";
import type { PeerRun, Work } from "../run-peer.ts";
import { type Spread, spreadOf } from "../start/spread.ts";

/** One size at one concurrency. */
export interface Case {
  /** 1 MiB is 2^20 bytes. */
  readonly sizeMib: number;
  /** Photos at a time. */
  readonly concurrency: number;
}

/** What one run of a peer came to. */
export interface Figures {
  /** Per 10^9 bytes of photos. */
  readonly cpuSecondsPerGb: number;
  readonly wallMsPerPhoto: number;
  /** In 10^6 bytes. */
  readonly peakRssMb: number;
  /** How busy the busiest server was: 1 is a whole core, and then the wall time is the server's. */
  readonly busiestServer: number;
}

/** What the peers of one round came to, by name. */
export type Round = ReadonlyMap<PeerName, Figures>;

/** A peer in one case, over all rounds. */
export interface PeerFigures {
  readonly peer: PeerName;
  readonly cpuSecondsPerGb: Spread;
  readonly wallMsPerPhoto: Spread;
  readonly peakRssMb: Spread;
  readonly busiestServer: Spread;
  /** Its CPU against another peer's in the same round; absent where that one did not run. */
  readonly cpuAgainst: Readonly<Partial<Record<Yardstick, Spread>>>;
}

/** Peers that the others are held against. */
export const YARDSTICKS = ["pipe", "obvious"] as const satisfies readonly PeerName[];
/** One of {@link YARDSTICKS}. */
export type Yardstick = (typeof YARDSTICKS)[number];

/** Reads the figures out of a run. */
export function figuresOf(run: PeerRun, work: Work): Figures {
  const wallMsPerPhoto = run.wallMs / work.photos;
  const servers = [run.source, run.destination, run.table];
  // Servers count from the first photo on, the peer from the first that is measured.
  const smallBytes = work.smallPhotos * SMALL_PHOTO_BYTES;
  const photos = work.photos + work.warmUpPhotos + smallBytes / work.sizeBytes;
  const busiestMs = Math.max(...servers.map(({ cpuMs }) => cpuMs)) / photos;
  return {
    cpuSecondsPerGb: run.cpuMs / 1e3 / ((work.sizeBytes * work.photos) / 1e9),
    wallMsPerPhoto,
    peakRssMb: run.peakRssBytes / 1e6,
    busiestServer: busiestMs / wallMsPerPhoto,
  };
}

/**
 * Sums up the rounds of one case. Ratios are taken within a round, where the machine was equally fast for both, and
 * then summed up.
 *
 * @throws {RangeError} when there is no round
 */
export function sumUp(rounds: readonly Round[]): PeerFigures[] {
  const names = [...new Set(rounds.flatMap((round) => [...round.keys()]))];
  return names.map((peer) => {
    const spread = (figure: keyof Figures) =>
      spreadOf(rounds.flatMap((round) => round.get(peer)?.[figure] ?? []));
    const against = YARDSTICKS.map((yardstick) => [yardstick, ratiosOf(rounds, peer, yardstick)] as const);
    return {
      peer,
      cpuSecondsPerGb: spread("cpuSecondsPerGb"),
      wallMsPerPhoto: spread("wallMsPerPhoto"),
      peakRssMb: spread("peakRssMb"),
      busiestServer: spread("busiestServer"),
      cpuAgainst: Object.fromEntries(
        against.flatMap(([yardstick, ratios]) => (ratios.length > 0 ? [[yardstick, spreadOf(ratios)]] : [])),
      ),
    };
  });
}

function ratiosOf(rounds: readonly Round[], peer: PeerName, yardstick: PeerName): number[] {
  return rounds.flatMap((round) => {
    const [mine, theirs] = [round.get(peer), round.get(yardstick)];
    return mine && theirs ? [mine.cpuSecondsPerGb / theirs.cpuSecondsPerGb] : [];
  });
}
