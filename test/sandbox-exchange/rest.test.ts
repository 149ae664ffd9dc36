/** The admin endpoints: bodies, headers, pages, batches, the published API. */
import { type ExchangeTenant, SYSTEM_MAILBOX, startExchange } from './support/exchange.js';

let t: ExchangeTenant;
beforeAll(async () => {
  t = await startExchange();
});
afterAll(() => t.dispose());

test('a success says where it is from, holds warnings even if there are none, and types beside values', async () => {
  const { status, headers, body } = await t.cmdlet('Get-Mailbox', { Identity: 'interop@contoso.com' });
  expect(status).toBe(200);
  expect(Object.keys(body)).toEqual([
    '@odata.context',
    'adminapi.warnings@odata.type',
    '@adminapi.warnings',
    'value',
  ]);
  expect(body['@odata.context']).toBe(
    `${t.tenant.sandbox.info.exchange}${t.root}/$metadata#Collection(Exchange.GenericHashTable)`,
  );
  expect(body['@adminapi.warnings']).toEqual([]);
  expect(body.value[0]['Guid@data.type']).toBe('System.Guid');
  expect(headers['request-id']).toMatch(/^[0-9a-f-]{36}$/);
  expect(headers['x-calculatedbetarget']).toMatch(/OUTLOOK\.COM$/);
});

test('the tenant may be named by id or by a verified domain, and by no other', async () => {
  const at = (tenant: string) =>
    t.cmdlet('Get-AcceptedDomain', {}, { path: `/adminapi/beta/${tenant}/InvokeCommand` });
  expect((await at('contoso.onmicrosoft.com')).status).toBe(200);
  expect((await at('unverified.contoso.com')).status).toBe(400);
  expect((await at('11111111-2222-4333-8444-555555555555')).status).toBe(400);
});

test('only POST under beta runs cmdlets', async () => {
  const get = await t.tenant.request(`${t.root}/InvokeCommand`);
  expect(get.status).toBe(405);
  const old = await t.cmdlet('Get-Mailbox', {}, { path: `${t.root.replace('beta', 'v1.0')}/InvokeCommand` });
  expect(old.status).toBe(405);
});

test('$select shows the named properties only', async () => {
  const [row] = await t.rows(
    'Get-Mailbox',
    { ResultSize: 1 },
    { path: `${t.root}/InvokeCommand?$select=Guid,Alias` },
  );
  expect(Object.keys(row).sort()).toEqual(['Alias', 'Guid', 'Guid@data.type']);
});

describe('pages', () => {
  const first = (parameters: object = { ResultSize: 'Unlimited' }, prefer = 'odata.maxpagesize=25') =>
    t.cmdlet('Get-Mailbox', parameters, { prefer });

  test('every row once, by POST of the same body to the link', async () => {
    const guids: string[] = [];
    let answer = await first();
    for (;;) {
      guids.push(...answer.body.value.map(({ Guid }: { Guid: string }) => Guid));
      const path = answer.body['@odata.nextLink'];
      if (path === undefined) break;
      expect(path).toContain('/InvokeCommand?%24skiptoken=');
      answer = await t.cmdlet(
        'Get-Mailbox',
        { ResultSize: 'Unlimited' },
        { path, prefer: 'odata.maxpagesize=25' },
      );
    }
    expect(guids).toHaveLength(61);
    expect(new Set(guids).size).toBe(61);
  });

  test('a link carries the choice of properties', async () => {
    const { body } = await t.cmdlet(
      'Get-Mailbox',
      { ResultSize: 'Unlimited' },
      { path: `${t.root}/InvokeCommand?$select=Guid`, prefer: 'odata.maxpagesize=25' },
    );
    const next = await t.cmdlet(
      'Get-Mailbox',
      { ResultSize: 'Unlimited' },
      { path: body['@odata.nextLink'], prefer: 'odata.maxpagesize=25' },
    );
    expect(Object.keys(next.body.value[0]).sort()).toEqual(['Guid', 'Guid@data.type']);
  });

  test('ResultSize 1: one row, a link, and a warning', async () => {
    const { body } = await first({ ResultSize: 1 });
    expect(body.value).toHaveLength(1);
    expect(body['@odata.nextLink']).toBeDefined();
    expect(body['@adminapi.warnings']).toEqual([expect.stringMatching(/^There are more results available/)]);
  });

  test.each([
    ['another body', { ResultSize: 'Unlimited', RecipientTypeDetails: ['RoomMailbox'] }, {}],
    ['another anchor', { ResultSize: 'Unlimited' }, { anchor: 'SMTP:interop@contoso.com' }],
  ])('a link with %s is refused', async (_, parameters, options) => {
    const path = (await first()).body['@odata.nextLink'];
    const answer = await t.cmdlet('Get-Mailbox', parameters, { path, ...options });
    expect(answer.status).toBe(400);
    expect(answer.body.error.innererror.internalexception.message).toBe(
      'Expired or Invalid pagination request. Default Expiry time is 00:30:00',
    );
  });

  test('a link is good for half an hour, and not if it is changed', async () => {
    const path: string = (await first()).body['@odata.nextLink'];
    const follow = (link: string) => t.cmdlet('Get-Mailbox', { ResultSize: 'Unlimited' }, { path: link });
    expect((await follow(path.replace(/.$/, 'A').replace('skiptoken=ey', 'skiptoken=eY'))).status).toBe(400);
    await t.tenant.control({ clock: { advanceMs: 29 * 60_000 } });
    expect((await follow(path)).status).toBe(200);
    await t.tenant.control({ clock: { advanceMs: 2 * 60_000 } });
    expect((await follow(path)).status).toBe(400);
  });

  test('a mailbox that goes between two pages makes none of the others go', async () => {
    const before = await t.rows('Get-Mailbox', { ResultSize: 'Unlimited' });
    const page = await first();
    await t.tenant.graph('DELETE', `/users/${page.body.value[3].ExternalDirectoryObjectId}`);
    const rest = await t.rows(
      'Get-Mailbox',
      { ResultSize: 'Unlimited' },
      { path: page.body['@odata.nextLink'] },
    );
    const seen = [...page.body.value, ...rest].map(({ Guid }) => Guid);
    expect(seen).toEqual(before.map(({ Guid }) => Guid));
  });
});

