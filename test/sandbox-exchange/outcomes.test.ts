/** Outcomes of folder permission cmdlets: classes and texts, row by row of the reference's table, and what each leaves behind. */
import { type CmdletAnswer, type ExchangeTenant, startExchange, tagged } from './support/exchange.js';

const NOT_FOUND = 'Microsoft.Exchange.Configuration.Tasks.ManagementObjectNotFoundException';
const STORE_TASKS = 'Microsoft.Exchange.Management.StoreTasks';
const BOX = 'interop@contoso.com';

let t: ExchangeTenant;
let calendar: string;
beforeAll(async () => {
  t = await startExchange();
  calendar = await defaultCalendar(BOX);
});
afterAll(() => t.dispose());

/** `<guid>:<folder id>` of a default calendar. */
async function defaultCalendar(mailbox: string): Promise<string> {
  const [box] = await t.rows('Get-Mailbox', { Identity: mailbox });
  const folders = await t.rows('Get-MailboxFolderStatistics', {
    Identity: box.Guid,
    FolderScope: 'Calendar',
  });
  return `${box.Guid}:${folders.find(({ FolderType }) => FolderType === 'Calendar').FolderId}`;
}

async function rightsOf(identity: string): Promise<Record<string, string[]>> {
  const rows = await t.rows('Get-MailboxFolderPermission', { Identity: identity });
  return Object.fromEntries(rows.map((row) => [row.User, row.AccessRights]));
}

const set = (parameters: object): Promise<CmdletAnswer> =>
  t.cmdlet('Set-MailboxFolderPermission', { Identity: calendar, User: 'Default', ...parameters });
const add = (parameters: object): Promise<CmdletAnswer> =>
  t.cmdlet('Add-MailboxFolderPermission', { Identity: calendar, AccessRights: ['Reviewer'], ...parameters });
const remove = (parameters: object): Promise<CmdletAnswer> =>
  t.cmdlet('Remove-MailboxFolderPermission', { Identity: calendar, Confirm: false, ...parameters });

test('Set with other rights replaces them, answers nothing, and leaves the other entries', async () => {
  const before = await rightsOf(calendar);
  const answer = await set({ AccessRights: ['LimitedDetails'] });
  expect(answer.status).toBe(200);
  expect(answer.body.value).toEqual([]);
  expect(answer.body['@adminapi.warnings']).toEqual([]);
  expect(await rightsOf(calendar)).toEqual({ ...before, Default: ['LimitedDetails'] });
});

test('Set with the same rights saves nothing and warns', async () => {
  await set({ AccessRights: ['LimitedDetails'] });
  const before = await t.exchangeState();
  const answer = await set({ AccessRights: ['LimitedDetails'] });
  expect(answer.body['@adminapi.warnings']).toEqual([
    `The command completed successfully but no permissions of '${calendar}' have been modified.`,
  ]);
  expect(answer.body.value).toEqual([]);
  expect(await t.exchangeState()).toEqual(before);
});

test.each([
  ['Set', () => set({ User: 'adele', AccessRights: ['Reviewer'] })],
  ['Remove', () => remove({ User: 'adele' })],
  ['Get', () => t.cmdlet('Get-MailboxFolderPermission', { Identity: calendar, User: 'adele' })],
])('%s for a user without an entry', async (_, call) => {
  expect(tagged(await call())).toMatchObject({
    className: `${STORE_TASKS}.UserNotFoundInPermissionEntryException`,
    text: 'There is no existing permission entry found for user: adele.',
  });
});

test('the text names the display name of an internal user', async () => {
  const [other] = await t.rows('Get-Mailbox', { ResultSize: 1 });
  const answer = await set({ User: other.PrimarySmtpAddress, AccessRights: ['Reviewer'] });
  expect(tagged(answer).text).toBe(
    `There is no existing permission entry found for user: ${other.DisplayName}.`,
  );
});

test('Add where an entry exists', async () => {
  const answer = await add({ User: 'default' });
  expect(answer.body.error.details[0].message).toBe(
    `|${STORE_TASKS}.UserAlreadyExistsInPermissionEntryException|An existing permission entry was found for user: Default.`,
  );
});

test('Add, then Remove, leaves everything as before', async () => {
  const before = await t.exchangeState();
  const [other] = await t.rows('Get-Mailbox', { ResultSize: 1 });
  expect((await add({ User: other.PrimarySmtpAddress })).body.value[0]).toMatchObject({
    User: other.DisplayName,
    AccessRights: ['Reviewer'],
  });
  expect(await t.exchangeState()).not.toEqual(before);
  expect((await remove({ User: other.UserPrincipalName })).status).toBe(200);
  expect(await t.exchangeState()).toEqual(before);
});

test.each(['Default', 'anonymous'])('%s cannot be removed', async (user) => {
  expect(tagged(await remove({ User: user })).className).toBe(
    `${STORE_TASKS}.CannotRemoveSpecialUserException`,
  );
});

