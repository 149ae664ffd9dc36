/** Parameters: what is refused before a cmdlet runs, and in which of the shapes. */
import { type ExchangeTenant, startExchange } from './support/exchange.js';

const INVOCATION = 'Microsoft.Exchange.AdminApi.CommandInvocation';
let t: ExchangeTenant;
beforeAll(async () => {
  t = await startExchange({ mailboxes: 4 });
});
afterAll(() => t.dispose());

test('an unknown parameter: with details, and the class of parameter sets', async () => {
  const { status, body } = await t.cmdlet('Get-Mailbox', { Identiti: 'interop@contoso.com' });
  expect(status).toBe(400);
  expect(body.error).toMatchObject({
    code: 'BadRequest',
    message: 'Invalid Operation',
    details: [
      {
        code: 'Client',
        target: '',
        message: `|${INVOCATION}.AmbiguousParameterSetException|A parameter cannot be found that matches parameter name 'Identiti'.`,
      },
    ],
    '@adminapi.warnings': [],
  });
});

test('a value that is no member of its enum: without details', async () => {
  const { status, body } = await t.cmdlet('Get-Mailbox', { RecipientTypeDetails: ['NoSuchMailbox'] });
  expect(status).toBe(400);
  expect(body.error).toMatchObject({
    code: 'BadRequest',
    message: 'Invalid Operation',
    innererror: {
      type: 'Microsoft.Exchange.Admin.OData.Core.ODataServiceException',
      stacktrace: '',
      internalexception: { type: `${INVOCATION}.ParameterTransformationException`, stacktrace: '' },
    },
  });
  expect(body.error.details).toBeUndefined();
});

test('the start of one enum member passes for it; of several it does not', async () => {
  expect(await t.rows('Get-Mailbox', { RecipientTypeDetails: ['Legacy'] })).toEqual([]);
  expect((await t.rows('Get-Mailbox', { RecipientTypeDetails: ['userm'] })).length).toBe(5);
  expect((await t.cmdlet('Get-Mailbox', { RecipientTypeDetails: ['Linked'] })).status).toBe(400);
});

test.each([
  [
    'text for a Boolean',
    'Set-Mailbox',
    { Identity: 'interop@contoso.com', HiddenFromAddressListsEnabled: 'true' },
  ],
  ['a hashtable without its type', 'Set-OrganizationConfig', { EwsAllowList: { add: ['a'] } }],
  [
    'a hashtable for the allow list of applications',
    'Set-OrganizationConfig',
    { EwsAllowedAppIDs: { add: ['a'] } },
  ],
  ['a size that is no number', 'Get-Mailbox', { ResultSize: 'Many' }],
  ['an id that is no GUID', 'New-ServicePrincipal', { AppId: 'x', ObjectId: 'y' }],
])('%s is refused', async (_, name, parameters) => {
  const { status, body } = await t.cmdlet(name, parameters);
  expect(status).toBe(400);
  expect(body.error.innererror.internalexception.message).toMatch(
    /^Cannot process argument transformation on parameter/,
  );
});

test('a hashtable with its type adds and removes', async () => {
  const table = (members: object) => ({ '@odata.type': '#Exchange.GenericHashTable', ...members });
  await t.rows('Set-OrganizationConfig', { EwsAllowList: table({ add: ['Mac*', 'Win*'] }) });
  await t.rows('Set-OrganizationConfig', { EwsAllowList: table({ remove: ['Mac*'] }) });
  expect((await t.rows('Get-OrganizationConfig'))[0].EwsAllowList).toEqual(['Win*']);
});

test.each(['Get-Mailbox', 'Get-CASMailbox'])(
  'a null or empty identity gives everything: %s',
  async (name) => {
    for (const Identity of [null, '']) expect((await t.rows(name, { Identity })).length).toBe(5);
  },
);

test.each([
  'Get-MailboxFolderPermission',
  'Get-MailboxFolderStatistics',
  'Get-CalendarProcessing',
  'Set-Mailbox',
])('%s cannot do without an identity', async (name) => {
  const { status, body } = await t.cmdlet(name, { Identity: '' });
  expect(status).toBe(400);
  expect(body.error.details[0].message).toMatch(/AmbiguousParameterSetException/);
});

test('names of cmdlets and parameters are taken in any case', async () => {
  expect((await t.rows('get-mailbox', { identity: 'INTEROP@contoso.com' }))[0].Alias).toBe('interop');
});

test('what removes asks first, unless Confirm is false', async () => {
  const before = await t.exchangeState();
  const asked = await t.cmdlet('Remove-Mailbox', { Identity: 'interop@contoso.com' });
  expect(asked.status).toBe(200);
  expect(asked.body['@adminapi.confirmationmessage']).toMatch(/^Are you sure/);
  expect(await t.exchangeState()).toEqual(before);
});

test.each([
  {},
  { CmdletInput: { Parameters: {} } },
  { CmdletInput: { CmdletName: 'Get-Mailbox', Parameters: null } },
  [],
])('a body without a cmdlet is refused: %j', async (body) => {
  const answer = await t.tenant.request(`${t.root}/InvokeCommand`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${await t.token()}` },
    body: JSON.stringify(body),
  });
  expect(answer.status).toBe(400);
});
