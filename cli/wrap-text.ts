/**
 * Characters from here on (Hangul Jamo) may take two cells of a terminal. Many take one: a text is rather broken a
 * little early than cut by the edge.
 */
const FIRST_WIDE_CODE_POINT = 0x1100;

/** Cells that a text of one line takes in a terminal, at most. */
export function widthOf(text: string): number {
  let width = 0;
  for (const character of text) width += widthOfCharacter(character);
  return width;
}

/**
 * Breaks a text into lines of at most `width` cells: between words where it can, inside a word that is longer than a
 * line. Nothing but the blanks at breaks is lost, and however many they are, no line is made of them.
 *
 * @param width at least 2
 */
export function wrapText(text: string, width: number): string {
  return text
    .split("\n")
    .flatMap((line) => wrapLine(line, width))
    .join("\n");
}

function wrapLine(line: string, width: number): string[] {
  const lines: string[] = [];
  let current: string | undefined;
  for (const { text, isGoneOn } of line.split(" ").flatMap((word) => breakWord(word, width))) {
    const isBehindBreak = current === "" && lines.length > 0;
    if (current === undefined || isBehindBreak) current = text;
    else if (isGoneOn || widthOf(current) + 1 + widthOf(text) > width) {
      lines.push(...withoutBlanksBehind(current));
      current = text;
    } else current += ` ${text}`;
  }
  // A text of blanks is still a line; blanks that were all that followed a break are none.
  const last = current ?? "";
  return lines.length === 0 ? [last] : [...lines, ...withoutBlanksBehind(last)];
}

/** The line without the blanks that a break swallows; no line when there is nothing else in it. */
function withoutBlanksBehind(line: string): string[] {
  const kept = line.replace(/ +$/, "");
  return kept === "" ? [] : [kept];
}

/** A word, or a piece of one. */
interface Piece {
  readonly text: string;
  /** It goes on the piece before it. */
  readonly isGoneOn: boolean;
}

function breakWord(word: string, width: number): Piece[] {
  const pieces: Piece[] = [];
  let text = "";
  for (const character of word) {
    if (text !== "" && widthOf(text) + widthOfCharacter(character) > width) {
      pieces.push({ text, isGoneOn: pieces.length > 0 });
      text = "";
    }
    text += character;
  }
  return [...pieces, { text, isGoneOn: pieces.length > 0 }];
}

function widthOfCharacter(character: string): number {
  return (character.codePointAt(0) ?? 0) < FIRST_WIDE_CODE_POINT ? 1 : 2;
}
