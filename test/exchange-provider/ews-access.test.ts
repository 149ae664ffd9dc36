/** EwsAccess and its baseline, over the wire and against the sandbox. */
import type { CmdletPort } from '../../infra/exchange/transport/port.js';
import { UNKNOWN } from '../kernel/support/engine.js';
import { startTestSandbox, type TestSandbox } from '../support/sandbox.js';
import { openSandboxPort } from '../support/sandbox-port.js';
import { dump, Life, type RunningProvider, startProvider } from './support/provider.js';

const CLIENT = 'aaaaaaaa-1111-4111-8111-111111111111';
const OTHER = 'bbbbbbbb-2222-4222-8222-222222222222';

let tenant: TestSandbox;
let port: CmdletPort;
let provider: RunningProvider;
let account: string;

beforeEach(async () => {
  tenant = await startTestSandbox({ mailboxes: 8 });
  port = openSandboxPort(tenant);
  provider = await startProvider(tenant);
  await port.run({ cmdlet: 'Set-OrganizationConfig', parameters: { EwsAllowedAppIDs: OTHER } });
  const { rows } = await port.run({
    cmdlet: 'Get-Mailbox',
    parameters: { RecipientTypeDetails: ['UserMailbox'], ResultSize: 'Unlimited' },
  });
  account = rows[0]?.PrimarySmtpAddress ?? '';
  await setMailbox(false);
});

afterEach(async () => {
  await provider.stop();
  await port.close();
  await tenant.dispose();
});

async function setMailbox(enabled: boolean): Promise<void> {
  const parameters = { Identity: account, EwsEnabled: enabled };
  await port.run({ cmdlet: 'Set-CASMailbox', parameters, anchor: account });
}

const inputs = (more: object = {}) => ({
  clientId: CLIENT,
  roleAccounts: [account],
  acknowledgeAllowList: true,
  ...more,
});

const life = () => new Life(provider.client, 'exchange:index:EwsAccess');

async function baseline(): Promise<Life> {
  const before = new Life(provider.client, 'exchange:index:Baseline', 'baseline');
  await before.create({ kind: 'ewsAccess', subject: CLIENT, wish: { roleAccounts: [account] } });
  return before;
}

it('previews without writing, before the application and the role accounts are there', async () => {
  const before = await dump(tenant);
  const resource = life();
  await resource.preview(
    inputs({ clientId: UNKNOWN, baseline: UNKNOWN, roleAccounts: [account, 'later@contoso.com'] }),
  );
  const said = await provider.messages();
  expect(said).toEqual(
    expect.arrayContaining([
      expect.stringMatching(/^info: EWS in Exchange Online/),
      expect.stringMatching(/add this application to the allow list/),
      expect.stringMatching(/later@contoso\.com has no mailbox yet/),
      expect.stringMatching(
        /^warning: turning the switch on makes the allow list count for every application/,
      ),
      expect.stringMatching(new RegExp(`turn EWS on for ${account}`)),
    ]),
  );
  expect(said.join()).toContain(OTHER);
  expect(await dump(tenant)).toEqual(before);
});

it('leads a whole life: made, unchanged, drifted, mended, changed, undone', async () => {
  const before = await dump(tenant);
  const facts = await baseline();
  const resource = life();
  const wanted = inputs({ baseline: facts.state.facts });
  await resource.create(wanted);
  expect(resource.state).toMatchObject({
    enabled: true,
    others: 1,
    added: true,
    turnedOn: true,
    violations: 0,
  });
  expect((await tenant.state()).exchange.organization).toMatchObject({
    EwsEnabled: true,
    EwsAllowedAppIDs: `${OTHER},${CLIENT}`,
  });
  const made = structuredClone(resource.state);
  expect(await resource.refresh()).toBe(true);
  expect(resource.state).toEqual(made);
  await provider.messages();
  expect(await resource.differences(wanted)).toEqual({});
  // A preview of a stack that stays the same shows it, too.
  expect((await provider.messages()).join()).toMatch(/EWS/);

  await port.run({ cmdlet: 'Set-OrganizationConfig', parameters: { EwsAllowedAppIDs: OTHER } });
  await setMailbox(false);
  await resource.refresh();
  expect(resource.inputs.violations).toBe(2);
  expect(await resource.differences(wanted)).toEqual({ violations: 'UPDATE' });
  await resource.update(wanted);
  await resource.refresh();
  expect(await resource.differences(wanted)).toEqual({});

  // The baseline keeps what was there first, whatever is there now.
  const first = facts.state.facts;
  await facts.refresh();
  await facts.update({ kind: 'ewsAccess', subject: CLIENT, wish: { roleAccounts: [account] } });
  expect(facts.state.facts).toBe(first);

  await resource.remove();
  await facts.remove();
  expect(await dump(tenant)).toEqual(before);
});

const THIRD = 'cccccccc-3333-4333-8333-333333333333';

it('is the same resource for another application, whatever the case of the id', async () => {
  const resource = life();
  await resource.create(inputs({ roleAccounts: [] }));
  expect(await resource.differences(inputs({ roleAccounts: [], clientId: CLIENT.toUpperCase() }))).toEqual(
    {},
  );
  expect(await resource.differences(inputs({ roleAccounts: [], clientId: THIRD }))).toEqual({
    clientId: 'UPDATE',
  });
});

