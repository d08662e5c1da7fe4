import { drawTable, tellSpread } from "../bench-table.ts";
import { type Machine, tellMachine } from "../machine.ts";
import { PEERS } from "../peers.ts";
import type { Spread } from "../start/spread.ts";
import type { CaseResult, ThroughputResult } from "./measure-throughput.ts";
import { judgeThroughput, TARGET_CASE, type Target } from "./targets.ts";
import type { PeerFigures } from "./throughput-figures.ts";

/** A server that is busier decides the wall time, not the peer. */
const BUSY_SERVER = 0.9;

/** Everything for a person. */
export function renderThroughput(result: ThroughputResult, rounds: number, machine: Machine): string {
  return [
    tellMachine(machine),
    `Photos from an S3 to a form POST, both over TLS 1.3 in processes of their own. ${rounds} interleaved round(s),`,
    "a fresh process each; warm-up, 400 small photos first, not counted; median (min–max). CPU of the relaying process only, user and system;",
    "ratios are of CPU, within a round. 1 GB is 10^9 bytes, 1 MB 10^6, 1 MiB 2^20.",
    ...result.skipped.map(({ peer, why }) => `Left out: ${peer}, since ${why}.`),
    ...result.cases.flatMap(tellCase),
    "",
    ...tellPeers(result),
    "",
    `Targets (${TARGET_CASE.sizeMib} MiB, ${TARGET_CASE.concurrency} at a time, where nothing else is said)`,
    drawTable(["", "must", "reach for", "found", ""], judgeThroughput(result).map(tellTarget)),
  ].join("\n");
}

function tellCase({ sizeMib, concurrency, photos, warmUpPhotos, peers }: CaseResult): string[] {
  const busy = peers.filter(({ busiestServer }) => busiestServer.median > BUSY_SERVER);
  return [
    "",
    `${sizeMib} MiB, ${concurrency} at a time; ${photos} photos after ${warmUpPhotos}`,
    drawTable(
      ["", "CPU s/GB", "against pipe", "against obvious", "wall ms/photo", "peak RSS MB"],
      peers.map(tellPeer),
    ),
    ...(busy.length === 0
      ? []
      : [`Wall times held up by a server that is busy: ${busy.map(({ peer }) => peer).join(", ")}.`]),
  ];
}

function tellPeer({ peer, cpuSecondsPerGb, cpuAgainst, wallMsPerPhoto, peakRssMb }: PeerFigures): string[] {
  return [
    peer,
    tellSpread(cpuSecondsPerGb, 2),
    tellOptional(cpuAgainst.pipe),
    tellOptional(cpuAgainst.obvious),
    tellSpread(wallMsPerPhoto, 1),
    tellSpread(peakRssMb, 0),
  ];
}

function tellOptional(spread: Spread | undefined): string {
  return spread === undefined ? "" : tellSpread(spread, 2);
}

function tellPeers({ cases }: ThroughputResult): string[] {
  const names = new Set(cases.flatMap(({ peers }) => peers.map(({ peer }) => peer)));
  return [...names].map((name) => {
    const { title, nodeFlags = [] } = PEERS[name];
    return [name.padEnd(12), title, ...nodeFlags].join("  ");
  });
}

function tellTarget({ what, must, reachFor, found, verdict }: Target): string[] {
  const digits = must > 10 ? 0 : 2;
  const told = found === undefined ? "" : tellSpread(found, digits);
  return [what, `≤ ${must}`, `≤ ${reachFor}`, told, verdict];
}
