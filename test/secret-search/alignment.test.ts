/** The search for secrets finds one wherever it begins in what is encoded, and only then. */
import { placesWith } from '../support/secret-search.js';

const SECRET = 'abc8Q~not-a-real-secret-but-as-long-as-1';
const ANOTHER = 'abc8Q~not-a-real-secret-and-as-long-as-1';

/** What stands before it: the secret begins with the first, second and third of three bytes. */
const BEFORE = ['', 'i', 'id', 'id:', '{"clientSecret":"'];
const AFTER = ['', '"', '"}', '"}\n'];
const CASES = BEFORE.flatMap((before) => AFTER.map((after) => [before, after] as const));

test.each(CASES)('between %j and %j, in base64 and base64url', (before, after) => {
  const planted = (secret: string, code: 'base64' | 'base64url') =>
    Buffer.from(`${before}${secret}${after}`).toString(code);
  const places = {
    base64: planted(SECRET, 'base64'),
    url: planted(SECRET, 'base64url'),
    other: planted(ANOTHER, 'base64'),
  };
  expect(placesWith(SECRET, places)).toEqual(['base64', 'url']);
});

test('in hexadecimal, percent form and JSON, too', () => {
  const secret = 'a "b" ü~';
  const places = {
    plain: `x${secret}x`,
    hex: Buffer.from(secret).toString('hex'),
    percent: encodeURIComponent(secret),
    form: new URLSearchParams({ secret }).toString(),
    json: JSON.stringify({ secret }),
    none: 'a b',
  };
  expect(placesWith(secret, places)).toEqual(['plain', 'hex', 'percent', 'form', 'json']);
});
