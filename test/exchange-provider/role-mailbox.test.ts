/** RoleMailbox and its baseline, over the wire and against the sandbox. */
import type { CmdletPort } from '../../infra/exchange/transport/port.js';
import { SECRET, secret, UNKNOWN } from '../kernel/support/engine.js';
import { startTestSandbox, type TestSandbox } from '../support/sandbox.js';
import { openSandboxPort } from '../support/sandbox-port.js';
import { dump, type Json, Life, type RunningProvider, startProvider } from './support/provider.js';

const ADDRESS = 'calendar@contoso.com';
const SECOND = 'calendar2@contoso.com';
const OWNER = 'calendar-interop:calendar-interop/dev';

let tenant: TestSandbox;
let port: CmdletPort;
let provider: RunningProvider;
let existing: string;

beforeEach(async () => {
  tenant = await startTestSandbox({ mailboxes: 8 });
  port = openSandboxPort(tenant);
  provider = await startProvider(tenant);
  const { rows } = await port.run({
    cmdlet: 'Get-Mailbox',
    parameters: { RecipientTypeDetails: ['UserMailbox'], ResultSize: 'Unlimited' },
  });
  existing = rows[0]?.PrimarySmtpAddress ?? '';
});

afterEach(async () => {
  await provider.stop();
  await port.close();
  await tenant.dispose();
});

const inputs = (more: object = {}) => ({
  address: ADDRESS,
  displayName: 'Calendar Interop',
  sku: 'EXCHANGESTANDARD',
  count: 2,
  passwordNeverExpires: true,
  blockSignIn: false,
  hidden: true,
  owner: OWNER,
  ...more,
});

const life = () => new Life(provider.client, 'exchange:index:RoleMailbox');

async function baseline(subject = ADDRESS, count = 2): Promise<string> {
  const before = new Life(provider.client, 'exchange:index:Baseline', 'baseline');
  await before.create({ kind: 'roleMailbox', subject, wish: { count } });
  return before.state.facts;
}

async function userOf(address: string): Promise<Json> {
  const { body } = await tenant.graph('GET', `/users/${address}?$select=id,accountEnabled,passwordPolicies`);
  return body;
}

it('previews without writing, and knows the addresses', async () => {
  const before = await dump(tenant);
  const known = await life().preview(inputs({ baseline: UNKNOWN, password: UNKNOWN }));
  expect(known).toMatchObject({ addresses: [ADDRESS, SECOND], mailboxes: UNKNOWN });
  expect(await provider.messages()).toEqual(
    expect.arrayContaining([
      `info: make ${ADDRESS} with the licence EXCHANGESTANDARD`,
      `info: make ${SECOND} with the licence EXCHANGESTANDARD`,
      expect.stringMatching(/licences are free/),
    ]),
  );
  expect(await dump(tenant)).toEqual(before);
});

it('leads a whole life, with the password marked as a secret and told nowhere else', async () => {
  const before = await dump(tenant);
  const resource = life();
  const wanted = inputs({ baseline: await baseline() });
  await resource.create(wanted);
  expect(resource.state.password).toMatchObject({ ...SECRET, value: expect.stringMatching(/^\S{12,}$/) });
  const password: string = resource.state.password.value;
  const { password: _, ...rest } = resource.state;
  expect(JSON.stringify(rest)).not.toContain(password);
  expect(resource.state.mailboxes).toMatchObject([
    { address: ADDRESS, origin: 'made', passwordSet: true },
    { address: SECOND, origin: 'made' },
  ]);

  const made = structuredClone(resource.state);
  await resource.refresh();
  expect(resource.state).toEqual(made);
  expect(await resource.differences(wanted)).toEqual({});
  expect(await resource.differences({ ...wanted, address: 'Calendar@contoso.com' })).toEqual({});
  expect(await resource.differences({ ...wanted, address: 'other@contoso.com' })).toEqual({
    address: 'UPDATE_REPLACE',
  });

  await port.run({
    cmdlet: 'Set-Mailbox',
    parameters: { Identity: ADDRESS, HiddenFromAddressListsEnabled: false },
    anchor: ADDRESS,
  });
  const { id } = await userOf(SECOND);
  await tenant.graph('PATCH', `/users/${id}`, { body: { passwordPolicies: 'None' } });
  await resource.refresh();
  expect(resource.inputs.violations).toBe(2);
  expect(await resource.differences(wanted)).toEqual({ violations: 'UPDATE' });

  await resource.update(wanted);
  expect((await userOf(SECOND)).passwordPolicies).toBe('DisablePasswordExpiration');
  expect(resource.state.password.value).toBe(password);

  await resource.update({ ...wanted, count: 1 });
  expect(resource.state.addresses).toEqual([ADDRESS]);
  expect((await tenant.graph('GET', `/users/${SECOND}`)).status).toBe(404);
  await resource.remove();
  expect(await dump(tenant)).toEqual(before);
  const said = [...(await provider.messages()), ...(await provider.messages('status'))];
  expect(said.join()).not.toContain(password);
});

