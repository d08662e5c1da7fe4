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
 * line. Nothing but the blanks at breaks is lost.
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
  let current = "";
  for (const word of line.split(" ").flatMap((long) => breakWord(long, width))) {
    const longer =
      lines.length === 0 && current === "" ? word.text : current + (word.isGoneOn ? "" : " ") + word.text;
    if (current !== "" && (word.isGoneOn || widthOf(longer) > width)) {
      lines.push(current);
      current = word.text;
    } else current = longer;
  }
  return [...lines, current];
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
