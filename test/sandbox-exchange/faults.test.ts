/** Each fault of Exchange's table: what it looks like over REST, how often it hits, and what it leaves behind. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { EXCHANGE_FAULTS, EXCHANGE_SETTINGS, parseExchangeFault } from '../../sandbox/exchange/faults.js';
import { SandboxOptionError } from '../../sandbox/options.js';
import { type ExchangeTenant, startExchange, tagged } from './support/exchange.js';

const BOX = 'interop@contoso.com';
let t: ExchangeTenant;
beforeAll(async () => {
  t = await startExchange();
});
afterEach(() => t.tenant.control({ clearFaults: true }));
afterAll(() => t.dispose());

const arm = (...faults: string[]) => t.tenant.control({ faults });
const calendarOf = async () => {
  const folders = await t.rows('Get-MailboxFolderStatistics', { Identity: BOX, FolderScope: 'Calendar' });
  return `${BOX}:${folders.find(({ FolderType }) => FolderType === 'Calendar').FolderId}`;
};
const set = async (right: string) =>
  t.cmdlet('Set-MailboxFolderPermission', {
    Identity: await calendarOf(),
    User: 'Default',
    AccessRights: [right],
  });
const read = async () =>
  (await t.rows('Get-MailboxFolderPermission', { Identity: await calendarOf(), User: 'Default' }))[0]
    .AccessRights[0];

describe('ceiling', () => {
  const get = (id: string) => t.member(id, 'Get-Mailbox', { Identity: BOX });

  const statistics = async () =>
    (
      await t.tenant.request<{ inFlight: number; mostInFlight: number }>('/sandbox/exchange-statistics', {
        headers: { 'x-sandbox': '1' },
      })
    ).body;

  test('lets so many cmdlets in at once and refuses the rest with Retry-After', async () => {
    await arm('ceiling=3:0.25', 'cmdletLatency=1500');
    const answers = await Promise.all(
      Array.from({ length: 8 }, () => t.cmdlet('Get-Mailbox', { Identity: BOX })),
    );
    const refused = answers.filter(({ status }) => status === 429);
    const served = answers.filter(({ status }) => status === 200);
    expect(refused.length + served.length).toBe(8);
    expect((await statistics()).mostInFlight).toBe(3);
    expect(served.length).toBeGreaterThanOrEqual(3);
    expect(refused[0]?.headers['retry-after']).toBe('0.25');
    await arm('cmdletLatency=0');
    expect((await t.cmdlet('Get-Mailbox', { Identity: BOX })).status).toBe(200);
  });

  test('a batch counts its members, and goes in as a whole or not', async () => {
    await arm('ceiling=3');
    expect((await t.batch([get('a'), get('b'), get('c'), get('d')])).status).toBe(429);
    expect((await t.batch([get('a'), get('b'), get('c')])).status).toBe(200);
    await arm('cmdletLatency=1500');
    const batch = t.batch([get('a'), get('b'), get('c')]);
    while ((await statistics()).inFlight < 3);
    const single = await t.cmdlet('Get-Mailbox', { Identity: BOX });
    expect([single.status, (await batch).status]).toEqual([429, 200]);
  });
});

test('throttleStorm: exactly so many requests', async () => {
  await arm('throttleStorm=2:7');
  const answers = [
    await t.cmdlet('Get-Mailbox', { Identity: BOX }),
    await t.batch([t.member('a', 'Get-Mailbox', {})]),
  ];
  expect(answers.map(({ status, headers }) => [status, headers['retry-after']])).toEqual([
    [429, '7'],
    [429, '7'],
  ]);
  expect((await t.cmdlet('Get-Mailbox', { Identity: BOX })).status).toBe(200);
});

test('expiredToken: 401, and nothing was done', async () => {
  const before = await t.exchangeState();
  await arm('expiredToken=1');
  const answer = await t.cmdlet('Set-Mailbox', { Identity: BOX, CustomAttribute1: 'x' });
  expect(answer.status).toBe(401);
  expect(answer.headers['www-authenticate']).toContain('invalid_token');
  expect(await t.exchangeState()).toEqual(before);
});

test('staleReads: what was before, until the time is over', async () => {
  await set('Reviewer');
  await arm('staleReads=60000');
  await set('LimitedDetails');
  expect(await read()).toBe('Reviewer');
  await set('None');
  expect(await read()).toBe('Reviewer');
  await t.tenant.control({ clock: { advanceMs: 60_001 } });
  expect(await read()).toBe('None');
});

test.each(['cmdletError', 'cmdletRefused', 'errorInSuccess', 'cmdletLost'])(
  '%s hits the cmdlet it names only, and takes effect only if the answer is lost',
  async (fault) => {
    await set('Reviewer');
    await arm(`${fault}=1@Set-MailboxFolderPermission`);
    expect(await read()).toBe('Reviewer');
    const answer = await set('LimitedDetails');
    if (fault === 'errorInSuccess') expect(answer.body['@adminapi.errors']).toHaveLength(1);
    else expect(answer.status).toBeGreaterThanOrEqual(400);
    if (fault !== 'cmdletRefused' && fault !== 'errorInSuccess') {
      expect(tagged(answer).className).toMatch(/TransientException$/);
    }
    expect(await read()).toBe(fault === 'cmdletLost' ? 'LimitedDetails' : 'Reviewer');
    expect((await set('LimitedDetails')).status).toBe(200);
  },
);

test('nulBytes403 in a batch: that member is refused, without a body', async () => {
  await arm('nulBytes403=1@Get-CASMailbox');
  const { body } = await t.batch([
    t.member('a', 'Get-CASMailbox', { Identity: BOX }),
    t.member('b', 'Get-Mailbox', { Identity: BOX }),
  ]);
  const statuses = body.responses.map(({ id, status }: { id: string; status: number }) => [id, status]);
  expect(Object.fromEntries(statuses)).toEqual({ a: 403, b: 200 });
});

test('halfBatch: only the first half is run and answered', async () => {
  await arm('halfBatch=1');
  const ids = ['a', 'b', 'c', 'd'];
  const members = ids.map((id) => t.member(id, 'Set-Mailbox', { Identity: BOX, CustomAttribute1: id }));
  const { body } = await t.batch(members);
  expect(body.responses.map(({ id }: { id: string }) => id).sort()).toEqual(['a', 'b']);
  expect((await t.rows('Get-Mailbox', { Identity: BOX }))[0].CustomAttribute1).toBe('b');
});

test('loopingNextLink: the next page is the same page again', async () => {
  const page = (path?: string) =>
    t.cmdlet(
      'Get-Mailbox',
      { ResultSize: 'Unlimited' },
      { prefer: 'odata.maxpagesize=10', ...(path && { path }) },
    );
  const first = await page();
  await arm('loopingNextLink=1');
  const second = await page(first.body['@odata.nextLink']);
  const third = await page(second.body['@odata.nextLink']);
  expect(third.body.value).toEqual(second.body.value);
});

test('folderIdChange: the id is not found any more, another one is', async () => {
  const before = await calendarOf();
  await arm('folderIdChange=1');
  const answer = await t.cmdlet('Get-MailboxFolderPermission', { Identity: before });
  expect(tagged(answer).text).toBe(
    `The operation couldn't be performed because '${before}' couldn't be found.`,
  );
  expect(await calendarOf()).not.toBe(before);
  expect(await read()).toBeDefined();
});

test('calendarRename: the id leads to it all the same, the path does not', async () => {
  const identity = await calendarOf();
  await arm('calendarRename=1');
  const [row] = await t.rows('Get-MailboxFolderPermission', { Identity: identity });
  expect(row.FolderName).toBe('Calendar (2)');
  expect((await t.cmdlet('Get-MailboxFolderPermission', { Identity: `${BOX}:\\Calendar` })).status).not.toBe(
    200,
  );
  expect(await calendarOf()).toBe(identity);
});

test('vanish: the mailbox is deleted just before, user and all', async () => {
  const [box] = await t.rows('Get-Mailbox', { ResultSize: 1 });
  await arm('vanish=1@Get-MailboxFolderStatistics');
  const answer = await t.cmdlet('Get-MailboxFolderStatistics', { Identity: box.Guid });
  expect(tagged(answer).stringId).toBe('Ex6F9304');
  expect((await t.tenant.graph('GET', `/users/${box.ExternalDirectoryObjectId}`)).status).toBe(404);
});

test('cmdletHang: never answered, and nothing done', async () => {
  const before = await t.exchangeState();
  await arm('cmdletHang=1');
  const controller = new AbortController();
  const hanging = t.tenant.request(`${t.root}/InvokeCommand`, {
    method: 'POST',
    signal: controller.signal,
    headers: { 'content-type': 'application/json', authorization: `Bearer ${await t.token()}` },
    body: JSON.stringify({
      CmdletInput: { CmdletName: 'Set-Mailbox', Parameters: { Identity: BOX, CustomAttribute1: 'h' } },
    }),
  });
  expect((await t.cmdlet('Get-Mailbox', { Identity: BOX })).status).toBe(200);
  controller.abort();
  await expect(hanging).rejects.toThrow(/abort/i);
  expect(await t.exchangeState()).toEqual(before);
});

describe('the table', () => {
  test('the README lists exactly these', async () => {
    const text = await readFile(join(__dirname, '../../sandbox/README.md'), 'utf8');
    const readme = text.replaceAll(/ +/g, ' ');
    for (const { form, transports, what } of Object.values({ ...EXCHANGE_SETTINGS, ...EXCHANGE_FAULTS })) {
      expect(readme).toContain(`| \`${form}\` | ${transports === 'both' ? 'both' : 'REST'} | ${what} |`);
    }
  });

  const good: Readonly<Record<string, string>> = { defaultRights: 'Reviewer' };

  test.each(Object.keys({ ...EXCHANGE_SETTINGS, ...EXCHANGE_FAULTS }))(
    '%s is understood, and refused without a value',
    (name) => {
      expect(() => parseExchangeFault(`${name}=${good[name] ?? '1'}`)).not.toThrow();
      expect(() => parseExchangeFault(name)).toThrow(SandboxOptionError);
      expect(() => parseExchangeFault(`${name}=-1`)).toThrow(SandboxOptionError);
    },
  );

  test('what is in force can be given again', async () => {
    const faults = ['licenceDelay=5', 'ceiling=9:2', 'vanish=3@Get-Mailbox', 'throttleStorm=2:1'];
    const { faults: shown } = (await arm(...faults)) as { faults: string[] };
    expect(shown).toEqual(faults);
    await expect(arm('vanish=1', 'ceiling=x')).rejects.toThrow(/ceiling=N/);
    expect(((await arm()) as { faults: string[] }).faults).toEqual(faults);
  });
});
