/** The copy in Key Vault on the real engine: after each secret is made, once, and later where the vault was down. */
import { makeProject, type TestProject } from '../support/project.js';
import { startTestSandbox, type TestSandbox } from '../support/sandbox.js';
import { startVaultProxy, type VaultProxy } from '../support/vault-proxy.js';
import { askVault } from '../support/vault-request.js';

let sandbox: TestSandbox;
let project: TestProject;
let proxy: VaultProxy;
beforeAll(async () => {
  sandbox = await startTestSandbox();
  proxy = await startVaultProxy(Number(new URL(sandbox.sandbox.info.graph).port));
  project = await makeProject({ info: sandbox.sandbox.info });
});
afterAll(async () => {
  await project.dispose();
  await proxy.close();
  await sandbox.dispose();
});

const NAME = 'google-client-secret';

async function run(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const { code, stdout, stderr } = await project.run(args, { ...proxy.env, ...env });
  return { code, output: stdout + stderr };
}

/** Names of the secrets whose copies are there, the oldest first. */
async function copies(): Promise<readonly string[]> {
  const { body } = await askVault(sandbox, 'GET', `/secrets/${NAME}/versions`);
  return body.value.map(({ tags }: { tags: { name: string } }) => tags.name);
}

test('every secret becomes a version with its end, whatever happens to the vault meanwhile', async () => {
  await project.configure({
    'calendar-interop:secret': { keyVault: { url: 'https://interop.vault.azure.net', name: NAME } },
  });
  const up = await run(['up']);
  expect(up).toEqual({
    code: 0,
    output: expect.stringContaining(`Copied interop-a-g1 to the Key Vault secret ${NAME}`),
  });
  expect(await copies()).toEqual(['interop-a-g1']);

  const outputs = [up.output];
  for (const args of [['rotation', 'confirm'], ['rotation', 'stage'], ['rotation', 'run'], ['up']])
    outputs.push((await run(args)).output);
  expect(await copies()).toEqual(['interop-a-g1', 'interop-b-g2']);
  const { body } = await askVault(sandbox, 'GET', `/secrets/${NAME}`);
  const value = await project.secretNamed('interop-b-g2');
  const status = (await project.json(['rotation', 'status'])).value as { slots: { b: { endDate: string } } };
  expect({ value: body.value === value, exp: body.attributes.exp }).toEqual({
    value: true,
    exp: Date.parse(status.slots.b.endDate) / 1000,
  });
  expect(outputs.join('\n')).not.toContain(value);

  // The vault is down: the rotation goes on, and says what is missing and how it is made good.
  proxy.down(true);
  expect((await run(['rotation', 'confirm'])).code).toBe(0);
  expect((await run(['rotation', 'retire'])).code).toBe(0);
  const staged = await run(['rotation', 'stage']);
  expect(staged.code).toBe(0);
  expect(staged.output).toContain('the copy in Key Vault is missing');
  expect(staged.output).toContain('calendar-interop rotation run');
  expect(await project.json(['rotation', 'status'])).toMatchObject({
    value: { phase: 'staged', pending: null },
  });
  expect(await copies()).toEqual(['interop-a-g1', 'interop-b-g2']);

  proxy.down(false);
  expect((await run(['rotation', 'run'])).output).toContain('Copied interop-a-g3');
  expect(await copies()).toEqual(['interop-a-g1', 'interop-b-g2', 'interop-a-g3']);

  // Without the right, and with a name that was deleted, the same.
  const keyVault = { url: 'https://interop.vault.azure.net', name: NAME };
  const reader = sandbox.sandbox.info.clients.find(({ name }) => name === 'reader');
  await project.configure({ 'calendar-interop:secret': { keyVault }, 'azuread:clientId': reader?.clientId });
  const refused = await run(['rotation', 'run'], { ARM_CLIENT_SECRET: reader?.clientSecret ?? '' });
  expect(refused.code).toBe(10);
  expect(refused.output).toContain('Key Vault Secrets Officer');
  await project.configure({ 'calendar-interop:secret': { keyVault } });

  await askVault(sandbox, 'DELETE', `/secrets/${NAME}`);
  const deleted = await run(['rotation', 'run']);
  expect(deleted.code).toBe(10);
  expect(deleted.output).toContain('az keyvault secret recover');
}, 600_000);