describe('batches', () => {
  const get = (id: string, Identity: string) => t.member(id, 'Get-Mailbox', { Identity });

  test('answers by id, in no order, with failures beside successes', async () => {
    const { status, body } = await t.batch([
      get('a', 'interop@contoso.com'),
      get('b', 'nobody@contoso.com'),
      get('c', 'interop@contoso.com'),
    ]);
    expect(status).toBe(200);
    expect(body.responses.map(({ id }: { id: string }) => id)).not.toEqual(['a', 'b', 'c']);
    const byId = new Map<string, { status: number; body: Record<string, never> }>(
      body.responses.map((response: { id: string }) => [response.id, response]),
    );
    expect(byId.get('a')?.status).toBe(200);
    expect(byId.get('c')?.body.value).toHaveLength(1);
    expect(JSON.stringify(byId.get('b')?.body)).toContain('ManagementObjectNotFoundException');
  });

  test('without continue-on-error it ends at the first failure', async () => {
    const members = [get('a', 'nobody@contoso.com'), get('b', 'interop@contoso.com')];
    const { body } = await t.batch(members, { prefer: 'odata.maxpagesize=10' });
    expect(body.responses.map(({ id }: { id: string }) => id)).toEqual(['a']);
  });

  test('ten members at most, each with an id of its own', async () => {
    const many = (count: number) =>
      Array.from({ length: count }, (_, number) => get(String(number), 'interop@contoso.com'));
    expect((await t.batch(many(10))).body.responses).toHaveLength(10);
    expect((await t.batch(many(11))).status).toBe(400);
    expect((await t.batch([get('a', 'x'), get('a', 'y')])).status).toBe(400);
    expect((await t.batch([])).status).toBe(400);
  });

  test('a member goes to InvokeCommand of the same tenant by its whole URL', async () => {
    const member = { ...get('a', 'interop@contoso.com'), url: '/InvokeCommand' };
    expect((await t.batch([member])).body.responses[0].status).toBe(400);
  });

  test('a member is paged by its link', async () => {
    const headers = { Prefer: 'odata.maxpagesize=40', 'X-AnchorMailbox': SYSTEM_MAILBOX };
    const member = t.member('a', 'Get-Mailbox', { ResultSize: 'Unlimited' }, headers);
    const first = (await t.batch([member])).body.responses[0].body;
    const second = (await t.batch([{ ...member, url: first['@odata.nextLink'] }])).body.responses[0].body;
    expect(first.value.length + second.value.length).toBe(60);
    expect(second['@odata.nextLink']).toBeUndefined();
  });
});

describe('anchors', () => {
  const folders = (anchor: string) =>
    t.cmdlet('Get-MailboxFolderStatistics', { Identity: 'interop@contoso.com' }, { anchor });

  test('folder cmdlets go to the mailbox, or to where the organisation is', async () => {
    for (const anchor of ['SMTP:interop@contoso.com', 'AAD-UPN:interop@contoso.com', SYSTEM_MAILBOX]) {
      expect((await folders(anchor)).status).toBe(200);
    }
    const [other] = await t.rows('Get-Mailbox', { ResultSize: 1 });
    expect((await folders(`MBX:${other.Guid}@contoso.onmicrosoft.com`)).status).not.toBe(200);
  });

  test('without a prefix it is none', async () => {
    expect((await folders('interop@contoso.com')).status).toBe(400);
  });

  test('without an anchor all works', async () => {
    const answer = await t.cmdlet(
      'Get-MailboxFolderStatistics',
      { Identity: 'interop@contoso.com' },
      { anchor: null },
    );
    expect(answer.status).toBe(200);
  });
});

describe('the published API', () => {
  const at = (endpoint: string) => ({ path: `/adminapi/v2.0/${t.tenant.sandbox.info.tenantId}/${endpoint}` });

  test('runs the cmdlets of an endpoint, with fewer parameters', async () => {
    const rows = await t.rows(
      'Get-MailboxFolderPermission',
      { Identity: 'interop@contoso.com:\\Calendar' },
      at('MailboxFolderPermission'),
    );
    expect(rows.map(({ User }) => User)).toEqual(['Default', 'Anonymous']);
    const withUser = { Identity: 'interop@contoso.com:\\Calendar', User: 'Default' };
    expect(
      (await t.cmdlet('Get-MailboxFolderPermission', withUser, at('MailboxFolderPermission'))).status,
    ).toBe(400);
    expect((await t.cmdlet('Get-Mailbox', {}, at('AcceptedDomain'))).status).toBe(400);
  });

  test('has no endpoint for the rest, and takes the tenant by id only', async () => {
    expect((await t.cmdlet('Get-CASMailbox', {}, at('CASMailbox'))).status).toBe(501);
    const byDomain = { path: '/adminapi/v2.0/contoso.com/AcceptedDomain' };
    expect((await t.cmdlet('Get-AcceptedDomain', {}, byDomain)).status).toBe(400);
  });
});
