/** The tenant that a seed makes: the same each time, quick at any size, and silent about secrets. */

import { createHash } from 'node:crypto';
import { UserTable } from '../../sandbox/entra/seeded-users.js';
import { all } from '../../sandbox/entra/table.js';
import { SeededRandom } from '../../sandbox/random.js';
import { startTestSandbox, type TestSandbox } from '../support/sandbox.js';
import { grant, makeApplication, makeClient, makePrincipal, must, tokenOf } from './support/principals.js';

const CLOCK = new Date('2026-11-24T10:00:00Z');
const OWN_HEADERS = { 'x-sandbox': '1' };

async function withSandbox<T>(
  overrides: Parameters<typeof startTestSandbox>[0],
  use: (tenant: TestSandbox) => Promise<T>,
): Promise<T> {
  const tenant = await startTestSandbox(overrides);
  try {
    return await use(tenant);
  } finally {
    await tenant.dispose();
  }
}

/** A digest of the state's bytes, with the times taken out. */
async function stateOf(seed: number): Promise<string> {
  return await withSandbox({ seed, mailboxes: 30, clock: CLOCK }, async (tenant) => {
    const { id, appId } = await makeApplication(tenant, { displayName: 'always the same' });
    await grant(tenant, (await makePrincipal(tenant, appId)).id, 'Place.Read.All');
    await must(tenant.graph('POST', `/applications/${id}/addPassword`, { body: {} }));
    const { body } = await tenant.request<object>('/sandbox/state', { headers: OWN_HEADERS });
    const text = JSON.stringify(body).replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/g, 'TIME');
    return createHash('sha256').update(text).digest('hex');
  });
}

test('the same seed and the same requests make the same state, another seed another', async () => {
  const [one, again, other] = [await stateOf(7), await stateOf(7), await stateOf(8)];
  expect(again).toBe(one);
  expect(other).not.toBe(one);
});

test('clients and their secrets come out of the seed', async () => {
  const clientsOf = (seed: number) =>
    withSandbox({ seed }, async ({ sandbox }) =>
      JSON.stringify([sandbox.info.tenantId, sandbox.info.clients]),
    );
  const one = await clientsOf(7);
  expect(await clientsOf(7)).toBe(one);
  expect(await clientsOf(8)).not.toBe(one);
});

test('the state holds no secret, only what proves one', async () => {
  await withSandbox({}, async (tenant) => {
    const client = await makeClient(tenant);
    await tokenOf(tenant, client);
    const { body } = await tenant.request<object>('/sandbox/state', { headers: OWN_HEADERS });
    const text = JSON.stringify(body);
    const secrets = [
      client.secret,
      ...tenant.sandbox.info.clients.map(({ clientSecret }) => clientSecret ?? ''),
    ];
    for (const secret of secrets) {
      expect(secret.length).toBeGreaterThan(30);
      expect(text).not.toContain(secret);
      expect(text).not.toContain(Buffer.from(secret).toString('base64').replace(/=+$/, ''));
      expect(text).not.toContain(encodeURIComponent(secret));
    }
    expect(text).toMatch(/"secretHash":"[0-9a-f]{64}"/);
  });
});

test('the state is for callers that no browser can imitate only', async () => {
  await withSandbox({}, async (tenant) => {
    expect((await tenant.request('/sandbox/state')).status).toBe(403);
    expect((await tenant.request('/sandbox/control', { method: 'POST', body: '{}' })).status).toBe(403);
    expect((await tenant.request('/sandbox/else', { headers: OWN_HEADERS })).status).toBe(501);
  });
});

test('what was deleted by the end of a session leaves the rest as it was', async () => {
  await withSandbox({}, async (tenant) => {
    const { deletedItems: before, ...rest } = await tenant.state();
    const client = await makeClient(tenant, ['Place.Read.All']);
    await must(tenant.graph('DELETE', `/applications/${client.id}`));
    const { deletedItems, ...after } = await tenant.state();
    expect(after).toEqual(rest);
    expect(before).toEqual([]);
    expect(deletedItems.map(({ kind }: { kind: string }) => kind).sort()).toEqual([
      'application',
      'servicePrincipal',
    ]);
  });
});

describe('users in numbers', () => {
  const COUNT = 100_000;
  const table = () =>
    new UserTable({ random: new SeededRandom(3), count: COUNT, domain: 'contoso.com', createdAt: 0 });

  test('each is found by id and by address without going through the others', () => {
    const users = table();
    const spy = jest.spyOn(SeededRandom.prototype, 'bytes');
    try {
      let looked = 0;
      for (const [, user] of users.after(COUNT - 5)) {
        spy.mockClear();
        expect(users.get(user.id)).toEqual(user);
        for (const name of ['userPrincipalName', 'mail', 'mailNickname']) {
          const value = String(user.properties[name]);
          expect(users.lookUp(name, value)).toEqual([user]);
          expect(users.lookUp(name, value.toUpperCase())).toEqual([user]);
        }
        expect(spy.mock.calls.length).toBeLessThan(40);
        looked += 1;
      }
      expect(looked).toBe(5);
    } finally {
      spy.mockRestore();
    }
  });

  test('ids and addresses are different for all', () => {
    const users = new UserTable({
      random: new SeededRandom(3),
      count: 5_000,
      domain: 'contoso.com',
      createdAt: 0,
    });
    const seen = [...all(users)];
    expect(new Set(seen.map(({ id }) => id)).size).toBe(5_000);
    expect(new Set(seen.map(({ properties }) => properties.userPrincipalName)).size).toBe(5_000);
  });

  test('a changed, a deleted and a created one are what the table then shows', () => {
    const users = new UserTable({
      random: new SeededRandom(3),
      count: 4,
      domain: 'contoso.com',
      createdAt: 0,
    });
    const [first, second, ...others] = [...all(users)];
    if (first === undefined || second === undefined) throw new Error('no users');
    const changed = { ...first, properties: { ...first.properties, userPrincipalName: 'x@contoso.com' } };
    users.put(changed);
    users.delete(second.id);
    const created = { ...second, id: '00000000-0000-4000-8000-000000000000' };
    users.put(created);
    expect([...all(users)]).toEqual([changed, ...others, created]);
    expect(users.size).toBe(4);
    expect(users.lookUp('userPrincipalName', 'x@contoso.com')).toEqual([changed]);
    expect(users.lookUp('userPrincipalName', String(first.properties.userPrincipalName))).toEqual([]);
    expect(users.get(second.id)).toBeUndefined();
    users.put(second);
    expect(users.get(second.id)).toEqual(second);
  });

  test('a large tenant starts and is paged through', async () => {
    await withSandbox({ mailboxes: COUNT }, async (tenant) => {
      const page = await must(tenant.graph('GET', '/users?$top=2&$select=id,userPrincipalName'));
      expect(page.value).toHaveLength(2);
      expect(page['@odata.nextLink']).toMatch(new RegExp(`^${tenant.sandbox.info.graph}/v1\\.0/users\\?`));
      const last = await must(tenant.graph('GET', '/users/interop@contoso.com'));
      expect(last.displayName).toBe('Calendar Interop');
    });
  });
});
