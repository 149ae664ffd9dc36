/** Which secrets of a registration are somebody else's. */
import { foreignSecrets, secretInUse } from '../../infra/identity/foreign-secrets.js';
import { parseLedger } from '../../infra/rotation/ledger.js';

const key = (digit: string) => `aaaaaaaa-0000-4000-8000-00000000000${digit}`;
const credential = (digit: string, displayName: string | null = null) => ({
  keyId: key(digit),
  displayName,
  startDateTime: '2026-01-01T00:00:00Z',
  endDateTime: '2027-01-01T00:00:00Z',
});
const ledger = parseLedger({
  version: 1,
  revision: 3,
  slots: { a: { generation: 4, endDate: '2027-05-01T00:00:00Z', keyId: key('1') } },
  current: 'a',
  foreign: [{ keyId: key('3'), endDate: '2027-01-01T00:00:00Z' }],
  confirmed: {},
  log: [],
});
const find = (...passwordCredentials: ReturnType<typeof credential>[]) =>
  foreignSecrets({ passwordCredentials }, { ledger, inState: [key('2').toUpperCase()] }, [
    { keyId: key('4').toUpperCase(), signInActivity: { lastSignInDateTime: '2026-03-01T00:00:00Z' } },
    { keyId: key('4'), signInActivity: { lastSignInDateTime: '2026-02-01T00:00:00Z' } },
  ]);

test('those that neither the ledger nor the state knows, with name, age, end and last use', () => {
  expect(find(credential('1'), credential('2'), credential('4', 'Portal'), credential('5'))).toEqual([
    {
      keyId: key('4'),
      name: 'Portal',
      startDate: '2026-01-01T00:00:00Z',
      endDate: '2027-01-01T00:00:00Z',
      lastUse: '2026-03-01T00:00:00Z',
      adopted: false,
    },
    expect.objectContaining({ keyId: key('5'), name: '', lastUse: undefined, adopted: false }),
  ]);
});

test('one that was adopted stays foreign, and says so', () => {
  expect(find(credential('3'))).toMatchObject([{ keyId: key('3'), adopted: true }]);
});

test('one that an interrupted run made for a slot is not foreign', () => {
  const { a } = ledger.slots;
  const begun = { ...ledger, slots: { a, b: { generation: 5, endDate: '2027-09-01T00:00:00Z' } } };
  const found = (name: string) =>
    foreignSecrets(
      { passwordCredentials: [credential('6', name)] },
      { ledger: begun, inState: [] },
      undefined,
    );
  expect(found('interop-b-g5')).toEqual([]);
  expect(found('interop-b-g4')).toHaveLength(1);
});

test('one that is about to be removed is not foreign, though no slot names it any more', () => {
  const pending = { event: 'retire', slot: 'b', generation: 3, at: '2026-05-01T00:00:00Z' } as const;
  const found = foreignSecrets(
    { passwordCredentials: [credential('6', 'interop-b-g3')] },
    { ledger: { ...ledger, pending }, inState: [] },
    undefined,
  );
  expect(found).toEqual([]);
});

test.each([
  ['the only one', ['5'], '5'],
  ['the only one that signs in', ['4', '5', '6'], '4'],
  ['none where nobody can tell', ['5', '6'], undefined],
  ['none where there is none', [], undefined],
])('the secret in use is %s', (_, digits, expected) => {
  const now = new Date('2026-06-01T00:00:00Z');
  const secret = secretInUse(find(...digits.map((digit) => credential(digit))), now);
  expect(secret?.keyId).toBe(expected === undefined ? undefined : key(expected));
});

test('a secret that has ended is in use by nobody', () => {
  expect(
    secretInUse(find(credential('4'), credential('5')), new Date('2027-06-01T00:00:00Z')),
  ).toBeUndefined();
});
