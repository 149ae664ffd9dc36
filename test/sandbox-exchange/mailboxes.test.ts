/** Mailboxes: what the seed gives, how they come and go with users and licences, and the dump that tests compare. */
import { must } from '../sandbox/support/principals.js';
import { type ExchangeTenant, startExchange } from './support/exchange.js';

const PLAN_2 = '6fd2c87f-b296-42f0-b197-1e91e994b900';
const NO_EXCHANGE = 'f30db892-07e9-47e9-837c-80727f46fd3d';

let t: ExchangeTenant;
beforeEach(async () => {
  t = await startExchange();
});
afterEach(() => t.dispose());

const all = () => t.rows('Get-Mailbox', { ResultSize: 'Unlimited' });

async function newUser(name: string, more: object = {}): Promise<{ id: string }> {
  const body = {
    accountEnabled: true,
    displayName: name,
    mailNickname: name,
    passwordProfile: { password: 'Correct-Horse-1' },
    userPrincipalName: `${name}@contoso.com`,
    usageLocation: 'DE',
    ...more,
  };
  return await must(t.tenant.graph('POST', '/users', { body }));
}
const license = (id: string, add: readonly string[], remove: readonly string[] = []) =>
  t.tenant.graph('POST', `/users/${id}/assignLicense`, {
    body: { addLicenses: add.map((skuId) => ({ skuId, disabledPlans: [] })), removeLicenses: remove },
  });
const exists = async (identity: string) =>
  (await t.cmdlet('Get-Mailbox', { Identity: identity })).status === 200;

test('the seed gives several kinds, languages, former rights, delegates, odd names and duplicates', async () => {
  const boxes = await all();
  const kinds = new Set(boxes.map(({ RecipientTypeDetails }) => RecipientTypeDetails));
  expect([...kinds].sort()).toEqual(['EquipmentMailbox', 'RoomMailbox', 'SharedMailbox', 'UserMailbox']);
  const names = boxes.map(({ DisplayName }) => DisplayName as string);
  expect(new Set(names).size).toBeLessThan(names.length);
  const { mailboxes } = await t.exchangeState();
  const folders = Object.values(mailboxes).flatMap((box) => (box as { folders: SeenFolder[] }).folders);
  const calendars = folders.filter(({ type }) => type === 'Calendar');
  expect(calendars).toHaveLength(boxes.length);
  expect(new Set(calendars.map(({ path }) => path)).size).toBeGreaterThanOrEqual(12);
  const rights = new Set(calendars.map(({ entries }) => entries.Default?.rights.join()));
  for (const right of [
    'None',
    'AvailabilityOnly',
    'LimitedDetails',
    'Reviewer',
    'Editor',
    'Contributor',
    'FolderVisible',
  ]) {
    expect(rights).toContain(right);
  }
  const flags = calendars.flatMap(({ entries }) => Object.values(entries).map((entry) => entry.flags.join()));
  expect(flags).toEqual(expect.arrayContaining(['Delegate', 'Delegate,CanViewPrivateItems']));
  const grantees = calendars.flatMap(({ entries }) => Object.keys(entries).map((key) => key.split(':')[0]));
  expect(new Set(grantees)).toEqual(new Set(['Default', 'Anonymous', 'internal', 'external', 'unknown']));
  // A calendar that is not the default one and has its English name.
  expect(folders.some(({ path, type }) => /\/.+\/Calendar$/.test(path) && type !== 'Calendar')).toBe(true);
});

interface SeenFolder {
  readonly path: string;
  readonly type: string;
  readonly entries: Readonly<Record<string, { rights: string[]; flags: string[] }>>;
}

test('the same seed gives the same Exchange, another one another', async () => {
  const [same, other] = [await startExchange(), await startExchange({ seed: 2 })];
  try {
    expect(await same.exchangeState()).toEqual(await t.exchangeState());
    expect(await other.exchangeState()).not.toEqual(await t.exchangeState());
  } finally {
    await Promise.all([same.dispose(), other.dispose()]);
  }
});

test('each is found by every identity of its own', async () => {
  for (const box of await all()) {
    for (const property of [
      'Guid',
      'ExternalDirectoryObjectId',
      'UserPrincipalName',
      'PrimarySmtpAddress',
      'Alias',
      'Name',
      'DistinguishedName',
    ]) {
      const [found] = await t.rows('Get-Mailbox', { Identity: box[property] });
      expect([property, found?.Guid]).toEqual([property, box.Guid]);
    }
  }
});

