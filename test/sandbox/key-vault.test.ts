/** The sandbox's vault, asked by hand: whom it lets in, what it takes, what it refuses with. */
import { readFileSync } from 'node:fs';
import { request as requestOverTls } from 'node:https';
import { startTestSandbox, type TestSandbox } from '../support/sandbox.js';
import { askVault, VAULT_SCOPE, type VaultRequest } from '../support/vault-request.js';

let sandbox: TestSandbox;
beforeAll(async () => {
  sandbox = await startTestSandbox();
});
afterAll(() => sandbox.dispose());

const put = (name: string, body: unknown, options: VaultRequest = {}) =>
  askVault(sandbox, 'PUT', `/secrets/${name}`, { body, ...options });
const get = (path: string, options: VaultRequest = {}) =>
  askVault(sandbox, 'GET', `/secrets/${path}`, options);

/** The status of a GET with any Host header; undici would take it for the name in the certificate, too, and not ask at all. */
async function statusFor(host: string, path: string): Promise<number | undefined> {
  const { graph, caFile } = sandbox.sandbox.info;
  const authorization = `Bearer ${await sandbox.token('admin', VAULT_SCOPE)}`;
  const ca = readFileSync(caFile, 'utf8');
  return await new Promise((resolve, reject) => {
    const options = { ca, servername: 'localhost', agent: false, headers: { host, authorization } };
    requestOverTls(`${graph}${path}?api-version=2025-07-01`, options, (answer) => {
      answer.resume().once('end', () => resolve(answer.statusCode));
    })
      .once('error', reject)
      .end();
  });
}

test('without a token: 401 with the authority and the resource to get one for', async () => {
  const { status, headers, body } = await put('a', { value: 'x' }, { as: 'nobody' });
  expect({ status, code: body.error.code }).toEqual({ status: 401, code: 'Unauthorized' });
  const { authority, tenantId } = sandbox.sandbox.info;
  expect(headers['www-authenticate']).toBe(
    `Bearer authorization="${authority}/${tenantId}", resource="https://vault.azure.net"`,
  );
});

test('with a token for another resource: 401 with the challenge again', async () => {
  const { status, headers } = await put('a', { value: 'x' }, { as: await sandbox.token('admin') });
  expect({ status, challenge: headers['www-authenticate'] }).toEqual({
    status: 401,
    challenge: expect.stringContaining('resource='),
  });
});

test('with a forged or an expired token: 401', async () => {
  const token = await sandbox.token('admin', 'https://vault.azure.net/.default');
  expect((await get('a', { as: `${token.slice(0, -6)}AAAAAA` })).status).toBe(401);
  await sandbox.control({ clock: { advanceMs: 2 * 3_600_000 } });
  expect((await get('a', { as: token })).status).toBe(401);
});

test('without the data role: 403, for reading and for writing', async () => {
  const refusals = [
    await put('a', { value: 'x' }, { as: 'reader' }),
    await get('a/versions', { as: 'reader' }),
  ];
  for (const { status, body } of refusals)
    expect({ status, error: body.error }).toMatchObject({
      status: 403,
      error: { code: 'Forbidden', innererror: { code: 'ForbiddenByRbac' } },
    });
});

test('each value is a version of its own, with its dates and tags; lists tell no value', async () => {
  const first = await put('twice', { value: 'one', attributes: { exp: 2_000_000_000, nbf: 1_000 } });
  const second = await put('twice', { value: 'two', contentType: 'text', tags: { keyId: 'k' } });
  expect(first.body.id).not.toBe(second.body.id);
  expect(first.body.attributes).toMatchObject({ enabled: true, exp: 2_000_000_000, nbf: 1_000 });
  expect((await get('twice')).body.value).toBe('two');
  expect((await get(`twice/${first.body.id.split('/').at(-1)}`)).body.value).toBe('one');
  const { body } = await get('twice/versions');
  expect(body.value.map(({ id, tags }: { id: string; tags?: unknown }) => ({ id, tags }))).toEqual([
    { id: first.body.id, tags: undefined },
    { id: second.body.id, tags: { keyId: 'k' } },
  ]);
  expect(JSON.stringify(body)).not.toContain('"value":"');
});

test('lists come in pages', async () => {
  for (const value of ['1', '2', '3']) await put('pages', { value });
  const first = await get('pages/versions?maxresults=2');
  expect(first.body.value).toHaveLength(2);
  const next = new URL(first.body.nextLink);
  expect(next.host).toBe('interop.vault.azure.net');
  next.searchParams.delete('api-version');
  const second = await get(`pages/versions${next.search}`);
  expect({ count: second.body.value.length, nextLink: second.body.nextLink }).toEqual({
    count: 1,
    nextLink: null,
  });
});

test('a disabled version is not read', async () => {
  await put('off', { value: 'x', attributes: { enabled: false } });
  expect((await get('off')).status).toBe(403);
});

test('a deleted name stays taken', async () => {
  await put('gone', { value: 'x' });
  expect((await askVault(sandbox, 'DELETE', '/secrets/gone')).status).toBe(200);
  expect((await get('gone')).body.error.code).toBe('SecretNotFound');
  expect((await put('gone', { value: 'y' })).body.error).toMatchObject({
    code: 'Conflict',
    innererror: { code: 'ObjectIsDeletedButRecoverable' },
  });
});

test.each<[string, string, unknown, string?]>([
  ['a name that is none', 'a_b', { value: 'x' }],
  ['no value', 'bad', {}],
  ['a value that is no text', 'bad', { value: 1 }],
  ['a value that is too long', 'bad', { value: 'x'.repeat(25_601) }],
  ['a property that there is not', 'bad', { value: 'x', expires: 1 }],
  ['an attribute that is read-only', 'bad', { value: 'x', attributes: { created: 1 } }],
  ['an end that is no time', 'bad', { value: 'x', attributes: { exp: '2030-01-01' } }],
  ['an end before its beginning', 'bad', { value: 'x', attributes: { nbf: 2, exp: 1 } }],
  ['a tag that is no text', 'bad', { value: 'x', tags: { a: 1 } }],
  ['no version of the interface', 'bad', { value: 'x' }, ''],
  ['an unknown version of the interface', 'bad', { value: 'x' }, '2016-10-01'],
])('%s: 400', async (_, name, body, version = '2025-07-01') => {
  expect((await put(name, body, { version })).body.error.code).toBe('BadParameter');
  expect((await get('bad')).status).toBe(404);
});

test('what it does not emulate is 501, and another host below vault.azure.net is nobody', async () => {
  expect((await askVault(sandbox, 'GET', '/keys/a')).status).toBe(501);
  await put('mine', { value: 'x' });
  expect(await statusFor('interop.vault.azure.net', '/secrets/mine')).toBe(200);
  expect(await statusFor('other.vault.azure.net', '/secrets/mine')).toBe(421);
});

test('throttling is told as Key Vault tells it', async () => {
  await sandbox.control({ faults: ['throttle=1:2@PUT /secrets/*'] });
  const { status, headers, body } = await put('a', { value: 'x' });
  expect([status, headers['retry-after'], body.error.code]).toEqual([429, '2', 'Throttled']);
});
