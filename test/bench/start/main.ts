import { arch, cpus, platform, release } from "node:os";
import { Command, InvalidArgumentError } from "commander";
import { LAMBDA_NODE_FLAGS } from "./bundle.ts";
import { measureStarts } from "./measure-starts.ts";
import { judgeStarts, renderStarts } from "./start-report.ts";

interface Flags {
  readonly json?: true;
  readonly runs: number;
}

const HELP = `
Bundles every function as it is deployed, imports each bundle in fresh processes under the memory flags of Lambda, and
prints bytes, import time, memory after it, how much longer the first call takes than the second, and what is in the
bundle. The functions take turns, so that a busy machine slows all of them.`;

const { json, runs } = new Command("bench:start")
  .usage("[options]")
  .description("Measures how the functions start.")
  .option("--runs <n>", "fresh processes for each function", readRuns, 20)
  .option("--json", "print one JSON object")
  .addHelpText("after", HELP)
  .parse()
  .opts<Flags>();

const measurement = await measureStarts(runs);
if (json)
  process.stdout.write(
    `${JSON.stringify({ machine: describeMachine(), ...measurement, targets: judgeStarts(measurement) })}\n`,
  );
else process.stdout.write(`${tellMachine()}\n${renderStarts(measurement)}\n`);

function describeMachine() {
  const cores = cpus();
  return {
    os: `${platform()} ${release()} ${arch()}`,
    cpu: cores[0]?.model ?? "unknown",
    cores: cores.length,
    node: process.version,
    flags: LAMBDA_NODE_FLAGS,
  };
}

function tellMachine(): string {
  const { os, cpu, cores, node, flags } = describeMachine();
  return `${os}, ${cores} × ${cpu}, Node ${node} with ${flags.join(" ")}`;
}

function readRuns(text: string): number {
  const runs = Number(text);
  if (/^\d+$/.test(text) && runs >= 1 && runs <= 1_000) return runs;
  throw new InvalidArgumentError("Expected a whole number from 1 to 1000.");
}