test('a filter and kinds narrow the list', async () => {
  const hidden = await t.rows('Get-Mailbox', {
    Filter: 'HiddenFromAddressListsEnabled -eq $true',
    ResultSize: 'Unlimited',
  });
  expect(hidden.length).toBeGreaterThan(0);
  expect(hidden).toEqual(
    (await all()).filter(({ HiddenFromAddressListsEnabled }) => HiddenFromAddressListsEnabled),
  );
  const rooms = await t.rows('Get-Mailbox', { RecipientTypeDetails: ['RoomMailbox'] });
  expect(rooms).toEqual(
    (await all()).filter(({ RecipientTypeDetails }) => RecipientTypeDetails === 'RoomMailbox'),
  );
});

test('a licence makes a mailbox, late if the options say so; without one, or with another, there is none', async () => {
  await t.tenant.control({ faults: ['licenceDelay=60000'] });
  const { id } = await newUser('late');
  expect(await exists(id)).toBe(false);
  await must(license(id, [NO_EXCHANGE]));
  await t.tenant.control({ clock: { advanceMs: 60_001 } });
  expect(await exists(id)).toBe(false);
  await must(license(id, [PLAN_2]));
  expect(await exists('late@contoso.com')).toBe(false);
  await t.tenant.control({ clock: { advanceMs: 60_001 } });
  expect(await exists('late@contoso.com')).toBe(true);
  const folders = await t.rows('Get-MailboxFolderStatistics', { Identity: id, FolderScope: 'Calendar' });
  const rows = await t.rows('Get-MailboxFolderPermission', { Identity: `${id}:${folders[0].FolderId}` });
  expect(rows.map(({ User, AccessRights }) => [User, AccessRights])).toEqual([
    ['Default', ['AvailabilityOnly']],
    ['Anonymous', ['None']],
  ]);
  await must(license(id, [], [PLAN_2]));
  expect(await exists('late@contoso.com')).toBe(false);
});

test('licences are counted, and run out', async () => {
  await t.tenant.control({ faults: ['freeLicences=1'] });
  const units = async () => {
    const { value } = await must<{
      value: { skuId: string; consumedUnits: number; prepaidUnits: { enabled: number } }[];
    }>(t.tenant.graph('GET', '/subscribedSkus'));
    const sku = value.find(({ skuId }) => skuId === PLAN_2);
    return [sku?.consumedUnits ?? -1, (sku?.prepaidUnits.enabled ?? 0) - (sku?.consumedUnits ?? 0)];
  };
  const [consumed = 0, free] = await units();
  expect(free).toBe(1);
  const [first, second] = [await newUser('first'), await newUser('second', { usageLocation: null })];
  await must(license(first.id, [PLAN_2]));
  expect(await units()).toEqual([consumed + 1, 0]);
  expect((await license(second.id, [PLAN_2])).body.error.message).toMatch(/invalid usage location/);
  await must(t.tenant.graph('PATCH', `/users/${second.id}`, { body: { usageLocation: 'DE' } }));
  expect((await license(second.id, [PLAN_2])).body.error.message).toMatch(
    /does not have any available licenses/,
  );
  await must(license(first.id, [], [PLAN_2]));
  await must(license(second.id, [PLAN_2]));
  expect(await units()).toEqual([consumed + 1, 0]);
});

test('a deleted user has no mailbox; a restored one has it as it was', async () => {
  const [box] = await t.rows('Get-Mailbox', { ResultSize: 1 });
  await t.rows('Set-Mailbox', { Identity: box.Guid, CustomAttribute1: 'kept' });
  const before = await t.exchangeState();
  await must(t.tenant.graph('DELETE', `/users/${box.ExternalDirectoryObjectId}`));
  expect(await exists(box.Guid)).toBe(false);
  expect((await t.exchangeState()).mailboxes[box.UserPrincipalName]).toBeUndefined();
  await must(t.tenant.graph('POST', `/directory/deletedItems/${box.ExternalDirectoryObjectId}/restore`));
  expect((await t.exchangeState()).mailboxes).toEqual(before.mailboxes);
});

