import { InteropError } from '../../infra/errors.js';
import { CMDLETS } from '../../infra/exchange/transport/cmdlets.js';
import { ExchangeError } from '../../infra/exchange/transport/exchange-error.js';
import { openPort } from '../../infra/exchange/transport/open.js';
import type { CmdletCall, CmdletPort } from '../../infra/exchange/transport/port.js';
import { BASE, FakeCredential, FakeExchange, type Reply, TENANT } from './support/fake-exchange.js';
import { ManualClock } from './support/manual-clock.js';

let exchange: FakeExchange;
let credential: FakeCredential;
let clock: ManualClock;
let port: CmdletPort;
beforeEach(() => {
  exchange = new FakeExchange();
  credential = new FakeCredential();
  clock = new ManualClock();
  port = openPort({
    transport: 'rest',
    baseUrl: BASE,
    tenantId: TENANT,
    organization: 'contoso.onmicrosoft.com',
    credential,
    trust: exchange.trust,
    clock,
  });
});
afterEach(() => port.close());

const read = (identity: string, more: Partial<CmdletCall> = {}): CmdletCall<'Get-CASMailbox'> => ({
  ...more,
  cmdlet: 'Get-CASMailbox',
  parameters: { Identity: identity },
});
const write = (identity: string): CmdletCall<'Set-Mailbox'> => ({
  cmdlet: 'Set-Mailbox',
  parameters: { Identity: identity, HiddenFromAddressListsEnabled: true },
});
const create: CmdletCall<'New-ManagementScope'> = {
  cmdlet: 'New-ManagementScope',
  parameters: { Name: 'scope', RecipientRestrictionFilter: "Name -eq 'x'" },
};

const rows = (...value: unknown[]): Reply => ({ body: { '@adminapi.warnings': [], value } });
const refusal = (status: number, message: string, headers: Record<string, string> = {}): Reply => ({
  status,
  headers,
  body: {
    error: {
      code: 'NotFound',
      message: 'Error executing cmdlet',
      details: [{ code: '13', target: '', message }],
    },
  },
});
const MISSING =
  "Ex6F9304|Microsoft.Exchange.Configuration.Tasks.ManagementObjectNotFoundException|The operation couldn't be performed because object 'x' couldn't be found on 'DC'.";

/** Lets the work run in virtual time. */
async function done<T>(work: Promise<T>): Promise<T> {
  let settled = false;
  const settle = () => {
    settled = true;
  };
  work.then(settle, settle);
  await clock.run(() => settled);
  return await work;
}

async function failure(work: Promise<unknown>): Promise<ExchangeError> {
  const error = await done(work).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof ExchangeError) return error;
  throw error ?? new Error('it did not fail');
}

/** A handler that gives these replies in turn, then the last again. */
function inTurn(...replies: (Reply | 'drop')[]) {
  let count = 0;
  return () => {
    const reply = replies[Math.min(count, replies.length - 1)];
    count += 1;
    if (reply === undefined) throw new Error('no reply');
    return reply;
  };
}

