/** The application's scope from the first run to the last, in the sandbox over REST. */
import { InteropError } from '../../infra/errors.js';
import {
  type ApplicationScopeOutcome,
  type ApplicationScopeWish,
  applyApplicationScope,
  inspectApplicationScope,
  planApplicationScope,
  scopeName,
  undoApplicationScope,
} from '../../infra/exchange/application-scope/index.js';
import type { CmdletPort } from '../../infra/exchange/transport/port.js';
import { Incomplete } from '../../infra/exchange/work.js';
import { failureOf } from '../support/memory-port.js';
import { describeWithPwsh } from '../support/pwsh.js';
import { startTestSandbox, type TestSandbox } from '../support/sandbox.js';
import { openSandboxPort, realWork } from '../support/sandbox-port.js';

let tenant: TestSandbox;
let port: CmdletPort;
let wish: ApplicationScopeWish;
let before: unknown;
const timing = { patienceMs: 0, everyMs: 10 };

beforeAll(async () => {
  tenant = await startTestSandbox({ mailboxes: 12 });
  port = openSandboxPort(tenant);
});

afterAll(async () => {
  await port.close();
  await tenant.dispose();
});

/** Every test has an application of its own. */
beforeEach(async () => {
  const application = await tenant.graph('POST', '/applications', {
    body: { displayName: 'Calendar Interop' },
  });
  const clientId = application.body.appId;
  const principal = await tenant.graph('POST', '/servicePrincipals', { body: { appId: clientId } });
  const { rows } = await port.run({
    cmdlet: 'Get-Mailbox',
    parameters: { RecipientTypeDetails: ['UserMailbox'], ResultSize: 'Unlimited' },
  });
  wish = {
    clientId,
    servicePrincipalId: principal.body.id,
    displayName: 'Calendar Interop',
    protocol: 'ews',
    graphPermissions: ['Calendars.Read'],
    mailboxes: rows.slice(0, 2).map((row) => row.PrimarySmtpAddress),
    consents: [],
    owner: 'calendar-interop:calendar-interop/dev',
  };
  before = await rbac();
});

/** What a test leaves behind in Exchange goes, so that the next one begins as this one did. */
afterEach(async () => {
  const left = await rbac();
  for (const { name } of left.managementRoleAssignments) {
    await port.run({
      cmdlet: 'Remove-ManagementRoleAssignment',
      parameters: { Identity: name, Confirm: false },
    });
  }
  for (const { name } of left.managementScopes) {
    await port.run({ cmdlet: 'Remove-ManagementScope', parameters: { Identity: name, Confirm: false } });
  }
  if (left.servicePrincipals.some(({ appId }: { appId: string }) => appId === wish.clientId)) {
    await port.run({
      cmdlet: 'Remove-ServicePrincipal',
      parameters: { Identity: wish.clientId, Confirm: false },
    });
  }
});

/** What Exchange holds of roles, as a whole. */
async function rbac() {
  const { servicePrincipals, managementScopes, managementRoleAssignments } = (await tenant.state()).exchange;
  return { servicePrincipals, managementScopes, managementRoleAssignments };
}

const apply = (more: Partial<ApplicationScopeWish> = {}, former?: ApplicationScopeOutcome) =>
  applyApplicationScope(realWork(port), { ...wish, ...more }, { timing, former });
const plan = async (more: Partial<ApplicationScopeWish> = {}) => {
  const wanted = { ...wish, ...more };
  return planApplicationScope(await inspectApplicationScope(realWork(port), wanted), wanted);
};
const consent = (owned: boolean) => ({
  api: 'exchangeOnline' as const,
  permission: 'full_access_as_app',
  assignmentId: 'assignment-1',
  url: 'https://graph.microsoft.com/v1.0/servicePrincipals/exchange/appRoleAssignedTo/assignment-1',
  owned,
});

it('limits the application to the role mailboxes, proves it, and removes all of it on undo', async () => {
  const shown = await plan();
  expect(shown.changes).toEqual([
    `tell Exchange of the enterprise application ${wish.servicePrincipalId}`,
    `make the management scope ${scopeName(wish)} of ${wish.mailboxes.join(', ')}`,
    `give the application the role Application EWS.AccessAsApp within ${scopeName(wish)}`,
  ]);
  expect(await rbac()).toEqual(before);
  const outcome = await apply();
  expect(outcome).toMatchObject({ phase: 'limited', proof: { inside: wish.mailboxes[0] } });
  expect(wish.mailboxes).not.toContain(outcome.proof?.outside);
  const { rows } = await port.run({
    cmdlet: 'Test-ServicePrincipalAuthorization',
    parameters: { Identity: wish.servicePrincipalId, Resource: String(outcome.proof?.outside) },
  });
  expect(rows).toEqual([expect.objectContaining({ InScope: 'False', ScopeType: 'CustomRecipientScope' })]);
  await undoApplicationScope(realWork(port), outcome);
  expect(await rbac()).toEqual(before);
});

