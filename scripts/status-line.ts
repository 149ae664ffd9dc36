/**
 * The live line of a terminal. Pure.
 *
 * It must never reach the last column: a terminal would go on in the next line, and clearing it would leave the first one behind.
 */

/** Characters that take two cells; what is wide in some terminals only is taken for wide. */
const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97c\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|[\u{17000}-\u{18cff}\u{1b000}-\u{1b2ff}\u{20000}-\u{3fffd}]|\p{Extended_Pictographic}|\p{Regional_Indicator}/u;
/** Marks that sit on the character before them. */
const MARK = /^\p{M}$/u;

/** How many cells of a line a text without control characters takes, at most. */
export function cellsOf(text: string): number {
  let cells = 0;
  for (const character of text) cells += widthOf(character);
  return cells;
}

/**
 * The first of the forms that fits into a line; where none does, the last, cut.
 *
 * @param forms the same with less and less words; control characters in them become blanks
 * @param columns cells of a line
 */
export function statusLine(forms: readonly string[], columns: number): string {
  const plain = forms.map((form) => form.replace(/\p{C}/gu, ' '));
  const room = Math.max(0, columns - 1);
  return plain.find((form) => cellsOf(form) <= room) ?? cut(plain.at(-1) ?? '', room);
}

function cut(text: string, room: number): string {
  let kept = '';
  let cells = 0;
  for (const character of text) {
    cells += widthOf(character);
    if (cells > room - 1) break;
    kept += character;
  }
  return room > 0 ? `${kept}…` : '';
}

function widthOf(character: string): number {
  if (MARK.test(character)) return 0;
  return WIDE.test(character) ? 2 : 1;
}
