/** `$filter`: what is understood means what it says, what is not is refused. */
import fc from 'fast-check';
import { GraphError } from '../../sandbox/graph/errors.js';
import { isAdvanced, passes, requiredTexts } from '../../sandbox/graph/odata/evaluate.js';
import { type Filter, parseFilter } from '../../sandbox/graph/odata/filter.js';

const PROPERTIES = ['displayName', 'appId', 'mail'];
const property = fc.constantFrom(...PROPERTIES);
const value = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 12 }),
  fc.constantFrom("it's", "''", ' and ', "x' or 'y", '(', 'é🎉', 'null'),
);

/** Filters as trees, with the text that means them. */
const filters = fc.letrec<{ filter: Filter }>((tie) => ({
  filter: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    fc.record({
      kind: fc.constant('compare' as const),
      operator: fc.constantFrom('eq' as const, 'ne' as const),
      operand: fc.record({ property }),
      value: fc.oneof(value, fc.boolean(), fc.constant(null)),
    }),
    fc.record({
      kind: fc.constantFrom('startswith' as const, 'endswith' as const),
      operand: fc.record({ property }),
      value,
    }),
    fc.record({
      kind: fc.constant('in' as const),
      operand: fc.record({ property }),
      values: fc.array(value, { minLength: 1, maxLength: 3 }),
    }),
    fc.record({
      kind: fc.constant('any' as const),
      property: fc.constant('tags'),
      where: fc.record({
        kind: fc.constant('compare' as const),
        operator: fc.constant('eq' as const),
        operand: fc.constant({ variable: true as const }),
        value,
      }),
    }),
    fc.record({ kind: fc.constant('not' as const), of: tie('filter') }),
    fc.record({
      kind: fc.constantFrom('and' as const, 'or' as const),
      left: tie('filter'),
      right: tie('filter'),
    }),
  ),
})).filter;

const literal = (it: string | boolean | null) =>
  typeof it === 'string' ? `'${it.replaceAll("'", "''")}'` : String(it);
const operand = (it: { property: string } | { variable: true }) => ('property' in it ? it.property : 't');

function write(filter: Filter): string {
  switch (filter.kind) {
    case 'and':
    case 'or':
      return `(${write(filter.left)}) ${filter.kind} (${write(filter.right)})`;
    case 'not':
      return `not (${write(filter.of)})`;
    case 'any':
      return `${filter.property}/any(t:${write(filter.where)})`;
    case 'compare':
      return `${operand(filter.operand)} ${filter.operator} ${literal(filter.value)}`;
    case 'in':
      return `${operand(filter.operand)} in (${filter.values.map(literal).join(',')})`;
    default:
      return `${filter.kind}(${operand(filter.operand)},${literal(filter.value)})`;
  }
}

test('whatever is written is read back as it was meant', () => {
  fc.assert(fc.property(filters, (filter) => expect(parseFilter(write(filter))).toEqual(filter)));
});

test('no text breaks the parser: it reads or refuses', () => {
  const pieces = fc.array(
    fc.oneof(
      fc.constantFrom(
        '(',
        ')',
        "'",
        "''",
        'and',
        'or',
        'not',
        'eq',
        'any',
        '/',
        ':',
        ',',
        'tags',
        'displayName',
        ' ',
      ),
      fc.string({ unit: 'binary', maxLength: 3 }),
    ),
    { maxLength: 25 },
  );
  fc.assert(
    fc.property(pieces, (parts) => {
      try {
        parseFilter(parts.join(' '));
      } catch (error) {
        expect(error).toBeInstanceOf(GraphError);
        expect((error as GraphError).status).toBe(400);
      }
    }),
  );
});

test('an equality finds exactly the objects that have the text, whatever is in it', () => {
  fc.assert(
    fc.property(value, value, (wanted, other) => {
      const filter = parseFilter(`displayName eq '${wanted.replaceAll("'", "''")}'`);
      expect(passes(filter, { displayName: wanted })).toBe(true);
      expect(passes(filter, { displayName: other })).toBe(other.toLowerCase() === wanted.toLowerCase());
      expect(requiredTexts(filter)).toEqual([['displayName', wanted]]);
    }),
  );
});

test('what is looked up instead of searched is required of everything that passes', () => {
  const objects = fc.record({
    displayName: value,
    appId: value,
    mail: value,
    tags: fc.array(value, { maxLength: 2 }),
  });
  fc.assert(
    fc.property(filters, objects, (filter, object) => {
      if (!passes(filter, object)) return;
      for (const [name, text] of requiredTexts(filter)) {
        expect(String(object[name as keyof typeof object]).toLowerCase()).toBe(text.toLowerCase());
      }
    }),
  );
});

test('and binds before or, not before and', () => {
  const of = (text: string, object: Record<string, string>) => passes(parseFilter(text), object);
  expect(of("mail eq 'a' or mail eq 'b' and appId eq 'x'", { mail: 'a', appId: 'y' })).toBe(true);
  expect(of("(mail eq 'a' or mail eq 'b') and appId eq 'x'", { mail: 'a', appId: 'y' })).toBe(false);
  expect(of("not (mail eq 'a') and appId eq 'x'", { mail: 'b', appId: 'x' })).toBe(true);
});

test.each([
  [''],
  ["displayName eq 'a"],
  ["displayName eq 'it's'"],
  ['displayName eq a'],
  ["displayName gt 'a'"],
  ["displayName eq 'a' and"],
  ["displayName eq 'a')"],
  ["contains(displayName,'a')"],
  ["tags/all(t:t eq 'a')"],
  ["tags/any(t:t eq 'a'"],
  ["api/name eq 'a'"],
  ["DisplayName EQ 'a'"],
  [`${'('.repeat(100)}mail eq 'a'${')'.repeat(100)}`],
  [`${'not '.repeat(100)}mail eq 'a'`],
])('refuses %s', (text) => {
  expect(() => parseFilter(text)).toThrow(GraphError);
});

test.each([
  ["displayName eq 'a' and tags/any(t:t eq 'b')", false],
  ["startswith(displayName,'a')", false],
  ["displayName ne 'a'", true],
  ["not (displayName eq 'a')", true],
  ["endswith(mail,'a')", true],
  ['mail eq null', true],
])('%s wants advanced queries: %s', (text, advanced) => {
  expect(isAdvanced(parseFilter(text))).toBe(advanced);
});
