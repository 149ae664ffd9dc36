import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { stringify } from 'yaml';
import type { Check } from '../../infra/preflight/index.js';
import { EXCHANGE_APP_ID } from '../../sandbox/entra/first-party.js';
import { runCli } from '../../scripts/cli.js';
import { startWorkspace, type Workspace } from '../google/support.js';
import { grant, makeClient } from '../sandbox/support/principals.js';

let workspace: Workspace;
let folder: string;

beforeAll(async () => {
  workspace = await startWorkspace(60);
  folder = mkdtempSync(join(tmpdir(), 'preflight-'));
  writeFileSync(join(folder, 'Pulumi.yaml'), 'name: calendar-interop\nruntime: nodejs\n');
  const { serviceAccount } = await workspace.describe();
  writeFileSync(join(folder, 'key.json'), JSON.stringify(serviceAccount));
});
afterAll(async () => {
  await workspace.tenant.dispose();
  rmSync(folder, { recursive: true, force: true });
});

interface Outcome {
  readonly code: number;
  readonly text: string;
  readonly checks: readonly Check[];
  readonly check: (id: string) => Check | undefined;
}

interface Call {
  /** Name of one of the sandbox's clients, or one that a test made. */
  readonly as?: string | { readonly clientId: string; readonly clientSecret: string };
  readonly config?: Record<string, unknown>;
  readonly google?: boolean;
  readonly json?: boolean;
}

async function preflight({
  as = 'deployer',
  config = {},
  google = true,
  json = true,
}: Call = {}): Promise<Outcome> {
  const { info } = workspace.tenant.sandbox;
  const client = typeof as === 'string' ? info.clients.find(({ name }) => name === as) : as;
  const ours = {
    tenant: 'contoso.onmicrosoft.com',
    protocol: 'graph',
    endpoints: [
      {
        name: 'online',
        type: 'microsoft365-graph',
        domains: ['contoso.com'],
        roleAccounts: ['interop@contoso.com'],
      },
    ],
    exchange: { url: info.exchange },
    google: { credentials: 'GOOGLE', subject: 'admin@contoso.com', url: info.graph },
    ...config,
  };
  const file = {
    'azuread:metadataHost': info.metadataHost,
    'azuread:tenantId': info.tenantId,
    'azuread:clientId': client?.clientId,
    ...Object.fromEntries(Object.entries(ours).map(([key, value]) => [`calendar-interop:${key}`, value])),
  };
  writeFileSync(join(folder, 'Pulumi.test.yaml'), stringify({ config: file }));
  const streams = { stdin: new PassThrough(), stdout: new PassThrough(), stderr: new PassThrough() };
  let text = '';
  streams.stdout.on('data', (chunk: Buffer) => {
    text += chunk.toString();
  });
  streams.stderr.resume();
  const code = await runCli({
    ...streams,
    argv: ['preflight', '--stack', 'test', ...(json ? ['--json'] : [])],
    env: {
      SSL_CERT_FILE: info.caFile,
      ARM_CLIENT_SECRET: client?.clientSecret ?? '',
      ...(google ? { GOOGLE: join(folder, 'key.json') } : {}),
    },
    cwd: folder,
  });
  const checks: readonly Check[] = json ? (JSON.parse(text).checks ?? []) : [];
  return { code, text, checks, check: (id) => checks.find((one) => one.id === id) };
}

/** Runs any cmdlet, as an administrator of Exchange would. */
// biome-ignore lint/suspicious/noExplicitAny: tests look into rows of many shapes.
async function cmdlet(CmdletName: string, Parameters: object): Promise<any[]> {
  const { tenant } = workspace;
  const token = await tenant.token('exchange-admin', 'https://outlook.office365.com/.default');
  const path = `/adminapi/beta/${tenant.sandbox.info.tenantId}/InvokeCommand`;
  const answer = await tenant.request<{ value: never[] }>(path, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ CmdletInput: { CmdletName, Parameters } }),
  });
  if (answer.status !== 200) throw new Error(JSON.stringify(answer.body));
  return answer.body.value;
}

/** The whole tenant, to see that nothing is written. */
async function dump(): Promise<string> {
  return JSON.stringify(await workspace.tenant.state());
}

test('where all is well it says so, exits with 0 and writes nothing', async () => {
  const before = await dump();
  const { code, checks, check } = await preflight();
  expect(checks.filter(({ state }) => state !== 'ok')).toEqual([]);
  expect(code).toBe(0);
  expect(check('people.mailbox')).toMatchObject({ what: 'everybody with an address has a mailbox' });
  expect(check('permissions.exchange-role')).toMatchObject({ state: 'ok', found: '2 of 2' });
  expect(check('exchange.role-account-interop@contoso.com')?.state).toBe('ok');
  expect(await dump()).toBe(before);
});