describe('requests', () => {
  test('a call alone goes alone, anchored to its mailbox', async () => {
    await done(port.run(read('a@contoso.com', { anchor: 'a@contoso.com' })));
    const [[arrived] = []] = exchange.requests;
    expect(arrived).toMatchObject({
      url: `${BASE}/adminapi/beta/${TENANT}/InvokeCommand`,
      cmdlet: 'Get-CASMailbox',
      parameters: { Identity: 'a@contoso.com' },
      headers: {
        'x-anchormailbox': 'SMTP:a@contoso.com',
        prefer: 'odata.maxpagesize=1000',
        'accept-language': 'en-US',
        authorization: 'Bearer token-1',
      },
    });
  });

  test('calls at the same time share requests of ten, each with its own anchor and answer', async () => {
    exchange.handler = ({ parameters }) =>
      rows({ EwsEnabled: String(parameters.Identity).startsWith('odd') });
    const calls = Array.from({ length: 10 }, (_, index) =>
      index % 2 === 0 ? `even${index}` : `odd${index}`,
    );
    const results = await done(
      Promise.all(calls.map((name) => port.run(read(name, { anchor: `${name}@contoso.com` })))),
    );
    expect(exchange.requests.map((members) => members.length)).toEqual([10]);
    expect(exchange.requests[0]?.map(({ headers }) => headers['x-anchormailbox'])).toEqual(
      calls.map((name) => `SMTP:${name}@contoso.com`),
    );
    expect(results.map(({ rows: [row] }) => row?.EwsEnabled)).toEqual(
      calls.map((name) => name.startsWith('odd')),
    );
    expect(new Set(exchange.requests[0]?.map(({ headers }) => headers['client-request-id'])).size).toBe(10);
  });

  test('a batch carries no token in its members', async () => {
    await done(Promise.all(['a', 'b'].map((name) => port.run(read(name)))));
    expect(exchange.requests[0]).toHaveLength(2);
    for (const { headers } of exchange.requests[0] ?? []) expect(headers).not.toHaveProperty('authorization');
  });

  test('two hundred calls need a tenth of the requests', async () => {
    exchange.handler = async () => {
      await new Promise<void>((resolve) => clock.after(100, resolve));
      return rows({ EwsEnabled: true });
    };
    await done(Promise.all(Array.from({ length: 200 }, (_, index) => port.run(read(`m${index}`)))));
    const { cmdlets, requests } = port.statistics();
    expect(cmdlets).toBe(200);
    expect(requests).toBe(exchange.requests.length);
    expect(requests / cmdlets).toBeLessThanOrEqual(0.12);
  });

  test('a list asks for the properties that are used, and for no others', async () => {
    exchange.handler = () => rows({ Guid: TENANT, PrimarySmtpAddress: 'a@b.c', RecipientTypeDetails: 'x' });
    const list = port.stream({ cmdlet: 'Get-Mailbox', parameters: { ResultSize: 'Unlimited' } });
    await done(list[Symbol.asyncIterator]().next());
    const url = new URL(exchange.requests[0]?.[0]?.url ?? '');
    expect([...url.searchParams.keys()]).toEqual(['$select']);
    expect(url.searchParams.get('$select')?.split(',')).toEqual(
      Object.keys(CMDLETS['Get-Mailbox'].row.shape),
    );
  });

  test('wrong parameters do not leave the process', async () => {
    for (const Identity of ['', '  ', 'a\u0000b', 'a\ud800']) {
      await expect(port.run(read(Identity))).rejects.toThrow('Get-CASMailbox was not sent');
    }
    await expect(
      port.run({ cmdlet: 'Get-CASMailbox', parameters: {} as { Identity: string } }),
    ).rejects.toThrow(InteropError);
    expect(exchange.requests).toEqual([]);
  });

  test('a password is never sent in clear text', async () => {
    const call: CmdletCall<'New-Mailbox'> = {
      cmdlet: 'New-Mailbox',
      parameters: { Name: 'x', MicrosoftOnlineServicesID: 'x@contoso.com', Password: 'correct horse' },
    };
    const error = await done(port.run(call).catch((reason: unknown) => reason));
    expect(error).toBeInstanceOf(InteropError);
    expect(String(error)).not.toContain('correct horse');
    expect(exchange.requests).toEqual([]);
  });
});