it('lets another application take over, and still undoes everything', async () => {
  const before = await dump(tenant);
  const facts = await baseline();
  const resource = life();
  await resource.create(inputs({ baseline: facts.state.facts }));
  const later = new Life(provider.client, 'exchange:index:Baseline', 'later');
  await later.create({ kind: 'ewsAccess', subject: THIRD, wish: { roleAccounts: [account] } });
  const wanted = inputs({ clientId: THIRD, baseline: later.state.facts });
  await provider.messages();
  await resource.preview(wanted);
  expect((await provider.messages()).join('\n')).toContain(`take ${CLIENT} out of the allow list`);
  await resource.update(wanted);
  expect((await tenant.state()).exchange.organization).toMatchObject({
    EwsEnabled: true,
    EwsAllowedAppIDs: `${OTHER},${THIRD}`,
  });
  expect(resource.state).toMatchObject({ clientId: THIRD, added: true, turnedOn: true, opened: [account] });
  expect(await resource.differences(wanted)).toEqual({});
  await resource.remove();
  expect(await dump(tenant)).toEqual(before);
});

it('knows both applications after a run that was cut off between them', async () => {
  const before = await dump(tenant);
  const facts = await baseline();
  const resource = life();
  await resource.create(inputs({ baseline: facts.state.facts }));
  const later = new Life(provider.client, 'exchange:index:Baseline', 'later');
  await later.create({ kind: 'ewsAccess', subject: THIRD, wish: { roleAccounts: [account] } });
  const wanted = inputs({ clientId: THIRD, baseline: later.state.facts });
  // A run that listed the new one, and whose state was never saved.
  const list = `${OTHER},${CLIENT},${THIRD}`;
  await port.run({ cmdlet: 'Set-OrganizationConfig', parameters: { EwsAllowedAppIDs: list } });
  await resource.update(wanted);
  expect((await tenant.state()).exchange.organization.EwsAllowedAppIDs).toBe(`${OTHER},${THIRD}`);
  await resource.remove();
  expect(await dump(tenant)).toEqual(before);
});

it('leaves an unset switch unset without consent, and says so', async () => {
  const resource = life();
  await resource.preview(inputs({ acknowledgeAllowList: false }));
  expect((await provider.messages()).join('\n')).toMatch(/switch is not set and stays so/);
  await resource.create(inputs({ acknowledgeAllowList: false }));
  expect(resource.state.enabled).toBeUndefined();
  expect((await tenant.state()).exchange.organization.EwsEnabled).not.toBe(true);
});

it('knows after a run that was cut off what was there before it', async () => {
  const before = await dump(tenant);
  const facts = await baseline();
  // A run that wrote everything, and whose state was never saved.
  await life().create(inputs({ baseline: facts.state.facts }));
  const resource = life();
  await resource.create(inputs({ baseline: facts.state.facts }));
  expect(resource.state).toMatchObject({ added: true, turnedOn: true, opened: [account] });
  await resource.remove();
  expect(await dump(tenant)).toEqual(before);
});

it('keeps what was done when it fails half-way, and goes on from there', async () => {
  const before = await dump(tenant);
  const resource = life();
  await tenant.control({ faults: ['cmdletRefused=1@Set-CASMailbox'] });
  await expect(resource.create(inputs())).rejects.toThrow(/Set-CASMailbox/);
  expect(resource.id).toBe(CLIENT);
  expect(resource.state).toMatchObject({ added: true, turnedOn: true });
  await resource.update(inputs());
  expect(resource.state).toMatchObject({ violations: 0, opened: [account] });
  await resource.remove();
  expect(await dump(tenant)).toEqual(before);
});

it('imports an id that is listed, and leaves it listed at the end', async () => {
  const resource = life();
  expect(await resource.import(CLIENT)).toBe(false);
  expect(await resource.import(OTHER)).toBe(true);
  expect(resource.inputs).toMatchObject({ clientId: OTHER, acknowledgeAllowList: false });
  const before = await dump(tenant);
  await resource.update({ clientId: OTHER, roleAccounts: [], acknowledgeAllowList: false });
  await resource.remove();
  expect(await dump(tenant)).toEqual(before);
});

it('stops when it is cancelled, and what was done is kept', async () => {
  const before = await dump(tenant);
  const resource = life();
  await tenant.control({ faults: ['cmdletHang=1@Set-CASMailbox'] });
  const running = resource.create(inputs()).catch((error: Error) => error);
  // The fault is used up once the cmdlet hangs, which is after the switch and the list were written.
  const faultsLeft = async () => ((await tenant.control({})) as { faults: string[] }).faults;
  while ((await faultsLeft()).length > 0) await new Promise((resolve) => setTimeout(resolve, 50));
  await provider.stop();
  expect(await running).toBeInstanceOf(Error);
  expect(resource.state).toMatchObject({ added: true, turnedOn: true });
  provider = await startProvider(tenant);
  const again = new Life(provider.client, 'exchange:index:EwsAccess');
  Object.assign(again, { id: resource.id, inputs: resource.inputs, state: resource.state });
  await again.remove();
  expect(await dump(tenant)).toEqual(before);
});

it('refuses what it does not know', async () => {
  const resource = life();
  await expect(resource.check(inputs({ acknowledgeAllowlist: true }))).rejects.toThrow(
    /acknowledgeAllowlist is unknown; did you mean acknowledgeAllowList/,
  );
  await expect(resource.check(inputs({ violations: 1 }))).rejects.toThrow(/violations is found out/);
  await expect(resource.create(inputs({ baseline: '{"version":2}' }))).rejects.toThrow(
    /not readable, so nothing was changed/,
  );
});
