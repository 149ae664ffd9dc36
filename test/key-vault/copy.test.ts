/** The copy in Key Vault, by Microsoft's own client over HTTPS: it goes through a proxy to the vault's own name. */
import { InteropError } from '../../infra/errors.js';
import { readTrust } from '../../infra/graph/trust.js';
import { type KeyVault, type KeyVaultOptions, openKeyVault } from '../../infra/key-vault/key-vault.js';
import { startTestSandbox, type TestSandbox } from '../support/sandbox.js';
import { startVaultProxy, type VaultProxy } from '../support/vault-proxy.js';
import { askVault } from '../support/vault-request.js';

let sandbox: TestSandbox;
let proxy: VaultProxy;
beforeEach(async () => {
  sandbox = await startTestSandbox();
  proxy = await startVaultProxy(Number(new URL(sandbox.sandbox.info.graph).port));
});
afterEach(async () => {
  await proxy.close();
  await sandbox.dispose();
});

const NAME = 'google-client-secret';
const SECRET = {
  slot: 'b',
  generation: 2,
  keyId: '11111111-2222-4333-8444-555555555555',
  endDate: '2027-05-23T08:30:15Z',
  value: 'abc8Q~not-a-real-secret-but-as-long-as-1',
} as const;

async function vault(as = 'deployer', more: Partial<KeyVaultOptions> = {}): Promise<KeyVault> {
  return await openKeyVault({
    url: 'https://interop.vault.azure.net',
    name: NAME,
    credential: {
      getToken: async (scopes) => ({
        token: await sandbox.token(as, String(scopes)),
        expiresOnTimestamp: Date.now() + 3_600_000,
      }),
    },
    trust: readTrust({ SSL_CERT_FILE: sandbox.sandbox.info.caFile, ...proxy.env }),
    signal: new AbortController().signal,
    ...more,
  });
}

const versions = async () => (await askVault(sandbox, 'GET', `/secrets/${NAME}/versions`)).body.value;

/** What goes wrong, as text; it holds no secret. */
async function failure(work: Promise<unknown>): Promise<string> {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof InteropError)) throw new Error(`no InteropError: ${String(error)}`);
  const text = [error.message, JSON.stringify(error), error.stack, String(error.cause)].join('\n');
  expect(text).not.toContain(SECRET.value);
  return text;
}

test('a secret becomes a version with value, end and tags, which is found by its key id', async () => {
  const copies = await vault();
  expect(await copies.has(SECRET.keyId)).toBe(false);
  await copies.put(SECRET);
  expect(await copies.has(SECRET.keyId)).toBe(true);
  expect(await copies.has('99999999-2222-4333-8444-555555555555')).toBe(false);
  const { body } = await askVault(sandbox, 'GET', `/secrets/${NAME}`);
  expect(body).toMatchObject({
    value: SECRET.value,
    contentType: 'Entra client secret',
    attributes: { enabled: true, exp: Date.parse(SECRET.endDate) / 1000 },
    tags: { keyId: SECRET.keyId, generation: '2', name: 'interop-b-g2' },
  });
});

test('older versions stay, and one that is on a later page is found', async () => {
  const copies = await vault();
  await copies.put(SECRET);
  for (let generation = 3; generation < 30; generation += 1)
    await askVault(sandbox, 'PUT', `/secrets/${NAME}`, { body: { value: `other ${generation}` } });
  await copies.put({ ...SECRET, keyId: '99999999-2222-4333-8444-555555555555' });
  expect(await copies.has('99999999-2222-4333-8444-555555555555')).toBe(true);
  expect(await copies.has(SECRET.keyId)).toBe(true);
});

test('throttling and outages that pass are waited for', async () => {
  await sandbox.control({ faults: ['throttle=2@PUT /secrets/*', 'serverError=1@GET /secrets/*/versions'] });
  const copies = await vault();
  expect(await copies.has(SECRET.keyId)).toBe(false);
  await copies.put(SECRET);
  expect(await versions()).toHaveLength(1);
});

test('without the data role the error names it', async () => {
  const text = await failure((await vault('reader')).put(SECRET));
  expect(text).toContain('Key Vault Secrets Officer');
  expect(text).toContain('403');
});

test('a name that is deleted softly is told with the two ways out', async () => {
  const copies = await vault();
  await copies.put(SECRET);
  await askVault(sandbox, 'DELETE', `/secrets/${NAME}`);
  const text = await failure(copies.put(SECRET));
  expect(text).toContain(`az keyvault secret recover --vault-name interop --name ${NAME}`);
});

test('a vault that is down, and one that drops the connection, are errors that name the next command', async () => {
  const copies = await vault();
  await sandbox.control({ faults: ['dropBefore=20@PUT /secrets/*'] });
  expect(await failure(copies.put(SECRET))).toContain('calendar-interop rotation run');
  proxy.down(true);
  expect(await failure((await vault()).has(SECRET.keyId))).toContain('ECONNREFUSED');
});

test('a cancelled copy says so', async () => {
  const controller = new AbortController();
  const copies = await vault('deployer', { signal: controller.signal });
  await sandbox.control({ faults: ['hang=1@PUT /secrets/*'] });
  const put = copies.put(SECRET);
  setTimeout(() => controller.abort(), 100);
  await expect(put).rejects.toMatchObject({ kind: 'cancelled' });
});

describe('what stays silent is not waited for', () => {
  const quick = { limitMs: 100 };
  const tooSlow = {
    kind: 'timeout',
    summary: expect.stringContaining(NAME),
    next: expect.arrayContaining([expect.stringContaining('calendar-interop rotation run')]),
  };

  test('a vault that takes requests and answers none', async () => {
    await sandbox.control({ faults: ['hang=20@GET /secrets/*/versions', 'hang=20@PUT /secrets/*'] });
    const copies = await vault('deployer', quick);
    await expect(copies.has(SECRET.keyId)).rejects.toMatchObject(tooSlow);
    await expect(copies.put(SECRET)).rejects.toMatchObject(tooSlow);
    expect(await failure(copies.put(SECRET))).toContain('took too long');
  });

  test('a proxy that takes connections and makes none; what was begun is given up', async () => {
    proxy.silent();
    const copies = await vault('deployer', quick);
    await expect(copies.has(SECRET.keyId)).rejects.toMatchObject(tooSlow);
    await proxy.left();
  });

  test('a sign-in that does not end', async () => {
    const credential = { getToken: () => new Promise<never>(() => undefined) };
    const copies = await vault('deployer', { ...quick, credential });
    await expect(copies.has(SECRET.keyId)).rejects.toMatchObject(tooSlow);
  });
});
