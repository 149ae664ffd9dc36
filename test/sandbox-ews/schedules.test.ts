/** Graph's getSchedule and $batch: permissions, limits, statuses of their own; and that it shows what EWS shows. */
import { makeClient, must, secretForm, tokenOf } from '../sandbox/support/principals.js';
import { type EwsTenant, entriesOf, ROLE_ACCOUNT, startEws, type Tree, WEEK } from './support/tenant.js';

let tenant: EwsTenant;
let token: string;
beforeAll(async () => {
  tenant = await startEws();
  token = await tokenOf(tenant.tenant, await makeClient(tenant.tenant, ['Calendars.ReadBasic.All']));
});
afterEach(() => tenant.tenant.control({ clearFaults: true }));
afterAll(() => tenant.dispose());

const utc = (dateTime: string) => ({ dateTime, timeZone: 'UTC' });
const bodyFor = (schedules: readonly string[], more: object = {}) => ({
  schedules,
  startTime: utc(WEEK.start),
  endTime: utc(WEEK.end),
  availabilityViewInterval: 30,
  ...more,
});
const ask = (body: unknown, as = token, account = ROLE_ACCOUNT, headers = {}) =>
  tenant.tenant.graph('POST', `/users/${account}/calendar/getSchedule`, { as, body, headers });

describe('who may', () => {
  const [one = 'Calendars.Read', two = 'Calendars.ReadWrite'] = ['Calendars.Read', 'Calendars.ReadWrite'];
  test.each([['Calendars.ReadBasic.All'], [one], [two]])('%s may', async (role) => {
    const as = await tokenOf(tenant.tenant, await makeClient(tenant.tenant, [role]));
    expect((await ask(bodyFor([ROLE_ACCOUNT]), as)).status).toBe(200);
  });

  test('others may not, nobody may for me, and a token is wanted', async () => {
    const as = await tokenOf(tenant.tenant, await makeClient(tenant.tenant, ['User.Read.All']));
    expect(await ask(bodyFor([ROLE_ACCOUNT]), as)).toMatchObject({
      status: 403,
      body: { error: { code: 'ErrorAccessDenied' } },
    });
    expect(
      (
        await tenant.tenant.graph('POST', '/me/calendar/getSchedule', {
          as: token,
          body: bodyFor([ROLE_ACCOUNT]),
        })
      ).status,
    ).toBe(400);
    expect((await ask(bodyFor([ROLE_ACCOUNT]), 'nobody')).status).toBe(401);
    expect((await ask(bodyFor([ROLE_ACCOUNT]), await tenant.ewsToken())).status).toBe(401);
  });

  test('RBAC for Applications may, for mailboxes in its scope', async () => {
    const scoped = await makeClient(tenant.tenant, []);
    const as = await tokenOf(tenant.tenant, scoped);
    await tenant.rows('New-ServicePrincipal', {
      AppId: scoped.appId,
      ObjectId: scoped.principalId,
      DisplayName: 'calendars',
    });
    await tenant.rows('New-ManagementScope', {
      Name: 'calendars',
      RecipientRestrictionFilter: `PrimarySmtpAddress -eq '${ROLE_ACCOUNT}'`,
    });
    await tenant.rows('New-ManagementRoleAssignment', {
      App: scoped.principalId,
      Role: 'Application Calendars.Read',
      CustomResourceScope: 'calendars',
    });
    expect((await ask(bodyFor([ROLE_ACCOUNT]), as)).status).toBe(200);
    expect(await ask(bodyFor([ROLE_ACCOUNT]), as, tenant.addresses[0])).toMatchObject({
      status: 403,
      body: { error: { code: 'ErrorAccessDenied' } },
    });
  });

  test('the account has to exist and to have a mailbox', async () => {
    expect(await ask(bodyFor([ROLE_ACCOUNT]), token, 'nobody@contoso.com')).toMatchObject({
      status: 404,
      body: { error: { code: 'ErrorInvalidUser' } },
    });
    const user = await must(
      tenant.tenant.graph('POST', '/users', {
        body: {
          accountEnabled: true,
          displayName: 'Without a mailbox',
          mailNickname: 'without',
          userPrincipalName: 'without@contoso.com',
          passwordProfile: { password: 'Abcdef-123456' },
        },
      }),
    );
    expect(await ask(bodyFor([ROLE_ACCOUNT]), token, user.id)).toMatchObject({
      status: 404,
      body: { error: { code: 'MailboxNotEnabledForRESTAPI' } },
    });
  });
});

describe('what is refused', () => {
  test.each<readonly [string, object, string]>([
    ['21 schedules', { schedules: new Array(21).fill(ROLE_ACCOUNT) }, 'ErrorInvalidRequest'],
    ['no schedule', { schedules: [] }, 'ErrorInvalidParameter'],
    ['43 days', { endTime: utc('2027-01-12T00:00:00') }, 'ErrorTimeIntervalTooBig'],
    ['an end before the start', { endTime: utc('2026-11-29T00:00:00') }, 'ErrorInvalidTimeInterval'],
    ['an interval of 4 minutes', { availabilityViewInterval: 4 }, 'ErrorInvalidMergedFreeBusyInterval'],
    [
      'a zone that is none',
      { startTime: { dateTime: WEEK.start, timeZone: 'Nowhere' } },
      'TimeZoneNotSupportedException',
    ],
    ['a time without a zone', { startTime: { dateTime: WEEK.start } }, 'ErrorInvalidParameter'],
    ['an unknown parameter', { schedule: [] }, 'BadRequest'],
  ])('%s', async (_, more, code) => {
    expect(await ask(bodyFor([ROLE_ACCOUNT], more))).toMatchObject({
      status: 400,
      body: { error: { code } },
    });
  });
});

