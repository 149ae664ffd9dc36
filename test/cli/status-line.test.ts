/** The live line of a terminal: it fits, it leaves nothing behind, and it tells what a person waits for as long as there is room. */
import { PassThrough } from 'node:stream';
import fc from 'fast-check';
import { noCounts, ProgressText, type SweepProgress } from '../../infra/exchange/visibility/index.js';
import { follow } from '../../scripts/commands/visibility-shared.js';
import { cellsOf, statusLine } from '../../scripts/status-line.js';
import { Terminal } from '../../scripts/terminal.js';

const WIDTHS = fc.integer({ min: 20, max: 200 });
const TEXTS = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 250, size: 'max' }),
  fc.string({ unit: 'binary', maxLength: 250, size: 'max' }),
  fc.stringMatching(/^[日本語한국어Ａ🎉é]{0,120}$/u, { size: 'max' }),
);

/** A screen of so many columns that does what a terminal does with these few sequences. */
class Screen {
  readonly lines: string[][] = [[]];
  #row = 0;
  #column = 0;

  constructor(readonly columns: number) {}

  write(text: string): void {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what this is about.
    for (const part of text.match(/\u001b\[2K|\r|\n|[^\r\n\u001b]/gu) ?? []) {
      if (part === '\u001b[2K') this.lines[this.#row] = [];
      else if (part === '\r') this.#column = 0;
      else if (part === '\n') this.#next();
      else this.#put(part);
    }
  }

  /** What stands in the lines, without blanks at their ends. */
  shown(): readonly string[] {
    return this.lines.map((line) => line.join('').trimEnd());
  }

  #put(character: string): void {
    if (this.#column + cellsOf(character) > this.columns) this.#next();
    const line = this.lines[this.#row] ?? [];
    line[this.#column] = character;
    this.#column += cellsOf(character);
  }

  #next(): void {
    this.#row += 1;
    this.#column = 0;
    this.lines[this.#row] ??= [];
  }
}

function terminalOn(screen: Screen): Terminal {
  const stdout = Object.assign(new PassThrough(), { isTTY: true, columns: screen.columns });
  const write = stdout.write.bind(stdout);
  stdout.write = ((text: string) => {
    screen.write(text);
    return write(text);
  }) as typeof stdout.write;
  stdout.resume();
  return new Terminal({ stdout, stderr: stdout, json: false, color: false });
}

test('fits into any terminal, whatever it says', () => {
  fc.assert(
    fc.property(
      fc.array(TEXTS, { minLength: 1, maxLength: 4 }),
      fc.integer({ min: 0, max: 200 }),
      (forms, columns) => {
        const line = statusLine(forms, columns);
        expect(cellsOf(line)).toBeLessThanOrEqual(Math.max(0, columns - 1));
        expect(line).not.toMatch(/\p{C}/u);
      },
    ),
  );
});

/** Cells as terminals show them; not by the product's own count. */
const CELLS: readonly (readonly [string, number])[] = [
  ['', 0],
  ['abc', 3],
  ['日本', 4],
  ['한국', 4],
  ['Ａ！', 4],
  ['🎉', 2],
  ['e\u0301', 1],
  ['é', 1],
  ['a日e\u0301🎉', 6],
];

test.each(CELLS)('%j takes its cells, and is cut by them', (text, cells) => {
  expect(cellsOf(text)).toBe(cells);
  expect(statusLine([text], cells + 1)).toBe(text);
  if (cells > 0) expect(statusLine([text], cells)).not.toBe(text);
});

test('of a part of a larger report passes on all forms, and the first that fits is shown', () => {
  const screen = new Screen(10);
  terminalOn(screen).forPart().status('reading calendars: 5 of 9', '5 of 9', '5/9');
  expect(screen.shown()).toEqual(['5 of 9']);
});

test('is the longest form that fits, and is cut only where none does', () => {
  const forms = ['reading calendars: 5 of 9', '5 of 9', '5/9'];
  expect([26, 25, 7, 6, 4, 3].map((columns) => statusLine(forms, columns))).toEqual([
    'reading calendars: 5 of 9',
    '5 of 9',
    '5 of 9',
    '5/9',
    '5/9',
    '5…',
  ]);
});

const PROGRESS = fc.record({
  done: fc.integer({ min: 0, max: 500_000 }),
  more: fc.integer({ min: 1, max: 500_000 }),
  failed: fc.integer({ min: 0, max: 500_000 }),
  seconds: fc.integer({ min: 1, max: 86_400 }),
});

test('of a sweep tells rate and time left from 40 columns on, and the time left from 20 on', () => {
  fc.assert(
    fc.property(WIDTHS, PROGRESS, (columns, { done, more, failed, seconds }) => {
      const text = new ProgressText();
      const counts = { ...noCounts(), failed };
      const progress: SweepProgress = { done, total: done + more, listed: true, counts };
      text.next({ ...progress, done: 0 }, 0);
      const forms = text.next(progress, seconds * 1000);
      const lengths = forms.map(cellsOf);
      expect(lengths).toEqual([...lengths].sort((one, other) => other - one));
      if (done === 0) return;
      const line = statusLine([`raising calendars: ${forms[0]}`, ...forms], columns);
      if (columns >= 40) expect(line).toMatch(/\d+(\.\d)?( a second|\/s), (about )?\d.* left/);
      else if (cellsOf(forms.at(-1) ?? '') < columns) expect(line).toMatch(/\d (s|min) left/);
    }),
  );
});

test.each([
  [1, 2, '1/2'],
  [9, 9, '9/9'],
  [1, 10, '1/10'],
  [10, 20, '50 %'],
])(
  'of a sweep, %i of %i done, is %s where there is little room: a share only where that is shorter',
  (done, total, shortest) => {
    const progress: SweepProgress = { done, total, listed: true, counts: noCounts() };
    expect(new ProgressText().next(progress, 0).slice(-2)).toEqual([shortest, shortest]);
  },
);

test('leaves nothing behind when it is redrawn, and what stays is whole', () => {
  fc.assert(
    fc.property(WIDTHS, fc.array(TEXTS, { maxLength: 12 }), (columns, texts) => {
      const screen = new Screen(columns);
      const terminal = terminalOn(screen);
      for (const text of texts) {
        terminal.status(text);
        expect(screen.lines).toHaveLength(1);
      }
      terminal.line('done');
      expect(screen.shown()).toEqual(['done', '']);
    }),
  );
});

test('a whole sweep is one line that grows, and lines that stay between', () => {
  for (const columns of [20, 40, 80, 200]) {
    const screen = new Screen(columns);
    let now = 0;
    const show = follow(terminalOn(screen), 'reading calendars', () => now);
    for (let done = 100; done <= 12_000; done += 100) {
      now += 500;
      show({ done, total: 12_000, listed: done > 2_000, counts: { ...noCounts(), failed: 3 } });
      if (now % 60_000 !== 0) expect(screen.shown().at(-1)).toMatch(/left|\d/);
    }
    const kept = screen.shown().join('');
    expect(kept.replaceAll(/\s/g, '')).toContain('12,000of12,000mailboxes');
  }
});
