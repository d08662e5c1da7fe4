/** A value that must not be told, and what is said in its place. */
export interface Secret {
  readonly name: string;
  readonly value: string;
}

/** Makes texts that a server wrote fit for logs and rows. */
export interface Redactor {
  /** Says whether a text holds a secret of this account. */
  isTold(text: string): boolean;
  /** One printable line of at most 300 characters: secrets named instead of told, control characters escaped. */
  line(text: string): string;
}

const LONGEST_LINE = 300;
/** From this length on a value is found inside longer words too; a user called "a" leaves texts readable. */
const SHORTEST_ANYWHERE = 8;
// Signatures, policies and keys come in runs like this, also when they are cut, re-encoded or somebody else's. Names
// and addresses have dots, hyphens or blanks in between.
const ENCODED_RUN = /[A-Za-z0-9+/%]{20,}={0,2}/gu;
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029\uFFFE\uFFFF]/gu;

/** The redactor of one account. It finds secrets in any letter case, as they are and percent-encoded. */
export function redactorOf(secrets: readonly Secret[]): Redactor {
  const told = secrets.filter(({ value }) => value !== "");
  const patterns = told.flatMap(({ name, value }) =>
    [...new Set([value, encodeURIComponent(value.toWellFormed())])].map((form) => ({
      replacement: `[${name}]`,
      pattern: patternOf(form),
    })),
  );
  return {
    isTold: (text) => patterns.some(({ pattern }) => text.search(pattern) >= 0),
    line(text) {
      const redacted = patterns.reduce(
        (rest, { pattern, replacement }) => rest.replace(pattern, replacement),
        text,
      );
      return clip(redacted.replace(ENCODED_RUN, "[encoded]").replace(UNPRINTABLE, escapeCharacter));
    },
  };
}

function patternOf(value: string): RegExp {
  const literal = value.replace(/[\\^$.*+?()[\]{}|]/gu, "\\$&");
  const pattern =
    value.length >= SHORTEST_ANYWHERE ? literal : `(?<![\\p{L}\\p{N}])${literal}(?![\\p{L}\\p{N}])`;
  return new RegExp(pattern, "giu");
}

function escapeCharacter(character: string): string {
  return `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`;
}

function clip(line: string): string {
  if (line.length <= LONGEST_LINE) return line;
  // Without the first half of a pair whose second half is cut off.
  return `${line.slice(0, LONGEST_LINE - 1).replace(/\p{Cs}$/u, "")}…`;
}
