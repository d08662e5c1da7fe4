/** The model's answer as tables, for Markdown and for a terminal. */
import {
  type Amount,
  BESIDE,
  type BesideName,
  besideIt,
  type Cost,
  costPerMillion,
  fixedPerMonth,
  natGatewayPerMonth,
  type Question,
  TERMS,
} from "./cost-model.ts";
import { MEASURED } from "./measured.ts";
import {
  INTERNET_SEEN,
  INTERNET_TIERS,
  PRICES,
  PRICES_DATE,
  PRICES_REGION,
  type Price,
  priceList,
} from "./prices.ts";
import { GB, INVOCATION_LOG_BYTES, type Lane, type Quantities } from "./quantities.ts";
import { ASSUMPTIONS, type Assumption, workloadOf } from "./workload.ts";

/** One table. */
export interface Section {
  readonly title: string;
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** A line below it. */
  readonly note?: string;
}

/** What the documents show: nothing changed. */
export const USUAL: Question = { workload: workloadOf(), prices: priceList(), destination: "same-region" };

const LANES: readonly (readonly [Lane, string])[] = [
  ["bucket", "bucket lane"],
  ["v4", "v4 lane (estimate)"],
  ["obvious", "the obvious Lambda"],
];

/** What the model answers. */
export function answerSections(question: Question): Section[] {
  return [
    lanesSection(question),
    quantitiesSection(question),
    amountsSection("Every month, photos or not", fixedPerMonth(question), "total"),
    besideSection(question),
  ];
}

/** What the answer rests on. */
export function groundSections(question: Question): Section[] {
  return [pricesSection(question), assumptionsSection(question), countedSection()];
}

function costsOf(question: Question): Cost[] {
  return LANES.map(([lane]) => costPerMillion(lane, question));
}

function lanesSection(question: Question): Section {
  const costs = costsOf(question);
  return {
    title: "A million photos, US dollars",
    head: ["", ...LANES.map(([, title]) => title)],
    rows: [
      ...TERMS.map((term) => [term, ...costs.map(({ terms }) => tellUsd(terms[term]))]),
      ["total", ...costs.map(({ total }) => tellUsd(total))],
    ],
    note: `Bucket lane and obvious Lambda send to ${PLACES[question.destination]}; v4 goes over the internet, and so would an obvious Lambda that uses it.`,
  };
}

const PLACES = {
  "same-region": "a bucket in the functions' own region",
  "other-region": "a bucket in another region of AWS",
  internet: "a server outside of AWS",
} as const;

const QUANTITIES: Readonly<
  Record<keyof Quantities, readonly [what: string, tell: (value: number) => string]>
> = {
  lambdaGbSeconds: ["Lambda, GB-seconds", (value) => value.toFixed(4)],
  lambdaInvocations: ["Lambda, invocations", tellNumber],
  s3Gets: ["S3 GETs", tellNumber],
  sqsRequests: ["SQS requests", tellNumber],
  writeUnits: ["DynamoDB write units", tellNumber],
  readUnits: ["DynamoDB read units", tellNumber],
  logGb: ["log bytes", (gb) => tellNumber(Math.round(gb * GB))],
  sentGb: ["bytes sent", (gb) => tellNumber(Math.round(gb * GB))],
};

function quantitiesSection(question: Question): Section {
  const costs = costsOf(question);
  const names = Object.keys(QUANTITIES) as (keyof Quantities)[];
  return {
    title: "What one photo comes to",
    head: ["", ...LANES.map(([, title]) => title)],
    rows: names.map((name) => {
      const [what, tell] = QUANTITIES[name];
      return [what, ...costs.map(({ quantities }) => tell(quantities[name]))];
    }),
  };
}

function amountsSection(title: string, amounts: readonly Amount[], total?: string): Section {
  const rows = amounts.map(({ what, usd }) => [what, tellUsd(usd)]);
  const sum = amounts.reduce((all, { usd }) => all + usd, 0);
  return {
    title,
    head: ["", "US dollars"],
    rows: [...rows, ...(total === undefined ? [] : [[total, tellUsd(sum)]])],
  };
}

function besideSection(question: Question): Section {
  const beside = besideIt(question);
  const names = Object.keys(BESIDE) as BesideName[];
  const amounts = names.map((name) => ({ what: BESIDE[name], usd: beside[name] }));
  return {
    ...amountsSection("Beside it, for a million photos", amounts),
    note: `A NAT gateway costs $${tellUsd(natGatewayPerMonth(question.prices))} a month by itself.`,
  };
}

function pricesSection({ prices }: Question): Section {
  const names = Object.keys(PRICES) as (keyof typeof PRICES)[];
  const internet = INTERNET_TIERS.map(({ upToGb, usdPerGb }) => `${usdPerGb} up to ${tellTb(upToGb)}`).join(
    ", ",
  );
  return {
    title: `Prices, US dollars, ${PRICES_REGION}, ${PRICES_DATE}`,
    head: ["name", "price", "per", "to be checked at", "seen at"],
    rows: [
      ...names.map((name) => {
        const { usd, per, page, seen }: Price = PRICES[name];
        const told = prices[name] === usd ? seen : "given";
        return [name, tellPrice(prices[name]), per, page, told];
      }),
      [
        "internet",
        internet,
        "GB, by the month's volume",
        "aws.amazon.com/ec2/pricing/on-demand",
        INTERNET_SEEN,
      ],
    ],
    note: "Free tiers and discounts are left out; a GB is 2³⁰ bytes. AWS's own pages could not be read then, but for old copies: what was seen is second-hand, so check what you rely on.",
  };
}

function assumptionsSection({ workload }: Question): Section {
  const names = Object.keys(ASSUMPTIONS) as (keyof typeof ASSUMPTIONS)[];
  return {
    title: "Assumptions",
    head: ["name", "value", "what", "known", "from"],
    rows: names.map((name) => {
      const { value, what, known, from }: Assumption = ASSUMPTIONS[name];
      const told = workload[name] === value ? [known, from] : ["chosen", "given"];
      return [name, tellNumber(workload[name]), what, ...told];
    }),
  };
}

function countedSection(): Section {
  return {
    title: "Counted from our code",
    head: ["name", "value"],
    rows: [...Object.entries(MEASURED), ["invocationLogBytes", INVOCATION_LOG_BYTES] as const].map(
      ([name, value]) => [name, tellNumber(value)],
    ),
  };
}

/** Two digits behind the point, as money is told. */
export function tellUsd(usd: number): string {
  return usd.toFixed(2);
}

function tellNumber(value: number): string {
  return value.toLocaleString("en", { maximumFractionDigits: 2 });
}

/** A price for one: so many digits as it has. */
function tellPrice(usd: number): string {
  return usd >= 0.001 ? String(usd) : `${Number((usd * 1e6).toPrecision(9))} per million`;
}

function tellTb(gb: number): string {
  return Number.isFinite(gb) ? `${gb / 2 ** 10} TB` : "any";
}