test('the dump shows every change, and is equal when the change is taken back', async () => {
  const before = await t.exchangeState();
  const room = (await t.rows('Get-Mailbox', { RecipientTypeDetails: ['RoomMailbox'] }))[0].Guid;
  const processing = (await t.rows('Get-CalendarProcessing', { Identity: room }))[0];
  const calendar = (
    await t.rows('Get-MailboxFolderStatistics', { Identity: room, FolderScope: 'Calendar' })
  ).find(({ FolderType }) => FolderType === 'Calendar');
  const Identity = `${room}:${calendar.FolderId}`;
  const [entry] = await t.rows('Get-MailboxFolderPermission', { Identity, User: 'Default' });
  const steps: readonly (readonly [string, object, object])[] = [
    ['Set-Mailbox', { HiddenFromAddressListsEnabled: true }, { HiddenFromAddressListsEnabled: false }],
    ['Set-CASMailbox', { EwsEnabled: false }, { EwsEnabled: null }],
    [
      'Set-CalendarProcessing',
      { ProcessExternalMeetingMessages: !processing.ProcessExternalMeetingMessages },
      { ProcessExternalMeetingMessages: processing.ProcessExternalMeetingMessages },
    ],
    [
      'Set-MailboxFolderPermission',
      { Identity, User: 'Default', AccessRights: ['Owner'] },
      { Identity, User: 'Default', AccessRights: entry.AccessRights },
    ],
  ];
  for (const [name, there, back] of steps) {
    await t.rows(name, { Identity: room, ...there });
    expect([name, await t.exchangeState()]).not.toEqual([name, before]);
    await t.rows(name, { Identity: room, ...back });
    expect([name, await t.exchangeState()]).toEqual([name, before]);
  }
});

test('of a large tenant the dump shows what differs only', async () => {
  const large = await startExchange({ mailboxes: 1000 });
  try {
    expect((await large.exchangeState()).mailboxes).toEqual({});
    const [box] = await large.rows('Get-Mailbox', { ResultSize: 1 });
    await large.rows('Set-Mailbox', { Identity: box.Guid, CustomAttribute1: 'x' });
    expect(Object.keys((await large.exchangeState()).mailboxes)).toEqual([box.UserPrincipalName]);
    await large.rows('Set-Mailbox', { Identity: box.Guid, CustomAttribute1: box.CustomAttribute1 });
    expect((await large.exchangeState()).mailboxes).toEqual({});
  } finally {
    await large.dispose();
  }
});

test('defaultRights gives every seeded default calendar the same right', async () => {
  const uniform = await startExchange({ faults: ['defaultRights=AvailabilityOnly'] });
  try {
    const { mailboxes } = await uniform.exchangeState();
    const rights = Object.values(mailboxes)
      .flatMap((box) => (box as { folders: SeenFolder[] }).folders)
      .filter(({ type }) => type === 'Calendar')
      .map(({ entries }) => entries.Default?.rights.join());
    expect(new Set(rights)).toEqual(new Set(['AvailabilityOnly']));
  } finally {
    await uniform.dispose();
  }
});

test('New-Mailbox makes shared mailboxes and rooms without a password, and refuses what exists or is no name', async () => {
  const [room] = await t.rows('New-Mailbox', { Name: 'Room 9', Room: true });
  expect(room).toMatchObject({
    RecipientTypeDetails: 'RoomMailbox',
    PrimarySmtpAddress: 'room9@contoso.com',
  });
  expect((await t.rows('Get-CalendarProcessing', { Identity: 'Room 9' }))[0].AutomateProcessing).toBe(
    'AutoAccept',
  );
  const refused = async (parameters: object) => (await t.cmdlet('New-Mailbox', parameters)).status;
  expect(await refused({ Name: 'Room 9', Room: true })).not.toBe(200);
  expect(await refused({ Name: 'Büro', Shared: true })).not.toBe(200);
  expect(await refused({ Name: 'x'.repeat(65), Shared: true })).not.toBe(200);
  expect(
    await refused({ Name: 'elsewhere', Shared: true, PrimarySmtpAddress: 'x@unverified.contoso.com' }),
  ).not.toBe(200);
  expect(await refused({ Name: 'user without a password', MicrosoftOnlineServicesID: 'u@contoso.com' })).toBe(
    400,
  );
});