it('changes nothing on a second run, whatever form Exchange keeps the filter in', async () => {
  const outcome = await apply();
  const state = await rbac();
  expect((await plan()).changes).toEqual([]);
  expect(await apply({}, outcome)).toEqual(outcome);
  expect(await rbac()).toEqual(state);
});

it('takes up what a run that was cut off has made, and removes it on undo though nothing was recorded', async () => {
  const made = await apply();
  await port.run({
    cmdlet: 'Remove-ManagementRoleAssignment',
    parameters: { Identity: made.assignments[0] ?? '', Confirm: false },
  });
  const outcome = await apply();
  expect(outcome).toEqual(made);
  await undoApplicationScope(realWork(port), outcome);
  expect(await rbac()).toEqual(before);
});

it('changes the scope in place when the role mailboxes change', async () => {
  const outcome = await apply();
  const mailboxes = wish.mailboxes.slice(0, 1);
  expect((await plan({ mailboxes })).changes).toEqual([
    `change the management scope ${scopeName(wish)} to ${mailboxes[0]}`,
  ]);
  const after = await apply({ mailboxes, outside: wish.mailboxes[1] }, outcome);
  expect(after.proof).toEqual({ inside: mailboxes[0], outside: wish.mailboxes[1] });
});

it('changes the role with the protocol', async () => {
  const ews = await apply();
  const both = await apply({ protocol: 'both' }, ews);
  expect(both.assignments).toHaveLength(2);
  const graph = await apply({ protocol: 'graph' }, both);
  expect(graph.assignments).toEqual([`${scopeName(wish)} Calendars.Read`]);
  await undoApplicationScope(realWork(port), graph);
  expect(await rbac()).toEqual(before);
});

it('repairs one of its own that somebody changed', async () => {
  const outcome = await apply();
  const [name = ''] = outcome.assignments;
  await port.run({
    cmdlet: 'Remove-ManagementRoleAssignment',
    parameters: { Identity: name, Confirm: false },
  });
  await port.run({
    cmdlet: 'New-ManagementRoleAssignment',
    parameters: {
      Name: name,
      App: wish.servicePrincipalId,
      Role: 'Application Mail.Read',
      CustomResourceScope: scopeName(wish),
    },
  });
  expect(await apply({}, outcome)).toEqual(outcome);
  const { rows } = await port.run({ cmdlet: 'Get-ManagementRoleAssignment', parameters: { Identity: name } });
  expect(rows.map(({ Role }) => Role)).toEqual(['Application EWS.AccessAsApp']);
});

it('adopts a pointer that was there and leaves it, and never touches assignments of others', async () => {
  const { servicePrincipalId: ObjectId, clientId: AppId } = wish;
  await port.run({
    cmdlet: 'New-ServicePrincipal',
    parameters: { AppId, ObjectId, DisplayName: 'Somebody' },
  });
  const filter = `UserPrincipalName -eq '${wish.mailboxes[1]}'`;
  await port.run({
    cmdlet: 'New-ManagementScope',
    parameters: { Name: 'Theirs', RecipientRestrictionFilter: filter },
  });
  await port.run({
    cmdlet: 'New-ManagementRoleAssignment',
    parameters: {
      Name: 'Theirs',
      App: ObjectId,
      Role: 'Application Mail.Read',
      CustomResourceScope: 'Theirs',
    },
  });
  const found = await rbac();
  expect((await plan()).warnings.join('\n')).toContain('Theirs (Application Mail.Read, scope Theirs)');
  const outcome = await apply();
  expect(outcome.pointerMade).toBe(false);
  await undoApplicationScope(realWork(port), outcome);
  expect(await rbac()).toEqual(found);
});

it('leaves its own pointer where somebody else has come to use it', async () => {
  const outcome = await apply();
  const filter = `UserPrincipalName -eq '${wish.mailboxes[1]}'`;
  await port.run({
    cmdlet: 'New-ManagementScope',
    parameters: { Name: 'Theirs', RecipientRestrictionFilter: filter },
  });
  await port.run({
    cmdlet: 'New-ManagementRoleAssignment',
    parameters: {
      Name: 'Theirs',
      App: wish.servicePrincipalId,
      Role: 'Application Mail.Read',
      CustomResourceScope: 'Theirs',
    },
  });
  const words = await undoApplicationScope(realWork(port), outcome);
  expect(words.join('\n')).toContain('stays: other role assignments use it (Theirs)');
  expect((await rbac()).managementRoleAssignments).toHaveLength(1);
});