test('the text has a sign for each check, grouped', async () => {
  const { text } = await preflight({ json: false, google: false });
  expect(text).toMatch(
    /What the sign-in may do\n {2}✓ the sign-in may make and change the registration: Application\.ReadWrite\.OwnedBy/,
  );
  expect(text).toMatch(
    /People\n[\s\S]*– not checked: whether people have a Google account with Calendar on\n {6}next: /,
  );
  expect(text).toMatch(/No fault found: \d+ fine, 3 not checked\. Nothing was changed\./);
});

test('people with Calendar on, unmanaged accounts and people without a mailbox are faults with names', async () => {
  const { tenant } = workspace;
  const users: {
    userPrincipalName: string;
    id: string;
    accountEnabled: boolean;
    assignedLicenses: { skuId: string }[];
  }[] = (
    await tenant.graph('GET', '/users?$top=20&$select=id,userPrincipalName,accountEnabled,assignedLicenses')
  ).body.value;
  const [calendarOn, unmanaged, without] = users.filter(
    (user) =>
      user.accountEnabled &&
      user.assignedLicenses.length > 0 &&
      !user.userPrincipalName.startsWith('interop'),
  );
  const upn = (user: (typeof users)[number] | undefined) => user?.userPrincipalName.toLowerCase() ?? '';
  await workspace.control({
    users: [{ primaryEmail: upn(calendarOn), orgUnitPath: '/Calendar users' }],
    unmanaged: [upn(unmanaged)],
  });
  const skuId = without?.assignedLicenses[0]?.skuId;
  await tenant.graph('POST', `/users/${without?.id}/assignLicense`, {
    body: { addLicenses: [], removeLicenses: [skuId] },
  });
  const { code, check } = await preflight();
  expect(code).toBe(12);
  expect(check('people.calendar')).toMatchObject({
    state: 'fault',
    found: expect.stringContaining(`1: ${upn(calendarOn)}`),
  });
  expect(check('people.unmanaged')).toMatchObject({
    state: 'fault',
    found: expect.stringContaining(upn(unmanaged)),
  });
  expect(check('people.mailbox')).toMatchObject({
    state: 'fault',
    found: expect.stringContaining(`1: ${without?.userPrincipalName}`),
  });
  await workspace.control({
    users: [{ primaryEmail: upn(calendarOn), orgUnitPath: '/Exchange users' }],
    unmanaged: [],
  });
  await tenant.graph('POST', `/users/${without?.id}/assignLicense`, {
    body: { addLicenses: [{ skuId, disabledPlans: [] }], removeLicenses: [] },
  });
});

test('a principal that may do nothing: what is missing is named, what cannot be seen is not checked', async () => {
  const { code, check } = await preflight({ as: 'reader' });
  expect(code).toBe(12);
  expect(check('permissions.graph-consent')).toMatchObject({
    state: 'fault',
    found: 'Application.Read.All',
    allowed: 'AppRoleAssignment.ReadWrite.All',
  });
  expect(check('permissions.exchange')?.state).toBe('fault');
  expect(check('exchange.domains')?.state).toBe('notChecked');
  expect(check('people.calendar')?.state).toBe('notChecked');
});

/** Exchange knows the client, which may read there and nothing else. */
async function letView(made: Awaited<ReturnType<typeof makeClient>>): Promise<void> {
  const { appId: AppId, principalId } = made;
  await cmdlet('New-ServicePrincipal', { AppId, ObjectId: principalId, DisplayName: 'viewer' });
  await cmdlet('Add-RoleGroupMember', {
    Identity: 'View-Only Organization Management',
    Member: principalId,
  });
}

test('a role group of Exchange that holds too little is a fault that names what is missing', async () => {
  const { tenant } = workspace;
  const made = await makeClient(tenant);
  await grant(tenant, made.principalId, 'Exchange.ManageAsApp', EXCHANGE_APP_ID);
  const as = { clientId: made.appId, clientSecret: made.secret };
  const config = { visibility: { scope: { all: true } } };
  const nothing = await preflight({ as, config });
  expect(nothing.check('permissions.exchange')?.state).toBe('ok');
  expect(nothing.check('permissions.exchange-role')).toMatchObject({
    state: 'fault',
    found: 'no role in Exchange',
  });

  await letView(made);
  const viewer = await preflight({ as, config });
  expect(viewer.check('permissions.exchange-role')).toMatchObject({
    state: 'fault',
    found: 'cannot show calendars: Set-MailboxFolderPermission',
    next: expect.stringContaining('Exchange Administrator'),
  });
  // What it may read is looked at.
  expect(viewer.check('exchange.domains')?.state).toBe('ok');
});