describe('answers', () => {
  test('rows without companions, and warnings', async () => {
    exchange.handler = () => ({
      body: {
        'adminapi.warnings@odata.type': '#Collection(String)',
        '@adminapi.warnings': ['no permissions have been modified'],
        value: [{ EwsEnabled: null, 'EwsEnabled@data.type': 'System.Nullable`1', Other: 1 }],
      },
    });
    expect(await done(port.run(read('a')))).toEqual({
      rows: [{ EwsEnabled: null }],
      warnings: ['no permissions have been modified'],
    });
  });

  test('a refusal is told by its class, whatever the status', async () => {
    for (const status of [400, 404, 500]) {
      exchange.handler = () => refusal(status, MISSING, { 'request-id': 'r1' });
      expect(await failure(port.run(read('x')))).toMatchObject({
        className: 'ManagementObjectNotFoundException',
        category: 'ObjectNotFound',
        text: "The operation couldn't be performed because object 'x' couldn't be found on 'DC'.",
        transient: false,
        requestId: 'r1',
      });
    }
    expect(exchange.requests).toHaveLength(3);
  });

  test('an error inside a success is an error', async () => {
    exchange.handler = () => ({ body: { value: [], '@adminapi.errors': [MISSING] } });
    expect((await failure(port.run(write('x')))).className).toBe('ManagementObjectNotFoundException');
  });

  test('a 403 of NUL bytes is a refusal like others', async () => {
    exchange.handler = () => ({
      status: 403,
      headers: { 'request-id': 'r2', 'x-ms-diagnostics': '2000008;reason="no role"' },
      body: new Uint8Array(64),
    });
    const error = await failure(port.run(read('x')));
    expect(error).toMatchObject({
      status: 403,
      category: 'PermissionDenied',
      transient: false,
      requestId: 'r2',
    });
    expect(error.text).toContain('no role');
  });

  test('a row of another form is an error and not an empty list', async () => {
    exchange.handler = () => rows({ EwsEnabled: 'perhaps' });
    expect((await failure(port.run(read('x')))).text).toContain('EwsEnabled');
  });

  test('one refused member does not touch the others', async () => {
    exchange.handler = ({ parameters }) =>
      parameters.Identity === 'bad' ? refusal(404, MISSING) : rows({ EwsEnabled: true });
    const results = await done(Promise.allSettled(['a', 'bad', 'c'].map((name) => port.run(read(name)))));
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(exchange.requests).toHaveLength(1);
  });
});

describe('pages', () => {
  const list: CmdletCall<'Get-AcceptedDomain'> = { cmdlet: 'Get-AcceptedDomain', parameters: {} };
  const link = (token: string) => `${BASE}/adminapi/beta/${TENANT}/InvokeCommand?%24skiptoken=${token}`;
  const pageOf = (name: string, nextLink?: string): Reply => ({
    headers: { 'Set-Cookie': 'backend=b7; path=/; secure' },
    body: {
      value: [{ DomainName: name }],
      ...(nextLink === undefined ? {} : { '@odata.nextLink': nextLink }),
    },
  });

  test('all pages, by the same body, anchor, request id and cookies', async () => {
    exchange.handler = inTurn(pageOf('a', link('1')), pageOf('b', link('2')), pageOf('c'));
    const result = await done(port.run({ ...list, anchor: 'a@contoso.com' }));
    expect(result.rows.map(({ DomainName }) => DomainName)).toEqual(['a', 'b', 'c']);
    const sent = exchange.requests.flat();
    expect(sent.map(({ url }) => url)).toEqual([
      expect.not.stringContaining('skiptoken'),
      link('1'),
      link('2'),
    ]);
    for (const header of ['x-anchormailbox', 'client-request-id', 'prefer']) {
      expect(new Set(sent.map(({ headers }) => headers[header])).size).toBe(1);
    }
    expect(sent.map(({ headers }) => headers.cookie)).toEqual([undefined, 'backend=b7', 'backend=b7']);
  });

  test('as a stream, page by page', async () => {
    exchange.handler = inTurn(pageOf('a', link('1')), pageOf('b'));
    const iterator = port.stream(list)[Symbol.asyncIterator]();
    expect((await done(iterator.next())).value).toEqual({ DomainName: 'a' });
    expect(exchange.requests).toHaveLength(1);
    expect((await done(iterator.next())).value).toEqual({ DomainName: 'b' });
    expect((await done(iterator.next())).done).toBe(true);
  });

  test.each([
    ['a link that comes twice', [pageOf('a', link('1')), pageOf('b', link('1'))], 'came twice'],
    ['a link to another server', [pageOf('a', 'https://evil.example/adminapi/beta/x')], 'another server'],
    ['a link out of the admin API', [pageOf('a', `${BASE}/owa`)], 'leaves the admin API'],
    [
      'a page that is refused',
      [pageOf('a', link('1')), refusal(400, '||Expired or Invalid pagination request.')],
      'Expired',
    ],
    ['a page that never comes', [pageOf('a', link('1')), { status: 503 }], '503'],
  ] as const)('%s ends in an error and never in a short list', async (_, replies, text) => {
    exchange.handler = inTurn(...replies);
    expect((await failure(port.run(list))).text).toContain(text);
    for (const url of exchange.requests.flat().map((one) => one.url)) expect(url).toContain(BASE);
  });

  test('a page that fails for a moment is asked for again', async () => {
    exchange.handler = inTurn(pageOf('a', link('1')), { status: 502 }, 'drop', pageOf('b'));
    expect((await done(port.run(list))).rows).toHaveLength(2);
  });
});

