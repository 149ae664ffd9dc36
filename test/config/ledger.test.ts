import fc from 'fast-check';
import { InteropError } from '../../infra/errors.js';
import {
  formatInstant,
  initialLedger,
  LOG_LENGTH,
  parseLedger,
  secretName,
} from '../../infra/rotation/ledger.js';

const NOW = new Date('2026-11-24T08:30:15.999Z');
const KEY_ID = '11111111-2222-3333-4444-555555555555';

/** What is wrong with the first ledger once it was changed; empty when nothing is. */
function mistakes(change: Record<string, unknown>): string[] {
  try {
    parseLedger({ ...initialLedger({ now: NOW, lifetimeDays: 180 }), ...change });
    return [];
  } catch (error) {
    if (error instanceof InteropError && error.kind === 'configuration')
      return error.problems.map(({ where, what }) => `${where} ${what}`);
    throw error;
  }
}

const slot = (change: Record<string, unknown> = {}) => ({
  generation: 1,
  endDate: '2027-05-23T08:30:15Z',
  ...change,
});
const foreign = (change: Record<string, unknown> = {}) => ({
  keyId: KEY_ID,
  endDate: '2027-05-23T08:30:15Z',
  ...change,
});

test('the first ledger is one secret in slot a, ending after its lifetime to the second', () => {
  expect(initialLedger({ now: NOW, lifetimeDays: 180 })).toEqual({
    version: 1,
    revision: 1,
    slots: { a: { generation: 1, endDate: '2027-05-23T08:30:15Z' } },
    current: 'a',
    foreign: [],
    confirmed: {},
    log: [{ at: '2026-11-24T08:30:15Z', event: 'init', slot: 'a', generation: 1 }],
  });
});

test('the first ledger is always one that can be read again', () => {
  fc.assert(
    fc.property(
      fc.date({ min: new Date('1970-01-01'), max: new Date('2200-01-01'), noInvalidDate: true }),
      fc.integer({ min: 1, max: 730 }),
      (now, lifetimeDays) => {
        const ledger = initialLedger({ now, lifetimeDays });
        expect(parseLedger(JSON.parse(JSON.stringify(ledger)))).toEqual(ledger);
        const lived = Date.parse(ledger.slots.a?.endDate ?? '') - now.getTime();
        expect(lived).toBeGreaterThan(lifetimeDays * 86_400_000 - 1000);
        expect(lived).toBeLessThanOrEqual(lifetimeDays * 86_400_000);
      },
    ),
  );
});

test.each([
  [new Date(Number.NaN), 180],
  [NOW, 0],
  [NOW, 1.5],
  [NOW, Number.NaN],
  [new Date('9999-12-31T00:00:00Z'), 2],
])('there is no first ledger for %s and %s days', (now, lifetimeDays) => {
  expect(() => initialLedger({ now, lifetimeDays })).toThrow(RangeError);
});

test('a secret is named after its slot and generation', () => {
  expect(secretName('a', 1)).toBe('interop-a-g1');
  expect(secretName('b', 12)).toBe('interop-b-g12');
});

test('a moment is written in UTC and whole seconds', () => {
  expect(formatInstant(new Date('2026-11-24T01:00:00.500+01:00'))).toBe('2026-11-24T00:00:00Z');
});

test.each<[string, Record<string, unknown>]>([
  [
    'both slots, with the keys that Entra gave',
    { slots: { a: slot({ keyId: KEY_ID }), b: slot({ generation: 7 }) }, current: 'b' },
  ],
  ['a foreign secret beside one slot', { foreign: [foreign()] }],
  ['an intent', { pending: { event: 'stage', slot: 'b', generation: 2, at: '2026-11-24T00:00:00Z' } }],
  [
    'evidence',
    {
      confirmed: {
        online: {
          slot: 'a',
          generation: 1,
          at: '2026-11-24T00:00:00Z',
          how: 'seen',
          by: 'ann',
          seen: 'sign-in',
        },
      },
    },
  ],
  ['a leap day', { slots: { a: slot({ endDate: '2028-02-29T00:00:00Z' }) } }],
])('a ledger may hold %s', (_name, change) => {
  expect(mistakes(change)).toEqual([]);
});

test.each<[string, Record<string, unknown>, RegExp]>([
  ['no slot', { slots: {} }, /slots has no secret/],
  ['a current slot that is empty', { current: 'b' }, /current names an empty slot/],
  ['a current slot that does not exist', { current: 'c' }, /current is none of the allowed values/],
  [
    'three live secrets',
    { slots: { a: slot(), b: slot({ generation: 2 }) }, foreign: [foreign()] },
    /foreign brings the live secrets to 3: at most 2/,
  ],
  [
    'three with two foreign ones',
    { foreign: [foreign(), foreign({ keyId: KEY_ID.replace('1', '2') })] },
    /foreign brings the live secrets to 3/,
  ],
  [
    'one key twice',
    { slots: { a: slot({ keyId: KEY_ID.toUpperCase() }) }, foreign: [foreign()] },
    /slots name one key id twice/,
  ],
  ['generation 0', { slots: { a: slot({ generation: 0 }) } }, /slots\.a\.generation is too small/],
  [
    'half a generation',
    { slots: { a: slot({ generation: 1.5 }) } },
    /slots\.a\.generation is not a whole number/,
  ],
  ['an end in words', { slots: { a: slot({ endDate: 'next year' }) } }, /slots\.a\.endDate is not a time/],
  [
    'an end without a zone',
    { slots: { a: slot({ endDate: '2027-05-23T08:30:15' }) } },
    /slots\.a\.endDate is not a time/,
  ],
  [
    'an end in another zone',
    { slots: { a: slot({ endDate: '2027-05-23T08:30:15+01:00' }) } },
    /slots\.a\.endDate is not a time/,
  ],
  [
    'an end with fractions',
    { slots: { a: slot({ endDate: '2027-05-23T08:30:15.5Z' }) } },
    /slots\.a\.endDate is not a time/,
  ],
  [
    'an end on February 29 of a common year',
    { slots: { a: slot({ endDate: '2027-02-29T00:00:00Z' }) } },
    /slots\.a\.endDate is a day that the calendar does not have/,
  ],
  [
    'a foreign secret without a key',
    { foreign: [{ endDate: '2027-05-23T08:30:15Z' }] },
    /foreign\[0\]\.keyId is missing/,
  ],
  ['another version', { version: 2 }, /version is none of the allowed values/],
  ['no revision', { revision: 0 }, /revision is too small/],
  ['an unknown key', { curent: 'a' }, /curent is no known key; did you mean current\?/],
  ['an unknown key in a slot', { slots: { a: slot({ secret: 'x' }) } }, /slots\.a\.secret is no known key/],
  [
    'an unknown intent',
    { pending: { event: 'stge', slot: 'b', generation: 2, at: '2026-11-24T00:00:00Z' } },
    /pending\.event is none of the allowed values; did you mean stage\?/,
  ],
  [
    'a long log',
    { log: Array(LOG_LENGTH + 1).fill({ at: '2026-11-24T00:00:00Z', event: 'use' }) },
    /log has too many entries/,
  ],
])('a ledger may not hold %s', (_name, change, line) => {
  expect(mistakes(change)).toEqual([
    expect.stringMatching(new RegExp(`^calendar-interop:rotation\\.${line.source}`)),
  ]);
});
