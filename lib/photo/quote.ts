/** Longest quotation in a message; enough for every sound value, and a hostile one cannot flood a log. */
export const MAX_QUOTED_CHARACTERS = 60;

/** Control, format, unassigned and line-breaking characters, and what would end or fake the quotation. */
const UNSAFE = /[\p{C}\p{Zl}\p{Zp}"\\]/u;

/**
 * Quotes text that a stranger wrote for a message: unsafe characters become escapes, and a long text ends in `…`.
 * What comes out is one line, whatever went in.
 */
export function quote(text: string): string {
  let quoted = "";
  for (const character of text) {
    const safe = UNSAFE.test(character) ? escapeCharacter(character) : character;
    if (quoted.length + safe.length > MAX_QUOTED_CHARACTERS) return `"${quoted}…"`;
    quoted += safe;
  }
  return `"${quoted}"`;
}

function escapeCharacter(character: string): string {
  if (character === '"' || character === "\\") return `\\${character}`;
  const code = (character.codePointAt(0) ?? 0).toString(16);
  return code.length <= 2 ? `\\x${code.padStart(2, "0")}` : `\\u{${code}}`;
}
