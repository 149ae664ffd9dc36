/** Which ledger may follow the one in the state. */
import { refuseStaleLedger, savedLedgerIn, toSave } from '../../infra/identity/ledger-guard.js';
import { initialLedger, type Ledger, parseLedger } from '../../infra/rotation/ledger.js';

const FIRST = initialLedger({ now: new Date('2030-01-01T00:00:00Z'), lifetimeDays: 180 });
const SECOND: Ledger = {
  ...FIRST,
  revision: 2,
  slots: { ...FIRST.slots, b: { generation: 2, endDate: '2031-01-01T00:00:00Z' } },
};
const KEY_ID = '11111111-2222-4333-8444-555555555555';

function refusalOf(saved: Ledger, given: Ledger): string {
  return refuseStaleLedger(throughState(saved), given, 'prod')?.message ?? 'none';
}

/** As the engine gives it back: another object, its keys in an order of its own. */
function throughState(ledger: Ledger) {
  return savedLedgerIn(reversed(JSON.parse(JSON.stringify(toSave(ledger)))));
}

function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([name, inner]) => [name, reversed(inner)]),
  );
}

test('a later ledger, and the same one again, may follow', () => {
  expect(refusalOf(FIRST, SECOND)).toBe('none');
  expect(refusalOf(SECOND, SECOND)).toBe('none');
});

test('an older ledger is refused, naming both revisions, the reason and the way out', () => {
  const refusal = refusalOf(SECOND, FIRST);
  expect(refusal).toContain('revision 1');
  expect(refusal).toContain('revision 2');
  expect(refusal).toContain('delete the secret in use');
  expect(refusal).toContain('calendar-interop rotation restore --stack prod');
});

test('another ledger of the same revision is refused', () => {
  expect(refusalOf(SECOND, { ...SECOND, current: 'b' })).toContain('same revision');
});

test('the key ids that Entra gave make no other ledger of it, and nothing to save', () => {
  const [{ generation, endDate }] = [FIRST.slots.a ?? { generation: 0, endDate: '' }];
  const known: Ledger = { ...FIRST, slots: { a: { generation, endDate, keyId: KEY_ID } } };
  expect(refusalOf(FIRST, known)).toBe('none');
  expect(refusalOf(known, FIRST)).toBe('none');
  expect(toSave(known)).toEqual(toSave(FIRST));
});

test('what is saved is read as the ledger that it was', () => {
  expect(parseLedger(throughState(SECOND).ledger)).toEqual(SECOND);
});

test.each([undefined, 'text', {}, { revision: 1 }, { ledger: FIRST }, { revision: '1', ledger: FIRST }])(
  'a state that does not tell (%j) lets nothing through',
  (input) => {
    expect(() => savedLedgerIn(input)).toThrow('nothing was changed');
  },
);
