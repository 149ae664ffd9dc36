/** The ledger that a state remembers. */
import type { Deployment } from '@pulumi/pulumi/automation/index.js';
import { toSave } from '../../infra/identity/ledger-guard.js';
import { initialLedger } from '../../infra/rotation/ledger.js';
import { ledgerInState } from '../../scripts/ledger-in-state.js';

const LEDGER = initialLedger({ now: new Date('2030-01-01T00:00:00Z'), lifetimeDays: 180 });
const KEY_ID = '11111111-2222-4333-8444-555555555555';

const urn = (type: string, name: string) => `urn:pulumi:prod::calendar-interop::${type}::${name}`;
const stash = (name: string, input: unknown) => ({
  urn: urn('pulumi:index:Stash', name),
  type: 'pulumi:index:Stash',
  outputs: { input, output: input },
});
const adoption = stash('adopted-0a0a0a0a-0000-4000-8000-000000000000', { clientId: 'x' });
const secret = {
  urn: urn('azuread:index/applicationPassword:ApplicationPassword', 'interop-a-g1'),
  type: 'azuread:index/applicationPassword:ApplicationPassword',
  inputs: { displayName: 'interop-a-g1' },
  outputs: { keyId: KEY_ID, endDate: '2030-06-30T00:00:00Z' },
};

function stateOf(...resources: readonly unknown[]): Deployment {
  return { version: 3, deployment: { resources } };
}

test('it is told from what an adoption remembers, and gets the key ids of the secrets that were made', () => {
  const found = ledgerInState(stateOf(adoption, stash('rotation-ledger', toSave(LEDGER)), secret));
  expect(found?.revision).toBe(1);
  expect(found?.read()).toEqual({ ...LEDGER, slots: { a: { ...LEDGER.slots.a, keyId: KEY_ID } } });
});

test('a state without one has none', () => {
  expect(ledgerInState(stateOf(adoption))).toBeUndefined();
  expect(ledgerInState(stateOf())).toBeUndefined();
});

test('one that a later version wrote tells its revision, and says that it cannot be read', () => {
  const found = ledgerInState(stateOf(stash('rotation-ledger', { revision: 9, ledger: { version: 99 } })));
  expect(found?.revision).toBe(9);
  expect(() => found?.read()).toThrow('version');
});
