/** Calendars over time: an ordinary run covers who has come since the last one, and a rotation does not wait for Exchange. */
import { makeProject, type TestProject } from '../support/project.js';
import { startTestSandbox, type TestSandbox } from '../support/sandbox.js';
import { defaultRights } from '../visibility/support/exchange.js';

let sandbox: TestSandbox;
let project: TestProject;
let configured: Record<string, unknown>;

const VISIBILITY = { scope: { recipientTypes: ['UserMailbox'] } } as const;

beforeEach(async () => {
  sandbox = await startTestSandbox({ mailboxes: 6 });
  project = await makeProject({ info: sandbox.sandbox.info });
  const { exchange: url, ews: ewsUrl } = sandbox.sandbox.info;
  configured = {
    'calendar-interop:exchange': { url, ewsUrl },
    'calendar-interop:ewsAccess': { manage: false },
  };
  await project.configure({ ...configured, 'calendar-interop:visibility': VISIBILITY });
});
afterEach(async () => {
  await project.dispose();
  await sandbox.dispose();
});

const NEWCOMER = 'newcomer@contoso.com';

/** Somebody is hired: a user with a licence, whose calendar is as Exchange makes it. */
async function hire(): Promise<void> {
  const user = await sandbox.graph<{ id: string }>('POST', '/users', {
    body: {
      userPrincipalName: NEWCOMER,
      displayName: 'New Comer',
      mailNickname: 'newcomer',
      accountEnabled: true,
      usageLocation: 'DE',
      passwordProfile: { password: 'of no use to anybody 1!', forceChangePasswordNextSignIn: false },
    },
  });
  const skus = await sandbox.graph<{ value: { skuId: string; skuPartNumber: string }[] }>(
    'GET',
    '/subscribedSkus',
  );
  const sku = skus.body.value.find(({ skuPartNumber }) => skuPartNumber === 'EXCHANGESTANDARD');
  const licence = await sandbox.graph('POST', `/users/${user.body.id}/assignLicense`, {
    body: { addLicenses: [{ skuId: sku?.skuId }], removeLicenses: [] },
  });
  expect([user.status, licence.status]).toEqual([201, 200]);
}

async function rightOf(address: string): Promise<string | undefined> {
  return defaultRights((await sandbox.state()).exchange.mailboxes)[address];
}

test('a new mailbox is shown by the next preview and covered by the next up, of a configuration that stays the same', async () => {
  expect(await project.run(['up'])).toMatchObject({ code: 0 });
  await hire();
  expect(await rightOf(NEWCOMER)).toBe('AvailabilityOnly');

  const preview = await project.run(['preview']);
  expect(preview.stdout).toContain('1 of 8 calendars would change');
  expect(await rightOf(NEWCOMER)).toBe('AvailabilityOnly');

  const up = await project.run(['up']);
  expect(up).toMatchObject({ code: 0 });
  expect(await rightOf(NEWCOMER)).toBe('LimitedDetails');

  const again = await project.run(['up']);
  expect(again.stdout).toContain('0 of 8 calendars would change');
  expect(again.stdout).toContain('Nothing changed: everything is as declared.');
});

test('a role mailbox that is added: the preview tells of its calendar, and the same up raises it', async () => {
  expect(await project.run(['up'])).toMatchObject({ code: 0 });
  const address = 'calendar@contoso.com';
  await project.configure({
    ...configured,
    'calendar-interop:visibility': VISIBILITY,
    'calendar-interop:roleMailboxes': [{ address, displayName: 'Calendar Interop', sku: 'EXCHANGESTANDARD' }],
  });
  const preview = await project.run(['preview']);
  expect(preview.stdout).toContain(`are raised, too: ${address}`);
  expect(preview.stdout).toContain('~ CalendarVisibility exchange-visibility');
  expect(await project.run(['up'])).toMatchObject({ code: 0 });
  expect(await rightOf(address)).toBe('LimitedDetails');
  expect((await project.run(['preview'])).stdout).toContain('Nothing to do: everything is as declared.');
});

test('a rotation asks nothing of Exchange: it must not wait for calendars, nor for an outage there', async () => {
  expect(await project.run(['up'])).toMatchObject({ code: 0 });
  const before = await cmdlets();
  expect(before['Get-MailboxFolderPermission']).toBeGreaterThan(0);
  expect(await project.run(['rotation', 'confirm'])).toMatchObject({ code: 0 });
  expect(await project.run(['rotation', 'stage'])).toMatchObject({ code: 0 });
  // As a merged pull request does it.
  expect(await project.run(['rotation', 'confirm'])).toMatchObject({ code: 0 });
  expect(await project.run(['rotation', 'retire', '--write-only'])).toMatchObject({ code: 0 });
  const up = await project.run(['up']);
  expect(up).toMatchObject({ code: 0 });
  expect(up.stdout).toContain('calendars are not looked at by this run, which carries out a rotation');
  expect(up.stdout).toContain('- ApplicationPassword interop-secret-a');
  expect(await cmdlets()).toEqual(before);
});

test('where more mailboxes are in scope than are looked at, drift and doctor say so instead of calling them well', async () => {
  await project.configure({
    ...configured,
    'calendar-interop:visibility': { ...VISIBILITY, inlineLimit: 3 },
  });
  expect(await project.run(['up'])).toMatchObject({ code: 0 });
  const drift = await project.run(['drift']);
  expect(drift.code).toBe(0);
  expect(drift.stdout).toContain('No drift in what was looked at.');
  expect(drift.stdout).toContain('next: calendar-interop visibility plan --exit-code --stack test');
  expect(drift.stderr).toContain('more than 3 mailboxes are in scope');

  const plan = await project.run(['visibility', 'plan', '--exit-code']);
  expect(plan.code).toBe(7);
  const doctor = await project.json(['doctor']);
  const { sections } = doctor.value as {
    readonly sections: readonly { readonly id: string; readonly items: readonly object[] }[];
  };
  expect(sections.find(({ id }) => id === 'drift')?.items).toContainEqual(
    expect.objectContaining({ id: 'drift.calendars', state: 'notChecked' }),
  );
});

/** How often each was asked of the emulated Exchange. */
async function cmdlets(): Promise<Readonly<Record<string, number>>> {
  const headers = { 'x-sandbox': '1' };
  const { body } = await sandbox.request<{ cmdlets: Record<string, number> }>(
    '/sandbox/exchange-statistics',
    { headers },
  );
  return body.cmdlets;
}