test('a role account without a user mailbox is a fault, whatever the protocol', async () => {
  const [shared] = await cmdlet('Get-Mailbox', { RecipientTypeDetails: ['SharedMailbox'], ResultSize: 1 });
  const roleAccounts = ['nobody@contoso.com', shared.PrimarySmtpAddress];
  const endpoints = [{ name: 'online', type: 'microsoft365-graph', domains: ['contoso.com'], roleAccounts }];
  const { code, check } = await preflight({ config: { endpoints } });
  expect(code).toBe(12);
  expect(roleAccounts.map((address) => check(`exchange.role-account-${address}`))).toMatchObject([
    { state: 'fault', found: 'no such mailbox' },
    { state: 'fault', found: 'SharedMailbox' },
  ]);
});

test('a role account with a Kiosk licence alone is a fault for EWS, and none for Graph', async () => {
  const { tenant } = workspace;
  const skus: { skuId: string; skuPartNumber: string }[] = (await tenant.graph('GET', '/subscribedSkus')).body
    .value;
  const idOf = (name: string) => skus.find(({ skuPartNumber }) => skuPartNumber === name)?.skuId;
  const { body: user } = await tenant.graph('GET', '/users/interop@contoso.com?$select=id,assignedLicenses');
  const change = async (add: string[], remove: string[]) =>
    expect(
      await tenant.graph('POST', `/users/${user.id}/assignLicense`, {
        body: { addLicenses: add.map((skuId) => ({ skuId, disabledPlans: [] })), removeLicenses: remove },
      }),
    ).toMatchObject({ status: 200 });
  const before = user.assignedLicenses.map(({ skuId }: { skuId: string }) => skuId);
  const kiosk = [idOf('EXCHANGEDESKLESS') ?? ''];
  await change(kiosk, before);
  const id = 'licences.role-account-interop@contoso.com';
  const endpoints = [
    { name: 'e', type: 'microsoft365-ews', domains: ['contoso.com'], roleAccounts: ['interop@contoso.com'] },
  ];
  const ews = await preflight({ config: { protocol: 'ews', endpoints } });
  expect(ews.check(id)).toMatchObject({ state: 'fault', found: 'Kiosk, F1 or F3 alone' });
  expect((await preflight()).check(id)).toBeUndefined();
  await change(before, kiosk);
  const mended = await preflight({ config: { protocol: 'ews', endpoints } });
  expect(mended.check(id)?.state).toBe('ok');
});

test('a domain that Exchange does not accept, licences that are not free, and EWS that is not set are faults', async () => {
  await workspace.tenant.control({ faults: ['freeLicences=1'] });
  const { code, check } = await preflight({
    config: {
      protocol: 'ews',
      endpoints: [
        {
          name: 'online',
          type: 'microsoft365-ews',
          domains: ['fabrikam.com'],
          roleAccounts: ['interop@fabrikam.com'],
        },
      ],
      roleMailboxes: [{ address: 'rooms@contoso.com', count: 3 }],
    },
  });
  expect(code).toBe(12);
  expect(check('exchange.domains')).toMatchObject({ state: 'fault', found: 'fabrikam.com' });
  expect(check('exchange.other-domains')).toMatchObject({ state: 'notChecked', found: 'contoso.com' });
  expect(check('licences.EXCHANGESTANDARD')).toMatchObject({
    state: 'fault',
    what: expect.stringMatching(/3 licences are needed/),
  });
  expect(check('exchange.ews-switch')).toMatchObject({ state: 'fault', found: 'not set' });
  expect(check('exchange.role-account-interop@fabrikam.com')).toMatchObject({ state: 'fault' });
  await workspace.tenant.control({ clearFaults: true });
});

test.each([
  ['passwordLifetime', 'P90D', { found: '180 days', allowed: expect.stringMatching(/^at most 90 days/) }],
  ['passwordAddition', undefined, { what: 'the tenant forbids new secrets' }],
])('a policy of the tenant on secrets (%s) is a fault', async (restrictionType, maxLifetime, expected) => {
  const policy = (isEnabled: boolean) =>
    workspace.tenant.graph('PATCH', '/policies/defaultAppManagementPolicy', {
      body: {
        isEnabled,
        applicationRestrictions: {
          passwordCredentials: [
            { restrictionType, state: 'enabled', ...(maxLifetime === undefined ? {} : { maxLifetime }) },
          ],
        },
      },
    });
  expect((await policy(true)).status).toBe(204);
  const { code, check } = await preflight();
  await policy(false);
  expect(code).toBe(12);
  expect(check('policy.secrets')).toMatchObject({ state: 'fault', ...expected });
});