test('a mailbox that is missing', async () => {
  const answer = await t.cmdlet('Get-MailboxFolderPermission', { Identity: 'nobody@contoso.com:\\Calendar' });
  expect(tagged(answer)).toEqual({
    stringId: 'Ex6F9304',
    className: NOT_FOUND,
    text: expect.stringMatching(
      /^The operation couldn't be performed because object 'nobody@contoso\.com' couldn't be found on '[A-Z0-9.]+'\.$/,
    ),
  });
});

test('an identity that is ambiguous', async () => {
  const boxes = await t.rows('Get-Mailbox', { ResultSize: 'Unlimited' });
  const names = boxes.map(({ DisplayName }) => DisplayName as string);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  const answer = await t.cmdlet('Get-Mailbox', { Identity: twice });
  expect(tagged(answer)).toMatchObject({ stringId: 'Ex9E65A2', className: NOT_FOUND });
  expect(tagged(answer).text).toMatch(/matches multiple entries\.$/);
});

test('a folder that is missing: the text has no domain controller', async () => {
  const identity = `${BOX}:\\Nowhere`;
  expect(tagged(await t.cmdlet('Get-MailboxFolderPermission', { Identity: identity }))).toEqual({
    stringId: '',
    className: NOT_FOUND,
    text: `The operation couldn't be performed because '${identity}' couldn't be found.`,
  });
});

test('an address that nobody has, and one of a contact', async () => {
  for (const user of ['x@fabrikam.com', 'contact@fabrikam.com']) {
    expect(tagged(await add({ User: user }))).toMatchObject({
      className: `${STORE_TASKS}.InvalidExternalUserIdException`,
      text: `The user "${user}" is either not valid SMTP address, or there is no matching information.`,
    });
  }
});

test('a protected folder', async () => {
  const answer = await set({ Identity: `${BOX}:\\Recoverable Items`, AccessRights: ['Reviewer'] });
  expect(tagged(answer).className).toBe(`${STORE_TASKS}.CannotChangePermissionsOnFolderException`);
});

test('rights of calendars on another folder, and a role beside a right', async () => {
  const inbox = (await t.rows('Get-MailboxFolderStatistics', { Identity: BOX, FolderScope: 'Inbox' }))[0];
  const answer = await set({ Identity: `${BOX}:${inbox.FolderId}`, AccessRights: ['LimitedDetails'] });
  expect(tagged(answer).className).toBe('System.ArgumentException');
  expect(tagged(await set({ AccessRights: ['Reviewer', 'CreateItems'] })).className).toBe(
    'System.ArgumentException',
  );
});

test('single rights that are a role together are shown as the role', async () => {
  await set({ AccessRights: ['ReadItems', 'FolderVisible'] });
  expect((await rightsOf(calendar)).Default).toEqual(['Reviewer']);
});

test('the not-found error comes as 400, 404 and 500, always the same for the same text', async () => {
  const seen = new Map<number, string>();
  for (let number = 0; seen.size < 3 && number < 60; number += 1) {
    const Identity = `nobody${number}@contoso.com`;
    const [first, second] = [
      await t.cmdlet('Get-Mailbox', { Identity }),
      await t.cmdlet('Get-Mailbox', { Identity }),
    ];
    expect(second.status).toBe(first.status);
    seen.set(first.status, first.body.error.code);
  }
  expect(Object.fromEntries(seen)).toEqual({
    400: 'BadRequest',
    404: 'NotFound',
    500: 'InternalServerError',
  });
});

describe('delegates', () => {
  async function calendarWithDelegate(): Promise<{ identity: string; flags: () => Promise<string[]> }> {
    for (const { Guid } of await t.rows('Get-Mailbox', {
      RecipientTypeDetails: ['UserMailbox'],
      ResultSize: 60,
    })) {
      const identity = await defaultCalendar(Guid);
      const flags = async () =>
        (await t.rows('Get-MailboxFolderPermission', { Identity: identity }))
          .map((row) => row.SharingPermissionFlags)
          .filter((flag) => flag !== null);
      if ((await flags()).length > 0) return { identity, flags };
    }
    throw new Error('nobody has a delegate');
  }

  test('stay when Default is set', async () => {
    const { identity, flags } = await calendarWithDelegate();
    const before = await flags();
    await set({ Identity: identity, AccessRights: ['LimitedDetails'] });
    expect(await flags()).toEqual(before);
  });

  test('are dropped by SendNotificationToUser, even by false', async () => {
    const { identity, flags } = await calendarWithDelegate();
    await set({ Identity: identity, AccessRights: ['Reviewer'], SendNotificationToUser: false });
    expect(await flags()).toEqual([]);
  });

  test('flags want Editor on a calendar', async () => {
    const answer = await set({ AccessRights: ['Reviewer'], SharingPermissionFlags: ['Delegate'] });
    expect(tagged(answer).className).toBe('System.ArgumentException');
  });
});
