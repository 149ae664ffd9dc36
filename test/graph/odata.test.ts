import fc from 'fast-check';
import { InteropError } from '../../infra/errors.js';
import { Filter, literal, segment } from '../../infra/graph/odata.js';

/** A strict reader of one OData string literal: quotes inside are doubled, nothing stands before or behind it. */
function parseLiteral(text: string): string {
  const match = /^'((?:[^']|'')*)'$/su.exec(text);
  if (match === null) throw new Error(`${JSON.stringify(text)} is not one literal`);
  return (match[1] ?? '').replaceAll("''", "'");
}

/** Text of all kinds, with the characters that matter in filters and URLs more often than by chance. */
const anyText = fc
  .array(
    fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom("'", "''", '%27', '&', '#', '+', '%', '?', '\0', "' or '1' eq '1", ')', 'ﬀ'),
    ),
  )
  .map((parts) => parts.join(''));

test('any value comes back from its literal as it was', () => {
  fc.assert(fc.property(anyText, (value) => parseLiteral(literal(value)) === value));
});

test('any value stays within its literal, through the query string and back', () => {
  fc.assert(
    fc.property(anyText, (value) => {
      const url = new URL(
        `https://graph.example/v1.0/applications?$filter=${Filter.eq('appId', value).encoded()}&$top=1`,
      );
      expect([...url.searchParams.keys()]).toEqual(['$filter', '$top']);
      const filter = url.searchParams.get('$filter') ?? '';
      expect(filter.startsWith('appId eq ')).toBe(true);
      expect(parseLiteral(filter.slice('appId eq '.length))).toBe(value);
    }),
  );
});

test('a path segment holds one segment, whatever the id', () => {
  fc.assert(
    fc.property(anyText, (id) => {
      const path = new URL(`https://graph.example/v1.0/applications/x${segment(id)}/owners`).pathname.split(
        '/',
      );
      expect(path).toHaveLength(5);
      expect(decodeURIComponent(path[3] ?? '')).toBe(`x${id}`);
    }),
  );
});

test('the forms that Graph knows', () => {
  expect(String(Filter.eq('displayName', "Ann's app"))).toBe("displayName eq 'Ann''s app'");
  expect(String(Filter.anyEq('tags', 'a/b'))).toBe("tags/any(x:x eq 'a/b')");
});

test('what no URL can carry is refused', () => {
  expect(() => Filter.eq('displayName', '\ud800')).toThrow(InteropError);
});

test('a property name is no place for values', () => {
  expect(() => Filter.eq("displayName eq 'x' or appId", 'y')).toThrow(TypeError);
});
