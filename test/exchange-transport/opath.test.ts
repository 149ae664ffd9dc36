/** Filters: whatever a name holds, it stays one value. Read back by a parser that shares nothing with the builder. */
import fc from 'fast-check';
import { anyOf, means, quoteOpath, readAnyOf } from '../../infra/exchange/opath.js';
import { type Filter, formatOpath, parseOpath } from '../../sandbox/exchange/opath.js';

/** Text as a directory may hold it: quotes, brackets, operators, dollars, emoji, other scripts. */
const text = fc
  .oneof(
    fc.string({ unit: 'grapheme', minLength: 1 }),
    fc
      .array(
        fc.constantFrom("'", "''", '"', ')', '(', ' -or ', ' -eq ', '$(', '`', '*', 'a', '\u202e', '😀', 'ü'),
        { minLength: 1 },
      )
      .map((parts) => parts.join('')),
  )
  .filter((value) => !/[\p{Cc}\u2018-\u201b]/u.test(value) && value.isWellFormed());

function equalities(filter: Filter): readonly string[] {
  if (filter.kind === 'or') return [...equalities(filter.left), ...equalities(filter.right)];
  if (filter.kind !== 'compare' || filter.operator !== 'eq')
    throw new Error(`not an equality: ${filter.kind}`);
  return [`${filter.property}=${String(filter.value)}`];
}

const wanted = (values: readonly string[]) =>
  values.map((value) => ({ property: 'UserPrincipalName' as const, value }));

it('keeps every value whole in a parser of its own', () => {
  fc.assert(
    fc.property(fc.array(text, { minLength: 1, maxLength: 6 }), (values) => {
      const parsed = parseOpath(anyOf(wanted(values)));
      expect(equalities(parsed)).toEqual(values.map((value) => `UserPrincipalName=${value}`));
    }),
  );
});

it('knows a filter of its own in the form in which Exchange keeps it', () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(text, { minLength: 1, maxLength: 6, selector: (value) => value.toLowerCase() }),
      (values) => {
        const stored = formatOpath(parseOpath(anyOf(wanted(values))));
        expect(means(stored, wanted([...values].reverse()))).toBe(true);
        expect(means(stored, wanted([...values, 'zzz@contoso.com and more']))).toBe(false);
        expect(means(stored, wanted(values.slice(1)))).toBe(false);
      },
    ),
  );
});

it.each([
  ['a control character', 'a\u0000b'],
  ['a line break', 'a\nb'],
  ['a lone surrogate', 'a\ud800'],
  ['a quote of PowerShell', 'a\u2019 -or b'],
])('refuses %s', (_, value) => {
  expect(() => quoteOpath(value)).toThrow(TypeError);
});

it('makes no filter without a comparison, which would let in everybody', () => {
  expect(() => anyOf([])).toThrow(TypeError);
});

it.each([
  "UserPrincipalName -ne 'a'",
  "(UserPrincipalName -eq 'a') -and (Guid -eq 'b')",
  "-not (UserPrincipalName -eq 'a')",
  "UserPrincipalName -eq 'a' -or",
  "(UserPrincipalName -eq 'a'",
  "UserPrincipalName -like 'a*'",
  "Department -eq 'a'",
  '',
])('takes %p for another filter than any of its own', (filter) => {
  expect(readAnyOf(filter)).toBeUndefined();
});
