import fc from 'fast-check';
import { CsvError, csvRecords } from '../../infra/preflight/google-csv.js';

async function read(...pieces: readonly string[]): Promise<(readonly string[])[]> {
  const records: (readonly string[])[] = [];
  for await (const record of csvRecords(pieces)) records.push(record);
  return records;
}

/** As RFC 4180 writes it; quotes only where they must be, or everywhere. */
function write(records: readonly (readonly string[])[], end: string, always: boolean): string {
  const field = (text: string) =>
    always || /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  return records.map((record) => record.map(field).join(',') + end).join('');
}

const fieldText = fc.oneof(
  fc.string(),
  fc.constantFrom('', '"', '""', ',', '\r\n', '\n', '\r', 'ä"🎉,', '\uFEFFx'),
);
// A record of one empty field looks like an empty line unless it is quoted.
const record = fc.array(fieldText, { minLength: 1, maxLength: 5 });

test('what was written comes back, however the text is cut into pieces', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(record, { maxLength: 6 }),
      fc.constantFrom('\r\n', '\n'),
      fc.array(fc.nat({ max: 200 }), { maxLength: 8 }),
      async (records, end, cuts) => {
        const text = `\uFEFF${write(records, end, true)}`;
        const places = [
          0,
          ...cuts.map((cut) => Math.min(cut, text.length)).sort((a, b) => a - b),
          text.length,
        ];
        const pieces = places.slice(1).map((place, index) => text.slice(places[index], place));
        expect(await read(...pieces)).toEqual(records);
      },
    ),
  );
});

test('quotes may be left out where nothing needs them', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(fc.string({ minLength: 1 }), { minLength: 1, maxLength: 4 }), { maxLength: 5 }),
      async (records) => {
        fc.pre(!(records[0]?.[0] ?? '').startsWith('\uFEFF'));
        expect(await read(write(records, '\r\n', false))).toEqual(records);
      },
    ),
  );
});

test('any text ends in records or in an error with a line', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.string()), async (pieces) => {
      await read(...pieces).catch((error: unknown) => {
        expect(error).toBeInstanceOf(CsvError);
        expect((error as CsvError).line).toBeGreaterThan(0);
      });
    }),
  );
});

test.each([
  ['a,"b', /line 1: a quote is not closed/],
  ['a\n"b\nc', /line 2: a quote is not closed/],
  ['a"b', /line 1: a quote stands inside of a field/],
  ['x\n"a"b', /line 2: text stands behind a closing quote/],
  [`"${'x'.repeat(200_000)}`, /line 1: a field is too long/],
])('%j is no CSV', async (text, words) => {
  await expect(read(text)).rejects.toThrow(words);
});

test('empty lines are no records, and the last line needs no end', async () => {
  expect(await read('a,b\r\n\r\n\nc,d')).toEqual([
    ['a', 'b'],
    ['c', 'd'],
  ]);
});
