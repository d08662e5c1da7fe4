import { readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import Table from "cli-table3";
import { Command, InvalidArgumentError, Option } from "commander";
import { renderCostTable, renderShortCostTable, replaceMarked } from "./cost-markdown.ts";
import { besideIt, costPerMillion, fixedPerMonth, type Question } from "./cost-model.ts";
import { answerSections, groundSections, type Section, USUAL } from "./cost-sections.ts";
import { MEASURED } from "./measured.ts";
import { PRICES, PRICES_DATE, PRICES_REGION, type PriceList, type PriceName, priceList } from "./prices.ts";
import {
  ASSUMPTIONS,
  type AssumptionName,
  DESTINATIONS,
  type DestinationPlace,
  problemsOf,
  type Workload,
  workloadOf,
} from "./workload.ts";

type Flags = Partial<Workload> & {
  readonly json?: true;
  readonly write?: true;
  readonly grounds?: true;
  readonly price: Partial<PriceList>;
  readonly destination: DestinationPlace;
};

const HELP = `
Nothing is asked of AWS: the prices stand in test/bench/cost/prices.ts with their date, what our code does per photo in
measured.ts, where a test counts it again. --write updates docs/cost.md and README.md, for the values as they stand.

Examples:
  npm run bench:cost -- --photo-mb 12 --tracks-per-batch 10
  npm run bench:cost -- --destination other-region --price dynamoWriteUnit=0.000000705`;

const program = new Command("bench:cost")
  .usage("[options]")
  .description("Tells what a million photos cost, by term.")
  .option("--json", "print one JSON object")
  .option("--write", "put the tables into docs/cost.md and README.md")
  .option("--grounds", "print prices and assumptions as well")
  .addOption(
    new Option("--price <name=usd>", "another price, for one; may be repeated")
      .argParser(readPrice)
      .default({}, "as in docs/cost.md"),
  )
  .addOption(
    new Option("--destination <place>", "where the bucket lane sends to")
      .choices(DESTINATIONS)
      .default("same-region"),
  )
  .addHelpText("after", HELP);
for (const name of Object.keys(ASSUMPTIONS) as AssumptionName[]) {
  const flag = name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  program.option(`--${flag} <n>`, ASSUMPTIONS[name].what, readNumber, ASSUMPTIONS[name].value);
}
const { json, write, grounds, price, destination, ...chosen } = program.parse().opts<Flags>();
const question: Question = { workload: workloadOf(chosen), prices: priceList(price), destination };
const problems = problemsOf(question.workload);
if (problems.length > 0) program.error(`error: ${problems.join("; ")}`);
if (write && JSON.stringify(question) !== JSON.stringify(USUAL)) {
  program.error("error: --write takes the values as they stand, and no others");
}
if (write) await writeDocuments();
else process.stdout.write(`${json ? JSON.stringify(answerOf(question)) : describe(question)}\n`);

function answerOf(asked: Question) {
  const lanes = (["bucket", "v4", "obvious"] as const).map(
    (lane) => [lane, costPerMillion(lane, asked)] as const,
  );
  return {
    pricesDate: PRICES_DATE,
    region: PRICES_REGION,
    ...asked,
    counted: MEASURED,
    usdPerMillionPhotos: Object.fromEntries(lanes),
    usdPerMonth: fixedPerMonth(asked),
    besideIt: besideIt(asked),
  };
}

function describe(asked: Question): string {
  const sections = [...answerSections(asked), ...(grounds ? groundSections(asked) : [])];
  const more = grounds ? [] : ["Prices and assumptions with their sources: --grounds, or docs/cost.md."];
  return [...sections.map(tellSection), ...more].join("\n\n");
}

function tellSection({ title, head, rows, note }: Section): string {
  const table = new Table({ head: [...head], style: { head: [], border: [], compact: true } });
  table.push(...rows.map((row) => [...row]));
  return [title, table.toString(), ...(note === undefined ? [] : [note])].join("\n");
}

async function writeDocuments(): Promise<void> {
  for (const [name, content] of [
    ["docs/cost.md", renderCostTable()],
    ["README.md", renderShortCostTable()],
  ] as const) {
    const path = fileURLToPath(new URL(`../../../${name}`, import.meta.url));
    const before = await readFile(path, "utf8");
    const after = replaceMarked(before, content);
    if (after !== undefined && after !== before) await writeFile(path, after);
    process.stdout.write(`${name}: ${tellChange(before, after)}\n`);
  }
}

function tellChange(before: string, after: string | undefined): string {
  if (after === undefined) return "has no markers";
  return after === before ? "is as it should be" : "written";
}

function readNumber(text: string): number {
  const value = Number(text);
  if (text.trim() !== "" && Number.isFinite(value) && value >= 0) return value;
  throw new InvalidArgumentError("Expected a number of at least 0.");
}

function readPrice(text: string, before: Partial<PriceList>): Partial<PriceList> {
  const [name = "", usd = ""] = text.split("=", 2);
  if (!isPriceName(name)) {
    throw new InvalidArgumentError(
      `Expected one of ${Object.keys(PRICES).join(", ")}, then = and US dollars.`,
    );
  }
  return { ...before, [name]: readNumber(usd) };
}

function isPriceName(name: string): name is PriceName {
  return Object.hasOwn(PRICES, name);
}
