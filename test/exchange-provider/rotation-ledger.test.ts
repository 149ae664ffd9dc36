/** RotationLedger over the wire: what it keeps, and which ledgers it refuses. It needs no credentials and reaches nobody. */
import { exchangeProvider } from '../../infra/exchange/provider/definition.js';
import { ledgerText } from '../../infra/identity/ledger-guard.js';
import { initialLedger, type Ledger } from '../../infra/rotation/ledger.js';
import { configure, startEngine } from '../kernel/support/engine.js';
import { Life } from './support/provider.js';

const TYPE = 'exchange:index:RotationLedger';

const FIRST = initialLedger({ now: new Date('2030-01-01T00:00:00Z'), lifetimeDays: 180 });
const SECOND: Ledger = {
  ...FIRST,
  revision: 2,
  slots: { ...FIRST.slots, b: { generation: 2, endDate: '2031-01-01T00:00:00Z' } },
};

function inputsOf(ledger: Ledger) {
  return { ledger: ledgerText(ledger), revision: ledger.revision, stack: 'prod' };
}

let life: Life;
let stop: () => Promise<void>;

beforeEach(async () => {
  // No variable to sign in with, and an address where nobody answers.
  const { provider, close } = exchangeProvider({ env: {} });
  const engine = await startEngine(provider);
  await configure(engine.client, {
    organization: 'contoso.onmicrosoft.com',
    baseUrl: 'https://exchange.invalid',
    azuread: '{}',
  });
  life = new Life(engine.client, TYPE);
  stop = async () => {
    await engine.stop();
    await close();
  };
});
afterEach(() => stop());

test('keeps the ledger through create, update, refresh and delete', async () => {
  await life.create(inputsOf(FIRST));
  expect(await life.differences(inputsOf(FIRST))).toEqual({});
  await life.update(inputsOf(SECOND));
  expect(await life.refresh()).toBe(true);
  expect(life.state).toMatchObject({ revision: 2, ledger: ledgerText(SECOND) });
  await life.remove();
});

test('an older ledger is refused where a preview asks, naming both revisions, the reason and the way out', async () => {
  await life.create(inputsOf(SECOND));
  const refusal = await life.differences(inputsOf(FIRST)).catch((error: Error) => error.message);
  expect(refusal).toContain('revision 1');
  expect(refusal).toContain('revision 2');
  expect(refusal).toContain('delete the secret in use');
  expect(refusal).toContain('calendar-interop rotation restore --stack prod');
});

test('an older ledger is refused by the update itself, too, which leaves the state as it was', async () => {
  await life.create(inputsOf(SECOND));
  await expect(life.update(inputsOf(FIRST))).rejects.toThrow('stale');
  expect(life.state).toMatchObject({ revision: 2 });
});

test('another ledger of the same revision is refused', async () => {
  await life.create(inputsOf(SECOND));
  const other: Ledger = { ...SECOND, current: 'b' };
  await expect(life.differences(inputsOf(other))).rejects.toThrow('same revision');
});

test('the key ids that Entra gave make no other ledger of it', async () => {
  await life.create(inputsOf(FIRST));
  const { a } = FIRST.slots;
  const known = {
    ...FIRST,
    slots: { a: { generation: 1, endDate: a?.endDate ?? '', keyId: '11111111-2222-4333-8444-555555555555' } },
  };
  expect(await life.differences(inputsOf(known))).toEqual({});
});

test('text that is no ledger is refused before anything is compared', async () => {
  await expect(life.create({ ...inputsOf(FIRST), ledger: '{}' })).rejects.toThrow('no ledger');
});

test('it cannot be imported: nothing outside of the state holds it', async () => {
  await expect(life.import('ledger')).rejects.toThrow('cannot be imported');
});
