import { Command } from "commander";
import { runBench } from "../bench-program.ts";
import { describeMachine } from "../machine.ts";
import { listOf, nameAmong, numberIn, wholeNumberIn } from "../options.ts";
import { PEER_NAMES, PEERS, type PeerName } from "../peers.ts";
import { measureThroughput } from "./measure-throughput.ts";
import { judgeThroughput } from "./targets.ts";
import { renderThroughput } from "./throughput-report.ts";

interface Flags {
  readonly json?: true;
  readonly rounds: number;
  readonly sizes: readonly number[];
  readonly concurrency: readonly number[];
  readonly only: readonly PeerName[];
  readonly photos?: number;
}

const HELP = `
Peers:
${PEER_NAMES.map((name) => `  ${name.padEnd(13)}${PEERS[name].title}`).join("\n")}

Source, destination and table are processes on this machine, over TLS. Every peer runs in a fresh process for each
round; the peers take turns, so that a machine whose speed drifts is the same for all. What arrives is checked by its
SHA-256 first. The relay gets batches of 10 photos of one track, one batch after the other, as Lambda hands them over;
at a concurrency of 8 it handles 8 photos of a batch at once.

A full run takes about ten minutes; npm run bench -- --sizes 4 --concurrency 8 takes one.`;

const { json, ...flags } = new Command("bench")
  .usage("[options]")
  .description(
    "Measures the relay and its copy path against other ways to get photos from S3 to a form POST.",
  )
  .option("--rounds <n>", "interleaved rounds", wholeNumberIn(1, 100), 3)
  .option("--sizes <list>", "sizes of photos in MiB", listOf(numberIn(0.001, 1_024)), [0.5, 4, 12, 40])
  .option("--concurrency <list>", "photos at a time", listOf(wholeNumberIn(1, 64)), [1, 8])
  .option("--only <list>", "only these peers", listOf(nameAmong(PEER_NAMES)), [...PEER_NAMES])
  .option("--photos <n>", "photos in each run (default: some 400 MB)", wholeNumberIn(1, 10_000))
  .option("--json", "print one JSON object")
  .addHelpText("after", HELP)
  .parse()
  .opts<Flags>();

await runBench(async (tell, signal) => {
  const { rounds, sizes: sizesMib, concurrency: concurrencies, only: peers, photos } = flags;
  const plan = { peers, sizesMib, concurrencies, rounds, ...(photos !== undefined && { photos }) };
  const result = await measureThroughput(plan, tell, signal);
  const machine = describeMachine();
  if (!json) return renderThroughput(result, rounds, machine);
  const ways = peers.map((peer) => ({ peer, title: PEERS[peer].title, nodeFlags: PEERS[peer].nodeFlags }));
  return JSON.stringify({ machine, rounds, peers: ways, ...result, targets: judgeThroughput(result) });
});
