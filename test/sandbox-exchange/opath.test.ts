/** OPATH: what is written is read back as it was, evaluated by the rules, and everything else refused. */
import fc from 'fast-check';
import {
  FILTERABLE,
  type Filter,
  formatOpath,
  matchesOpath,
  OpathError,
  parseOpath,
} from '../../sandbox/exchange/opath.js';

const compare = fc.record({
  kind: fc.constant('compare' as const),
  property: fc.constantFrom(...FILTERABLE),
  operator: fc.constantFrom('eq' as const, 'ne' as const, 'like' as const, 'notlike' as const),
  value: fc.oneof(fc.string({ unit: 'grapheme' }), fc.constant(null)),
});
const { filter } = fc.letrec<{ filter: Filter }>((tie) => ({
  filter: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    compare,
    fc.record({
      kind: fc.constantFrom('and' as const, 'or' as const),
      left: tie('filter'),
      right: tie('filter'),
    }),
    fc.record({ kind: fc.constant('not' as const), inner: tie('filter') }),
  ),
}));

test('what is formatted is parsed back as the same filter, and formats the same again', () => {
  fc.assert(
    fc.property(filter, (given) => {
      const text = formatOpath(given);
      expect(parseOpath(text)).toEqual(given);
      expect(formatOpath(parseOpath(text))).toBe(text);
    }),
  );
});

test('any text is parsed, or refused with its own error and a position within it', () => {
  const pieces = fc.constantFrom(
    '(',
    ')',
    '-eq',
    '-and',
    '-not',
    '-or',
    '-like',
    "'",
    '"',
    'Name',
    '$true',
    '$',
    '-',
    ' ',
    "'a'",
    '#',
  );
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string({ unit: 'grapheme' }),
        fc.array(pieces).map((parts) => parts.join(' ')),
      ),
      (text) => {
        try {
          parseOpath(text);
        } catch (error) {
          expect(error).toBeInstanceOf(OpathError);
          const { position } = error as OpathError;
          expect(position).toBeGreaterThanOrEqual(1);
          expect(position).toBeLessThanOrEqual(text.length + 1);
        }
      },
    ),
    { numRuns: 500 },
  );
});

const properties: Readonly<Record<string, readonly (string | boolean)[]>> = {
  Name: ["O'Brien"],
  Alias: ['interop'],
  PrimarySmtpAddress: ['interop@contoso.com'],
  HiddenFromAddressListsEnabled: [true],
  EmailAddresses: ['a@contoso.com', 'b@contoso.com'],
};

test.each([
  ["Name -eq 'o''brien'", true],
  ['Name -eq "O\'Brien"', true],
  ["PrimarySmtpAddress -like '*@contoso.com'", true],
  ["PrimarySmtpAddress -like '*@CONTOSO.c'", false],
  ["PrimarySmtpAddress -like 'i.*'", false],
  ["PrimarySmtpAddress -notlike '*@fabrikam.com'", true],
  ["EmailAddresses -eq 'b@contoso.com'", true],
  ["EmailAddresses -ne 'b@contoso.com'", false],
  ['HiddenFromAddressListsEnabled -eq $true', true],
  ["HiddenFromAddressListsEnabled -eq 'False'", false],
  ['CustomAttribute1 -eq $null', true],
  ['Alias -ne $null', true],
  ["Alias -eq 'x' -or Alias -eq 'interop' -and Name -eq 'x'", false],
  ["(Alias -eq 'x' -or Alias -eq 'interop') -and -not (Name -eq 'x')", true],
  ["-not Alias -eq 'interop'", false],
  ['-NOT (alias -EQ interop)', false],
])('%s', (text, expected) => {
  expect(matchesOpath(parseOpath(text), (property) => properties[property] ?? [])).toBe(expected);
});

test.each([
  ['', 1],
  ["Alias -eq 'a' -and", 19],
  ["Alias -gt 'a'", 7],
  ["Salary -eq '1'", 1],
  ["(Alias -eq 'a'", 15],
  ["Alias -eq 'a", 11],
  ["Alias -eq 'a') -or Name -eq 'b'", 14],
  ['Alias -eq $(whoami)', 11],
  ["Alias = 'a'", 7],
])('%s is refused at %d', (text, position) => {
  expect(() => parseOpath(text)).toThrow(OpathError);
  try {
    parseOpath(text);
  } catch (error) {
    expect((error as OpathError).position).toBe(position);
  }
});