describe('faults that pass', () => {
  test.each(['1', '2.5', '0', new Date(Date.parse('2026-05-01T10:00:07Z')).toUTCString()])(
    'Retry-After %s is kept',
    async (header) => {
      exchange.handler = inTurn(
        { status: 429, headers: { 'Retry-After': header } },
        rows({ EwsEnabled: true }),
      );
      await done(port.run(read('a')));
      const asked = Number.isNaN(Number(header)) ? 7000 : Number(header) * 1000;
      expect(clock.now()).toBeGreaterThanOrEqual(asked);
      expect(clock.now()).toBeLessThan(asked + 100);
      expect(port.statistics()).toMatchObject({ cmdlets: 1, requests: 2, throttled: 1, retried: 1 });
    },
  );

  test('the request id is kept over attempts', async () => {
    exchange.handler = inTurn({ status: 503 }, { status: 500 }, rows({}));
    await done(port.run(read('a')));
    expect(new Set(exchange.requests.flat().map(({ headers }) => headers['client-request-id'])).size).toBe(1);
  });

  test('a transient class in a 400 is tried again', async () => {
    exchange.handler = inTurn(
      refusal(400, '|Microsoft.Exchange.Data.Directory.ADTransientException|try later'),
      rows({}),
    );
    await done(port.run(read('a')));
    expect(exchange.requests).toHaveLength(2);
  });

  test('attempts are bounded', async () => {
    exchange.handler = () => ({ status: 503 });
    expect(await failure(port.run(read('a')))).toMatchObject({ status: 503, transient: true });
    expect(exchange.requests).toHaveLength(6);
  });

  test('what was not answered of a batch is asked for again, and only that', async () => {
    const asked: string[] = [];
    exchange.handler = ({ parameters }) => {
      asked.push(String(parameters.Identity));
      return rows({ EwsEnabled: true });
    };
    exchange.batchHandler = () => {
      exchange.batchHandler = () => undefined;
      return 'half';
    };
    await done(Promise.all(['a', 'b', 'c', 'd'].map((name) => port.run(read(name)))));
    expect([...asked].sort()).toEqual(['a', 'b', 'c', 'd']);
    expect(exchange.requests.map((members) => members.length)).toEqual([4, 2]);
  });

  test('a batch that is throttled as a whole comes back whole', async () => {
    exchange.batchHandler = () => {
      exchange.batchHandler = () => undefined;
      return { status: 429, headers: { 'Retry-After': '3' } };
    };
    const results = await done(Promise.all(['a', 'b', 'c', 'd'].map((name) => port.run(read(name)))));
    expect(results).toHaveLength(4);
    expect(clock.now()).toBeGreaterThanOrEqual(3000);
    expect(exchange.requests.length).toBeLessThanOrEqual(3);
  });
});

