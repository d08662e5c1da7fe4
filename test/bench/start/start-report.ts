import Table from "cli-table3";
import type { BundledPart } from "./bundle.ts";
import type { Measured, MeasuredFunction, StartMeasurement } from "./measure-starts.ts";
import type { Spread } from "./spread.ts";

/** Largest bundle of the relay, all its files together. */
export const MAX_RELAY_BYTES = 700 * 2 ** 10;

/** Longest import of the relay's bundle, as the median over all runs. */
export const MAX_RELAY_IMPORT_MS = 75;

/** One target, and whether it is met. */
export interface Target {
  readonly what: string;
  readonly limit: number;
  readonly measured: number;
  readonly isMet: boolean;
}

/** The targets that a start bench decides. Empty where there is no relay. */
export function judgeStarts({ functions }: StartMeasurement): Target[] {
  const relay = functions.find(({ name }) => name === "relay");
  if (relay === undefined) return [];
  const target = (what: string, limit: number, measured: number): Target => ({
    what,
    limit,
    measured,
    isMet: measured <= limit,
  });
  return [
    target("relay: bytes of its bundle, all files", MAX_RELAY_BYTES, relay.bytes),
    target("relay: ms to import it, median", MAX_RELAY_IMPORT_MS, relay.importMs.median),
  ];
}

/** Packages shown of each bundle; the rest is one line. */
const MOST_PARTS = 12;

/** Everything for a person. */
export function renderStarts(measurement: StartMeasurement): string {
  const { functions, baseline, runs } = measurement;
  const starts = newTable([
    "function",
    "KB",
    "gzip",
    "at start",
    "import ms",
    "its CPU ms",
    "RSS MB",
    "first call ms",
    "extra ms",
  ]);
  starts.push(
    ["(empty module)", "0", "0", "0", ...tellMeasured(baseline), "", ""],
    ...functions.map(tellFunction),
  );
  return [
    `Each of ${functions.length} bundles and an empty module in ${runs} fresh processes, in turn; median (min–max).`,
    starts.toString(),
    "KB: all files of the bundle; at start: those that are read before the first event.",
    "First call: one small photo, or a round with nothing to close, with S3, table and destination answering on this",
    "machine over plain HTTP; extra is what it took longer than the next. A TLS handshake with each comes on top.",
    ...functions.flatMap((fn) => ["", `In ${fn.name}, KB`, tellContents(fn)]),
    "",
    "Targets",
    ...judgeStarts(measurement).map(tellTarget),
  ].join("\n");
}

function tellFunction(fn: MeasuredFunction): string[] {
  const first = fn.firstCall === undefined ? ["", ""] : [fn.firstCall.ms, fn.firstCall.extraMs].map(tellMs);
  return [
    fn.name,
    tellKb(fn.bytes),
    tellKb(fn.gzipBytes),
    tellKb(fn.bytesAtStart),
    ...tellMeasured(fn),
    ...first,
  ];
}

function tellMeasured({ importMs, importCpuMs, rssBytes }: Measured): string[] {
  return [tellMs(importMs), tellMs(importCpuMs), tellSpread(rssBytes, (bytes) => (bytes / 1e6).toFixed(1))];
}

function tellContents({ contents }: MeasuredFunction): string {
  const [shown, rest] = [contents.slice(0, MOST_PARTS), contents.slice(MOST_PARTS)];
  const table = newTable(["package", "at start", "KB"]);
  table.push(...shown.map(tellPart));
  if (rest.length > 0) table.push(tellPart(sumOf(rest)));
  return table.toString();
}

function tellPart({ name, bytes, bytesAtStart }: BundledPart): string[] {
  return [name, tellKb(bytesAtStart), tellKb(bytes)];
}

function sumOf(parts: readonly BundledPart[]): BundledPart {
  return {
    name: `${parts.length} more`,
    bytes: parts.reduce((sum, { bytes }) => sum + bytes, 0),
    bytesAtStart: parts.reduce((sum, { bytesAtStart }) => sum + bytesAtStart, 0),
  };
}

function tellTarget({ what, limit, measured, isMet }: Target): string {
  const [told, most] = [measured, limit].map((value) =>
    value.toLocaleString("en", { maximumFractionDigits: 1 }),
  );
  return `${isMet ? "met    " : "not met"}  ${what}: ${told}, at most ${most}`;
}

function newTable(head: string[]): InstanceType<typeof Table> {
  const colAligns = head.map((_, nth) => (nth === 0 ? ("left" as const) : ("right" as const)));
  return new Table({ head, colAligns, style: { head: [], border: [], compact: true } });
}

const tellMs = (spread: Spread) => tellSpread(spread, (ms) => ms.toFixed(1));
const tellKb = (bytes: number) => (bytes / 2 ** 10).toFixed(1);

function tellSpread({ median, min, max }: Spread, tell: (value: number) => string): string {
  return `${tell(median)} (${tell(min)}–${tell(max)})`;
}
