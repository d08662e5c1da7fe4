import { Command } from "commander";
import { runBench } from "../bench-program.ts";
import { describeMachine } from "../machine.ts";
import { listOf, numberIn, wholeNumberIn } from "../options.ts";
import { judgeLatency, renderLatency } from "./latency-report.ts";
import { type LatencyPlan, measureLatency } from "./measure-latency.ts";

interface Flags {
  readonly json?: true;
  readonly rounds: number;
  readonly atOnce: readonly number[];
  readonly photos: number;
  readonly size: number;
  readonly batch: number;
  readonly cpuShare: number;
  readonly sourceMs: number;
  readonly destinationMs: number;
  readonly tableMs: number;
}

const HELP = `
Measures what photosAtOnce in the fleet's configuration should be where source and destination take their time. A batch
of 10 never has more than 10 photos in the works. The relay runs with the memory flags of Lambda, on a whole core; what
it would do on the share of a core that a function has (0.29 of one with 512 MB) is reckoned from its CPU time.`;

const { json, ...flags } = new Command("bench:latency")
  .usage("[options]")
  .description("Measures the relay against a source, a destination and a table that answer late.")
  .option("--rounds <n>", "interleaved rounds", wholeNumberIn(1, 100), 3)
  .option("--at-once <list>", "photosAtOnce to try", listOf(wholeNumberIn(1, 64)), [1, 2, 4, 8, 10, 16])
  .option("--photos <n>", "photos in each run", wholeNumberIn(1, 10_000), 40)
  .option("--size <mib>", "size of a photo in MiB", numberIn(0.001, 1_024), 4)
  .option("--batch <n>", "photos in one event", wholeNumberIn(1, 1_000), 10)
  .option("--source-ms <ms>", "until the source's first byte", numberIn(0, 10_000), 25)
  .option("--destination-ms <ms>", "until the destination's answer", numberIn(0, 10_000), 150)
  .option(
    "--table-ms <ms>",
    "added to each answer of the table, which takes 1 or 2 itself",
    numberIn(0, 10_000),
    4,
  )
  .option("--cpu-share <share>", "of a core, that the function would have", numberIn(0.01, 1), 0.29)
  .option("--json", "print one JSON object")
  .addHelpText("after", HELP)
  .parse()
  .opts<Flags>();

await runBench(async (tell, signal) => {
  const plan: LatencyPlan = {
    photosAtOnce: flags.atOnce,
    rounds: flags.rounds,
    photos: flags.photos,
    sizeMib: flags.size,
    batchPhotos: flags.batch,
    coreShare: flags.cpuShare,
    delays: { source: flags.sourceMs, destination: flags.destinationMs, table: flags.tableMs },
  };
  const figures = await measureLatency(plan, tell, signal);
  const machine = describeMachine();
  if (!json) return renderLatency(figures, plan, machine);
  return JSON.stringify({ machine, plan, figures, verdict: judgeLatency(figures, plan) });
});
