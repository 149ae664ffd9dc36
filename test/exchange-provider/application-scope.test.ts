/** ApplicationScope, over the wire and against the sandbox. */
import type { CmdletPort } from '../../infra/exchange/transport/port.js';
import { UNKNOWN } from '../kernel/support/engine.js';
import { startTestSandbox, type TestSandbox } from '../support/sandbox.js';
import { openSandboxPort } from '../support/sandbox-port.js';
import { dump, type Json, Life, type RunningProvider, startProvider } from './support/provider.js';

const OWNER = 'calendar-interop:calendar-interop/dev';

let tenant: TestSandbox;
let port: CmdletPort;
let provider: RunningProvider;
let wanted: Json;

beforeEach(async () => {
  tenant = await startTestSandbox({ mailboxes: 8 });
  port = openSandboxPort(tenant);
  provider = await startProvider(tenant);
  const { body } = await tenant.graph('POST', '/applications', { body: { displayName: 'Interop' } });
  const principal = await tenant.graph('POST', '/servicePrincipals', { body: { appId: body.appId } });
  const { rows } = await port.run({
    cmdlet: 'Get-Mailbox',
    parameters: { RecipientTypeDetails: ['UserMailbox'], ResultSize: 'Unlimited' },
  });
  wanted = {
    clientId: body.appId,
    servicePrincipalId: principal.body.id,
    displayName: 'Interop',
    protocol: 'ews',
    graphPermissions: [],
    mailboxes: rows.slice(0, 2).map((row) => row.PrimarySmtpAddress),
    consents: [],
    owner: OWNER,
  };
});

afterEach(async () => {
  await provider.stop();
  await port.close();
  await tenant.dispose();
});

const life = () => new Life(provider.client, 'exchange:index:ApplicationScope');
const consent = (owned: boolean) => ({
  api: 'exchangeOnline',
  permission: 'full_access_as_app',
  assignmentId: 'assignment-1',
  url: 'https://graph.microsoft.com/v1.0/servicePrincipals/exchange/appRoleAssignedTo/assignment-1',
  owned,
});

it('leads a whole life: previewed, made, drifted, mended, changed, undone', async () => {
  const before = await dump(tenant);
  const resource = life();
  await resource.preview({ ...wanted, clientId: UNKNOWN, servicePrincipalId: UNKNOWN });
  await resource.preview({ ...wanted, mailboxes: ['later@contoso.com'] });
  await resource.preview(wanted);
  const said = (await provider.messages()).join('\n');
  expect(said).toMatch(/once they and the application are there/);
  expect(said).toMatch(/later@contoso\.com, once they are there/);
  expect(said).toMatch(/make the management scope Calendar Interop/);
  expect(await dump(tenant)).toEqual(before);

  await resource.create(wanted);
  expect(resource.state).toMatchObject({
    phase: 'limited',
    violations: 0,
    proof: { inside: wanted.mailboxes[0], outside: expect.stringContaining('@') },
  });
  const made = structuredClone(resource.state);
  await resource.refresh();
  expect(resource.state).toEqual(made);
  expect(await resource.differences(wanted)).toEqual({});
  expect(await resource.differences({ ...wanted, mailboxes: [...wanted.mailboxes].reverse() })).toEqual({});

  const [assignment = ''] = resource.state.assignments as string[];
  await port.run({
    cmdlet: 'Remove-ManagementRoleAssignment',
    parameters: { Identity: assignment, Confirm: false },
  });
  await resource.refresh();
  expect(resource.inputs.violations).toBe(1);
  expect(await resource.differences(wanted)).toEqual({ violations: 'UPDATE' });
  await resource.update(wanted);

  await resource.update({ ...wanted, mailboxes: wanted.mailboxes.slice(0, 1) });
  await resource.refresh();
  expect(resource.inputs.violations).toBe(0);
  await resource.remove();
  expect(await dump(tenant)).toEqual(before);
});

it('refuses beside a consent of others, and tells the phase beside its own', async () => {
  await expect(life().preview({ ...wanted, consents: [consent(false)] })).rejects.toThrow(
    /policy: .*does not own/,
  );
  const resource = life();
  await resource.create({ ...wanted, consents: [consent(true)] });
  expect(resource.state.phase).toBe('consentBeingRemoved');
  expect((await provider.messages()).join('\n')).toMatch(/consent for all mailboxes is removed next/);
  await resource.update(wanted);
  expect(resource.state.phase).toBe('limited');
});

it('reads a state of a build that did not tell where a consent is', async () => {
  const resource = life();
  await resource.create({ ...wanted, consents: [consent(true)] });
  for (const saved of [resource.inputs, resource.state])
    for (const one of saved.consents as Json[]) delete one.url;
  const before = structuredClone(resource.state);
  expect(await resource.refresh()).toBe(true);
  expect(resource.state).toEqual(before);
  expect(resource.inputs).toMatchObject({ violations: 0, consents: [{ assignmentId: 'assignment-1' }] });
  expect(resource.state.proof).toMatchObject({ inside: wanted.mailboxes[0] });
});

it('keeps what was made when it fails half-way, and removes it', async () => {
  const before = await dump(tenant);
  const resource = life();
  await tenant.control({ faults: ['cmdletRefused=1@New-ManagementRoleAssignment'] });
  await expect(resource.create(wanted)).rejects.toThrow(/New-ManagementRoleAssignment/);
  expect(resource.state).toMatchObject({ pointerMade: true, scopeMade: true, assignments: [] });
  await resource.remove();
  expect(await dump(tenant)).toEqual(before);
});

it('imports what an earlier state of this stack made', async () => {
  const before = await dump(tenant);
  const lost = life();
  expect(await lost.import(wanted.clientId)).toBe(false);
  await lost.create(wanted);
  const resource = life();
  expect(await resource.import(wanted.clientId)).toBe(true);
  expect(resource.inputs).toMatchObject({ ...wanted, consents: [] });
  expect(await resource.differences(wanted)).toEqual({});
  await resource.remove();
  expect(await dump(tenant)).toEqual(before);
});