test('failures are per schedule, inside a 200', async () => {
  const [good = '', closed = ''] = tenant.addresses;
  await tenant.setRights(closed, 'Default', 'None');
  await tenant.tenant.control({ faults: ['attendeeError=1@ErrorMailboxLogonFailed'] });
  const { status, body } = await ask(bodyFor([good, closed, 'nobody@contoso.com', good]));
  expect(status).toBe(200);
  expect(body.value.map((one: Tree) => [one.scheduleId, one.error?.responseCode])).toEqual([
    [good, 'ErrorMailboxLogonFailed'],
    [closed, 'ErrorNoFreeBusyAccess'],
    ['nobody@contoso.com', 'ErrorMailRecipientNotFound'],
    [good, undefined],
  ]);
});

test('times are in the zone that the client prefers', async () => {
  const [address = ''] = tenant.addresses;
  const inZone = async (prefer: Record<string, string>) =>
    (await ask(bodyFor([address]), token, ROLE_ACCOUNT, prefer)).body.value[0].scheduleItems[0].start;
  const plain = await inZone({});
  const tokyo = await inZone({ prefer: 'outlook.timezone="Tokyo Standard Time"' });
  expect(plain.timeZone).toBe('UTC');
  expect(tokyo.timeZone).toBe('Tokyo Standard Time');
  const hours = (time: { dateTime: string }) => Date.parse(`${time.dateTime.slice(0, 19)}Z`) / 3_600_000;
  expect(hours(tokyo) - hours(plain)).toBe(9);
});

describe('batches', () => {
  const member = (id: number, more: object = {}) => ({
    id: String(id),
    method: 'POST',
    url: `/users/${ROLE_ACCOUNT}/calendar/getSchedule`,
    headers: { 'Content-Type': 'application/json' },
    body: bodyFor([tenant.addresses[0] ?? '']),
    ...more,
  });
  const batch = (requests: readonly object[], as = token) =>
    tenant.tenant.graph('POST', '/$batch', { as, body: { requests } });
  const statuses = (body: Tree) =>
    Object.fromEntries(body.responses.map((one: Tree) => [one.id, one.status]));

  test('20 members answer, each with a status of its own', async () => {
    const requests = Array.from({ length: 18 }, (_, index) => member(index));
    const { status, body } = await batch([
      ...requests,
      member(18, { url: '/users/nobody@contoso.com/calendar/getSchedule' }),
      { id: '19', method: 'GET', url: '/users' },
    ]);
    expect(status).toBe(200);
    expect(statuses(body)).toMatchObject({ 0: 200, 17: 200, 18: 404, 19: 403 });
    expect(body.responses[0].body.value[0].availabilityView).toMatch(/^[0-4]{336}$/);
  });

  test('those that are throttled say so, and the others take effect', async () => {
    await tenant.tenant.control({ faults: ['throttle=2:7@POST /users/*/calendar/getSchedule'] });
    const { body } = await batch([1, 2, 3].map((id) => member(id)));
    expect(statuses(body)).toEqual({ 1: 429, 2: 429, 3: 200 });
    expect(body.responses[0]).toMatchObject({
      headers: { 'Retry-After': '7' },
      body: { error: { code: 'TooManyRequests' } },
    });
  });

  test('a member waits for those it depends on', async () => {
    const { body } = await batch([
      member(1, { url: '/users/nobody@contoso.com/calendar/getSchedule' }),
      member(2, { dependsOn: ['1'] }),
    ]);
    expect(statuses(body)).toEqual({ 1: 404, 2: 424 });
  });

  test.each<readonly [string, () => object[]]>([
    ['21 members', () => Array.from({ length: 21 }, (_, index) => member(index))],
    ['none', () => []],
    ['the same id twice', () => [member(1), member(1)]],
    ['no url', () => [member(1, { url: undefined })]],
    ['a whole URL', () => [member(1, { url: 'https://graph.microsoft.com/v1.0/users' })]],
    ['a body without its type', () => [member(1, { headers: {} })]],
    ['a dependency that comes later', () => [member(1, { dependsOn: ['2'] }), member(2)]],
  ])('%s is refused', async (_, make) => {
    expect((await batch(make())).status).toBe(400);
  });

  test('without a token there is no batch', async () => {
    expect((await batch([member(1)], 'nobody')).status).toBe(401);
  });
});

test('the same permission by a client of the documents: form, token, call', async () => {
  const client = await makeClient(tenant.tenant, ['Calendars.Read']);
  const form = secretForm(tenant.tenant, client, { scope: 'https://graph.microsoft.com/.default' });
  const { access_token: own } = await must(tenant.tenant.tokenRequest(form));
  const [address = ''] = tenant.addresses.slice(4);
  const { body } = await ask(bodyFor([address]), own);
  const [entry] = entriesOf(await tenant.lookUp({ attendees: [address] }));
  expect(body.value[0].availabilityView).toBe(entry.FreeBusyView.MergedFreeBusy);
});