it('uses the password that it is given, and keeps it secret', async () => {
  const resource = life();
  const password = 'Given-Pass-word-1!';
  await resource.create(inputs({ count: 1, password: secret(password) }));
  expect(resource.state.password).toEqual(secret(password));
  expect(JSON.stringify({ ...resource.state, password: undefined })).not.toContain(password);
  expect(await resource.differences(inputs({ count: 1, password: secret('Another-1!') }))).toEqual({});
});

it('adopts a mailbox, and gives it back as it was even after a run that was cut off', async () => {
  const before = await dump(tenant);
  const wanted = inputs({
    address: existing,
    count: 1,
    blockSignIn: true,
    baseline: await baseline(existing, 1),
  });
  // A run that wrote everything, and whose state was never saved.
  await life().create(wanted);
  const resource = life();
  await resource.create(wanted);
  expect(resource.state.mailboxes).toMatchObject([{ origin: 'adopted', licence: null }]);
  expect(resource.state.password).toBeUndefined();
  expect((await userOf(existing)).accountEnabled).toBe(false);
  await resource.remove();
  expect((await dump(tenant)).exchange).toEqual(before.exchange);
  expect(await userOf(existing)).toMatchObject({ accountEnabled: true });
});

it('imports a mailbox as one that is never deleted', async () => {
  const resource = life();
  expect(await resource.import('nobody@contoso.com')).toBe(false);
  expect(await resource.import(existing)).toBe(true);
  expect(resource.inputs).toMatchObject({ address: existing, count: 1, owner: OWNER, blockSignIn: false });
  const before = await dump(tenant);
  expect(await resource.differences(resource.inputs)).toEqual({});
  await resource.update({ ...resource.inputs, hidden: true });
  await resource.remove();
  expect(await dump(tenant)).toEqual(before);
});

it('says in a preview that no licence is free, and keeps what it made when one runs out on the way', async () => {
  await tenant.control({ faults: ['freeLicences=1'] });
  await expect(life().preview(inputs())).rejects.toThrow(/2 needed, 1 free/);
  await tenant.control({ faults: ['freeLicences=5'] });
  const before = await dump(tenant);
  const resource = life();
  await tenant.control({ faults: ['cmdletRefused=1@Set-Mailbox'] });
  await expect(resource.create(inputs())).rejects.toThrow();
  expect(resource.state.mailboxes).toHaveLength(2);
  expect(resource.state.password).toMatchObject(SECRET);
  await resource.update(inputs());
  expect(resource.state.violations).toBe(0);
  await resource.remove();
  expect(await dump(tenant)).toEqual(before);
});

it('shows what cannot be mended as a difference of its own, and lets a refresh go on', async () => {
  const resource = life();
  await resource.create(inputs({ count: 1 }));
  const { id } = await userOf(ADDRESS);
  await tenant.graph('DELETE', `/users/${id}`);
  await tenant.control({ faults: ['freeLicences=0'] });
  await provider.messages();
  await resource.refresh();
  expect(resource.inputs.violations).toBe(1);
  expect((await provider.messages()).join('\n')).toMatch(/^warning: .*licence/);
});
