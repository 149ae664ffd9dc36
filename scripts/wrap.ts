/** Text in lines of a width. Pure. */

/**
 * Lines of up to `columns` characters, broken between words; a word that is longer than a line stays whole. The second line and those
 * after it are indented by `indent` more than the first.
 */
export function wrapped(text: string, columns: number, indent = '  '): readonly string[] {
  const first = /^ */.exec(text)?.[0] ?? '';
  const lines: string[] = [];
  let line = '';
  for (const word of text.trim().split(/ +/)) {
    if (line !== '' && line.length + 1 + word.length > columns) {
      lines.push(line);
      line = '';
    }
    if (line !== '') line = `${line} ${word}`;
    else line = `${first}${lines.length === 0 ? '' : indent}${word}`;
  }
  return [...lines, line];
}