it('says so when another role reaches further than the scope', async () => {
  const first = await apply();
  const elsewhere = first.proof?.outside ?? '';
  const filter = `PrimarySmtpAddress -eq '${elsewhere}'`;
  await port.run({
    cmdlet: 'New-ManagementScope',
    parameters: { Name: 'Theirs', RecipientRestrictionFilter: filter },
  });
  await port.run({
    cmdlet: 'New-ManagementRoleAssignment',
    parameters: {
      Name: 'Theirs',
      App: wish.servicePrincipalId,
      Role: 'Application EWS.AccessAsApp',
      CustomResourceScope: 'Theirs',
    },
  });
  const failure = (await failureOf(
    apply({ outside: elsewhere }, first),
  )) as Incomplete<ApplicationScopeOutcome>;
  expect(failure).toBeInstanceOf(Incomplete);
  expect(failure.outcome.assignments).toEqual(first.assignments);
  expect(String(failure.cause)).toContain('reaches mailboxes that are no role mailboxes');
});

describe('beside a consent for all mailboxes', () => {
  it('that the stack does not own, nothing is made, and the order without a gap is told', async () => {
    const failure = await failureOf(apply({ consents: [consent(false)] }));
    expect(failure).toBeInstanceOf(InteropError);
    expect((failure as InteropError).kind).toBe('policy');
    expect(String(failure)).toContain('full_access_as_app');
    const steps = (failure as InteropError).next;
    const keep = steps.findIndex((step) =>
      step.includes('access: tenant, which takes the consent into this stack'),
    );
    const scope = steps.findIndex((step) => step.includes('makes the scope and proves it'));
    expect(keep).toBeGreaterThanOrEqual(0);
    expect(scope).toBeGreaterThan(keep);
    const last = steps.findIndex((step) => step.endsWith(` --method DELETE --url ${consent(false).url}`));
    expect(last).toBeGreaterThan(scope);
    expect(await rbac()).toEqual(before);
  });

  it('whose address an older state does not tell, it is named by its assignment', async () => {
    const { url: _, ...older } = consent(false);
    const failure = await failureOf(apply({ consents: [older] }));
    const steps = (failure as InteropError).next.join('\n');
    expect(steps).toContain('/appRoleAssignments/assignment-1');
    expect(steps).not.toContain('undefined');
  });

  it('of its own, which is removed after, both may stand: it is shown as a phase', async () => {
    expect((await plan({ consents: [consent(true)] })).warnings[0]).toContain(
      'phase: the scope is made first',
    );
    const outcome = await apply({ consents: [consent(true)] });
    expect(outcome.phase).toBe('consentBeingRemoved');
    expect((await apply({}, outcome)).phase).toBe('limited');
  });

  it('to something that reaches no mailbox, nothing is said', async () => {
    const place = {
      api: 'microsoftGraph',
      permission: 'Place.Read.All',
      assignmentId: 'a',
      url: 'https://graph.microsoft.com/v1.0/servicePrincipals/graph/appRoleAssignedTo/a',
      owned: false,
    } as const;
    expect((await plan({ consents: [place] })).phase).toBe('limited');
  });
});

it('refuses a pointer to another object, and permissions that Exchange cannot limit', async () => {
  const { servicePrincipalId: ObjectId, clientId: AppId } = wish;
  await port.run({ cmdlet: 'New-ServicePrincipal', parameters: { AppId, ObjectId } });
  const other = '00000000-0000-4000-8000-000000000001';
  await expect(plan({ servicePrincipalId: other })).rejects.toThrow(
    'Exchange knows this application by another object',
  );
  await expect(plan({ protocol: 'graph', graphPermissions: ['Calendars.ReadBasic.All'] })).rejects.toThrow(
    'has no role in Exchange',
  );
  await expect(plan({ mailboxes: [] })).rejects.toThrow('names none');
  await expect(plan({ mailboxes: ['nobody@contoso.com'] })).rejects.toThrow('has no mailbox');
});

describeWithPwsh('over PowerShell', () => {
  it('limits the application, proves it, and removes all of it on undo', async () => {
    const shell = openSandboxPort(tenant, 'powershell');
    try {
      const outcome = await applyApplicationScope(realWork(shell), wish, { timing });
      expect(outcome).toMatchObject({ phase: 'limited', proof: { inside: wish.mailboxes[0] } });
      expect((await plan()).changes).toEqual([]);
      await undoApplicationScope(realWork(shell), outcome);
      expect(await rbac()).toEqual(before);
    } finally {
      await shell.close();
    }
  });
});