describe('a lost answer', () => {
  test('of an absolute write is asked for again', async () => {
    exchange.handler = inTurn('drop', rows());
    await done(port.run(write('a')));
    expect(exchange.requests).toHaveLength(2);
  });

  test.each([['drop'], [{ status: 500 }], [{ status: 504 }]] as const)(
    'of a write that cannot be repeated is told as not known (%j)',
    async (reply) => {
      exchange.handler = () => reply;
      expect(await failure(port.run(create))).toMatchObject({ outcomeUnknown: true, transient: true });
      expect(exchange.requests).toHaveLength(1);
    },
  );

  test.each([429, 503])(
    'is none where nothing was done (%i): such a write is repeated too',
    async (status) => {
      exchange.handler = inTurn({ status, headers: { 'Retry-After': '0' } }, rows({ Name: 'scope' }));
      expect((await done(port.run(create))).rows).toEqual([{ Name: 'scope' }]);
    },
  );
});

describe('tokens', () => {
  const challenge = (claims: string): Reply => ({
    status: 401,
    headers: {
      'WWW-Authenticate': `Bearer realm="", error="insufficient_claims", claims="${Buffer.from(claims).toString('base64')}"`,
    },
  });

  test('a claims challenge is answered by a token with the claims', async () => {
    const claims = '{"access_token":{"nbf":{"essential":true,"value":"1"}}}';
    exchange.handler = inTurn(challenge(claims), rows({}));
    await done(port.run(read('a')));
    expect(credential.claims).toEqual([undefined, claims]);
    expect(exchange.authorizations).toEqual(['Bearer token-1', 'Bearer token-2']);
  });

  test('a token that expires in the middle is replaced once for all calls', async () => {
    exchange.batchHandler = () =>
      exchange.authorizations.at(-1) === 'Bearer token-1' ? { status: 401 } : undefined;
    await done(Promise.all(['a', 'b', 'c'].map((name) => port.run(read(name)))));
    expect(credential.claims).toHaveLength(2);
    expect(exchange.requests.map((members) => members.length)).toEqual([3, 3]);
  });

  test('a refusal of every token ends the run with what to grant, and without a token in it', async () => {
    exchange.handler = () => ({ status: 401 });
    const error = await done(port.run(read('a')).catch((reason: unknown) => reason));
    expect(error).toBeInstanceOf(InteropError);
    expect(error).toMatchObject({ kind: 'authentication' });
    expect(String(error)).toContain('Exchange.ManageAsApp');
    expect(JSON.stringify(error)).not.toContain('token-');
    expect(exchange.requests).toHaveLength(3);
  });

  test('no error holds a token that the server sent back', async () => {
    exchange.handler = () => ({
      status: 403,
      headers: { 'WWW-Authenticate': 'Bearer error="x", token="eyJhbGciOi.eyJhIjoi.c2ln"' },
    });
    expect((await failure(port.run(read('a')))).message).not.toContain('eyJ');
  });
});

describe('abort and close', () => {
  test('an aborted call ends at once with the reason; its neighbours go on', async () => {
    const abort = new AbortController();
    exchange.handler = async ({ parameters }) => {
      await new Promise<void>((resolve) => clock.after(1000, resolve));
      return rows({ EwsEnabled: parameters.Identity === 'b' });
    };
    const first = port.run(read('a', { signal: abort.signal })).catch((reason: unknown) => reason);
    const second = port.run(read('b'));
    await clock.advance(100);
    abort.abort('enough');
    expect(await first).toBe('enough');
    expect((await done(second)).rows).toEqual([{ EwsEnabled: true }]);
  });

  test('a call that nobody waits for any more is not sent', async () => {
    const abort = new AbortController();
    const call = port.run(read('a', { signal: abort.signal })).catch((reason: unknown) => reason);
    abort.abort('enough');
    expect(await call).toBe('enough');
    await clock.run();
    expect(exchange.requests).toEqual([]);
  });

  test('after closing nothing is sent', async () => {
    await port.close();
    await expect(port.run(read('a'))).rejects.toThrow('was closed');
    expect(exchange.requests).toEqual([]);
  });
});
