/** What can go wrong on purpose, as a table: for the program's flags, their help, and the checks of both. */

/** How the dials stand. */
export interface V4Dials {
  readonly failShare: number;
  readonly unavailableShare: number;
  readonly retryAfter: "seconds" | "date" | "nonsense";
  readonly retryAfterSeconds: number;
  readonly rateLimitShare: number;
  readonly rateLimitStatus: number;
  readonly rateLimitBackoffMs: number;
  readonly notJsonShare: number;
  readonly sharesOn: "upload" | "graph" | "all";
  /** Null for never. */
  readonly dropAfterBytes: number | null;
  readonly dropOn: "every" | "first";
  readonly offsetInvalidOnce: boolean;
  readonly forgetSessionOnce: boolean;
  readonly expireOnce: "nothing" | "images" | "manifest";
  /** Null for never. */
  readonly revokeAfterRequests: number | null;
  readonly finish: (typeof FINISHES)[number];
  readonly denyConsent: boolean;
  readonly slowMs: number;
}

/** What a dial is, for whoever reads it from a text. */
export type DialDescription = {
  readonly name: keyof V4Dials;
  /** One line of help. */
  readonly meaning: string;
} & (
  | {
      readonly kind: "number";
      /** `share` is a fraction; everything else is whole. */
      readonly unit: "share" | "bytes" | "ms" | "seconds" | "requests" | "status";
      readonly least: number;
      readonly most: number;
    }
  | { readonly kind: "choice"; readonly choices: readonly string[] }
  | { readonly kind: "flag" }
);

const FINISHES = [
  "proper",
  "500-after",
  "500-before",
  "null-after",
  "null-before",
  "lost-after",
  "lost-before",
] as const;

/** Nothing goes wrong. */
export const PROPER_DIALS: V4Dials = {
  failShare: 0,
  unavailableShare: 0,
  retryAfter: "seconds",
  retryAfterSeconds: 1,
  rateLimitShare: 0,
  rateLimitStatus: 429,
  rateLimitBackoffMs: 10_000,
  notJsonShare: 0,
  sharesOn: "upload",
  dropAfterBytes: null,
  dropOn: "every",
  offsetInvalidOnce: false,
  forgetSessionOnce: false,
  expireOnce: "nothing",
  revokeAfterRequests: null,
  finish: "proper",
  denyConsent: false,
  slowMs: 0,
};

const SHARE = { kind: "number", unit: "share", least: 0, most: 1 } as const;
/** The longest that a timer of Node takes. */
const MS = { kind: "number", unit: "ms", least: 0, most: 2 ** 31 - 1 } as const;

/** All dials, in the order in which help should list them. */
export const V4_DIALS: readonly DialDescription[] = [
  { name: "failShare", ...SHARE, meaning: "part of the requests answered 500" },
  { name: "unavailableShare", ...SHARE, meaning: "part of the requests answered 503 with Retry-After" },
  {
    name: "retryAfter",
    kind: "choice",
    choices: ["seconds", "date", "nonsense"],
    meaning: "form of the 503's Retry-After",
  },
  {
    name: "retryAfterSeconds",
    kind: "number",
    unit: "seconds",
    least: -86_400,
    most: 86_400,
    meaning: "wait that the 503's Retry-After asks for; may lie in the past",
  },
  {
    name: "rateLimitShare",
    ...SHARE,
    meaning: "part of the requests answered 429, said not to be retriable",
  },
  {
    name: "rateLimitStatus",
    kind: "number",
    unit: "status",
    least: 400,
    most: 499,
    meaning: "status in place of that 429; the rate limit was seen with others too",
  },
  { name: "rateLimitBackoffMs", ...MS, meaning: "wait that the 429's backoff asks for" },
  { name: "notJsonShare", ...SHARE, meaning: "part of the requests answered 400 without JSON" },
  {
    name: "sharesOn",
    kind: "choice",
    choices: ["upload", "graph", "all"],
    meaning: "which requests these parts are parts of",
  },
  {
    name: "dropAfterBytes",
    kind: "number",
    unit: "bytes",
    least: 0,
    most: Number.MAX_SAFE_INTEGER,
    meaning: "drop the connection of an upload after so many bytes, when it has more",
  },
  {
    name: "dropOn",
    kind: "choice",
    choices: ["every", "first"],
    meaning: "drop every upload, or the first of each session",
  },
  { name: "offsetInvalidOnce", kind: "flag", meaning: "answer 412 to the first upload of each session" },
  {
    name: "forgetSessionOnce",
    kind: "flag",
    meaning: "forget each session once, when it is asked where it stands",
  },
  {
    name: "expireOnce",
    kind: "choice",
    choices: ["nothing", "images", "manifest"],
    meaning: "let handles expire just before their first finish",
  },
  {
    name: "revokeAfterRequests",
    kind: "number",
    unit: "requests",
    least: 0,
    most: Number.MAX_SAFE_INTEGER,
    meaning: "revoke the token that comes after so many good requests",
  },
  {
    name: "finish",
    kind: "choice",
    choices: FINISHES,
    meaning: "answer finishes with 500, with a null cluster or not at all, having made the cluster or not",
  },
  { name: "denyConsent", kind: "flag", meaning: "deny the application what it asks for on the OAuth page" },
  { name: "slowMs", ...MS, meaning: "answer every request so much later" },
];

/**
 * Reads a dial from a text, as a flag of a program has it.
 *
 * @throws {RangeError} when the text does not say what the dial can be, naming both.
 */
export function parseV4Dial(dial: DialDescription, text: string): Partial<V4Dials> {
  const value = readValue(dial, text);
  checkDials({ [dial.name]: value });
  return { [dial.name]: value };
}

/**
 * Makes sure that dials can stand like this.
 *
 * @throws {RangeError} naming the one that cannot.
 */
export function checkDials(dials: Partial<V4Dials>): void {
  for (const [name, value] of Object.entries(dials)) {
    const dial = V4_DIALS.find((candidate) => candidate.name === name);
    if (dial !== undefined && canBe(dial, value)) continue;
    throw new RangeError(`fault dial: ${name} is ${String(value)}, expected ${expectationOf(dial)}`);
  }
}

function readValue(dial: DialDescription, text: string): unknown {
  if (dial.kind === "number") return /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : text;
  if (dial.kind === "flag") return text === "true" || (text === "false" ? false : text);
  return text;
}

function canBe(dial: DialDescription, value: unknown): boolean {
  switch (dial.kind) {
    case "flag":
      return typeof value === "boolean";
    case "choice":
      return typeof value === "string" && dial.choices.includes(value);
    case "number":
      return value === null ? PROPER_DIALS[dial.name] === null : isInRange(dial, value);
  }
}

function isInRange(
  { unit, least, most }: Extract<DialDescription, { kind: "number" }>,
  value: unknown,
): boolean {
  if (typeof value !== "number" || !(value >= least && value <= most)) return false;
  return unit === "share" || Number.isInteger(value);
}

function expectationOf(dial: DialDescription | undefined): string {
  if (dial === undefined) return "a dial that there is";
  if (dial.kind === "flag") return "true or false";
  if (dial.kind === "choice") return dial.choices.join(", ");
  return `${dial.least} to ${dial.most} ${dial.unit}`;
}
