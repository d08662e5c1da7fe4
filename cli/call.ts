/** How somebody who has not installed the package calls the program. */
export const CALL = "npm run -s relay --";

/** A command line to be pasted into a shell: what a shell would take for more than a word is quoted. */
export function callOf(...words: readonly string[]): string {
  return [CALL, ...words.map(shellWord)].join(" ");
}

/** A word as a shell takes it. */
export function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : quoteForShell(text);
}

/** A text in quotes that a shell takes as it is. */
export function quoteForShell(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
