import {
  BESIDE,
  type BesideName,
  besideIt,
  costPerMillion,
  fixedPerMonth,
  TERMS,
  type Term,
} from "./cost-model.ts";
import { answerSections, groundSections, type Section, tellUsd, USUAL } from "./cost-sections.ts";
import { PRICES_DATE, PRICES_REGION } from "./prices.ts";

const BEGIN = "<!-- cost:begin -->";
const END = "<!-- cost:end -->";

/** What stands in docs/cost.md between the markers. */
export function renderCostTable(): string {
  return [...answerSections(USUAL), ...groundSections(USUAL)].map(renderSection).join("\n\n");
}

function renderSection({ title, head, rows, note }: Section): string {
  const lines = [`## ${title}`, "", ...renderRows(head, rows), ...(note === undefined ? [] : ["", note])];
  return lines.join("\n");
}

function renderRows(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)];
}

/** How the README gathers the terms. */
const SHORT_TERMS: readonly (readonly [string, readonly Term[]])[] = [
  ["Lambda", ["Lambda time", "Lambda invocations"]],
  ["S3 and SQS requests", ["S3 GET", "SQS requests"]],
  ["DynamoDB", ["DynamoDB writes", "DynamoDB reads"]],
  ["Logs", ["Logs"]],
  ["Transfer out", ["Transfer out"]],
  ["total", TERMS],
];

/** What the README tells beside them: whatever costs more than the relay itself, or nearly so. */
const SHORT_BESIDE: readonly BesideName[] = [
  "otherRegion",
  "outsideAws",
  "natOneWay",
  "dayKept",
  "cameraPuts",
  "mixedTracks",
];

/** What stands in the README between the markers. */
export function renderShortCostTable(): string {
  const lanes = (["bucket", "v4", "obvious"] as const).map((lane) => costPerMillion(lane, USUAL));
  const rows = SHORT_TERMS.map(([title, terms]) => [
    title,
    ...lanes.map((cost) => tellUsd(terms.reduce((sum, term) => sum + cost.terms[term], 0))),
  ]);
  const fixed = fixedPerMonth(USUAL).reduce((sum, { usd }) => sum + usd, 0);
  const beside = besideIt(USUAL);
  const besides = SHORT_BESIDE.map((name) => `${BESIDE[name]} $${tellUsd(beside[name])}`);
  const { photoMb } = USUAL.workload;
  return [
    ...renderRows(
      [
        `US dollars for a million photos of ${photoMb} MB`,
        "bucket lane",
        "v4 lane (estimate)",
        "the obvious Lambda",
      ],
      rows,
    ),
    "",
    `Prices of ${PRICES_REGION}, ${PRICES_DATE}, without free tiers. A month without photos costs $${tellUsd(fixed)}. Beside it, for a million photos: ${besides.join("; ")}.`,
  ].join("\n");
}

/** A document whose markers are not one pair, in order. */
export class MarkerError extends Error {
  override readonly name = "MarkerError";
}

/**
 * Puts `content` between a document's markers.
 *
 * @returns `undefined` when there are no markers
 * @throws {MarkerError} when there is one without the other, in the wrong order, or more than one pair
 */
export function replaceMarked(document: string, content: string): string | undefined {
  const [begins, ends] = [BEGIN, END].map((marker) => document.split(marker).length - 1);
  if (begins === 0 && ends === 0) return undefined;
  const [from, to] = [document.indexOf(BEGIN) + BEGIN.length, document.indexOf(END)];
  if (begins !== 1 || ends !== 1 || to < from) {
    throw new MarkerError(`expected ${BEGIN} once, and ${END} once behind it`);
  }
  return `${document.slice(0, from)}\n${content}\n${document.slice(to)}`;
}