test("Google's switches are compared; what was never set is not known", async () => {
  const { check } = await preflight({ config: { eventDetails: false, roomBooking: true } });
  expect(check('google.event-details')).toMatchObject({ state: 'fault', found: 'on', allowed: 'off' });
  expect(check('google.room-booking')).toMatchObject({ state: 'fault', found: 'off', allowed: 'on' });
  const before = (await workspace.describe()).state.policies;
  await workspace.control({ policies: [] });
  const unset = await preflight();
  expect(unset.code).toBe(0);
  expect(unset.check('google.interop')?.state).toBe('notChecked');
  await workspace.control({ policies: before });
});

test("without credentials the console's list of users serves as far as it goes", async () => {
  const [user] = (await workspace.tenant.graph('GET', '/users?$top=1&$select=userPrincipalName')).body.value;
  writeFileSync(
    join(folder, 'users.csv'),
    `\uFEFF"First Name [Required]","Email Address [Required]","Org Unit Path [Required]"\r\n"A ""B"", C",${user.userPrincipalName},/\r\n`,
  );
  const call = { google: false, config: { google: { usersCsv: 'users.csv' } } };
  const { code, check } = await preflight(call);
  expect(code).toBe(0);
  expect(check('people.calendar')).toMatchObject({
    state: 'notChecked',
    found: expect.stringContaining(user.userPrincipalName),
  });
  expect(check('people.unmanaged')?.state).toBe('notChecked');
  writeFileSync(join(folder, 'users.csv'), 'Name\n');
  const broken = await preflight(call);
  expect(broken.check('people.calendar')).toMatchObject({
    state: 'notChecked',
    found: expect.stringMatching(/has no column "Email Address"/),
  });
  expect(broken.check('people.unmanaged')?.state).toBe('notChecked');
  expect(broken.check('people.mailbox')?.state).toBe('ok');
});

test('a key that Google refuses is told, and everything else is looked at nevertheless', async () => {
  await workspace.control({ delegatedScopes: [] });
  const { code, check } = await preflight();
  expect(code).toBe(0);
  expect(check('google.interop')).toMatchObject({
    state: 'notChecked',
    next: expect.stringMatching(/domain-wide delegation/),
  });
  expect(check('exchange.domains')?.state).toBe('ok');
  expect(check('people.mailbox')?.state).toBe('ok');
  for (const id of ['people.unmanaged', 'people.calendar'])
    expect(check(id)).toMatchObject({
      state: 'notChecked',
      next: expect.stringMatching(/domain-wide delegation/),
    });
});

test('where Exchange cannot be read, none of the conditions for people is passed over', async () => {
  await workspace.tenant.control({ faults: ['cmdletRefused=50@Get-Mailbox'] });
  const { check } = await preflight();
  await workspace.tenant.control({ clearFaults: true });
  for (const id of ['people.mailbox', 'people.unmanaged', 'people.calendar'])
    expect(check(id)?.state).toBe('notChecked');
});

describe('the allow list of EWS that this stack leaves alone', () => {
  const config = {
    protocol: 'ews',
    ewsAccess: { manage: false },
    endpoints: [
      {
        name: 'e',
        type: 'microsoft365-ews',
        domains: ['contoso.com'],
        roleAccounts: ['interop@contoso.com'],
      },
    ],
  };

  test('there is no application yet, which is told with the way to one', async () => {
    const { check } = await preflight({ config });
    expect(check('exchange.ews-allow-list')).toMatchObject({
      state: 'notChecked',
      what: expect.stringContaining('there is none yet'),
      next: expect.stringContaining('calendar-interop up'),
    });
  });

  test('the registration cannot be read, which is told with the permission that is missing', async () => {
    const made = await makeClient(workspace.tenant);
    await grant(workspace.tenant, made.principalId, 'Exchange.ManageAsApp', EXCHANGE_APP_ID);
    await letView(made);
    const { check } = await preflight({ config, as: { clientId: made.appId, clientSecret: made.secret } });
    expect(check('exchange.ews-allow-list')).toMatchObject({
      state: 'notChecked',
      what: expect.stringContaining('could not be read'),
      found: expect.stringContaining('Application.Read'),
      next: expect.stringMatching(/./),
    });
  });
});
