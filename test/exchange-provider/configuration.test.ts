/** The provider's configuration and sign-in: nothing secret is taken in, and nothing is opened before it is needed. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import providerPb from '@pulumi/pulumi/proto/provider_pb.js';
import { plainSettings } from '../../infra/exchange/provider/azuread-settings.js';
import { exchangeProvider } from '../../infra/exchange/provider/definition.js';
import { ask, type Client, failures, startEngine, struct } from '../kernel/support/engine.js';
import { startTestSandbox, type TestSandbox } from '../support/sandbox.js';
import {
  clientOf,
  configOf,
  dump,
  environmentOf,
  type Json,
  Life,
  type RunningProvider,
  startProvider,
} from './support/provider.js';

const CLIENT = 'aaaaaaaa-1111-4111-8111-111111111111';
const inputs = { clientId: CLIENT, roleAccounts: [], acknowledgeAllowList: true };

let tenant: TestSandbox;
const started: RunningProvider[] = [];

beforeAll(async () => {
  tenant = await startTestSandbox({ mailboxes: 6 });
});
afterEach(async () => {
  for (const provider of started.splice(0)) await provider.stop();
});
afterAll(() => tenant.dispose());

async function start(...given: Parameters<typeof startProvider>): Promise<RunningProvider> {
  const provider = await startProvider(...given);
  started.push(provider);
  return provider;
}

const life = ({ client }: { readonly client: Client }) => new Life(client, 'exchange:index:EwsAccess');

async function mistakes(config: Json): Promise<string[]> {
  const { provider, close } = exchangeProvider({ env: {} });
  const engine = await startEngine(provider);
  const request = new providerPb.CheckRequest();
  request.setUrn('urn:pulumi:dev::project::pulumi:providers:exchange::it');
  request.setNews(struct(config));
  const response = await ask<providerPb.CheckResponse>((done) => engine.client.checkConfig(request, done));
  await engine.stop();
  await close();
  return failures(response);
}

it('refuses secrets, unknown settings and addresses that are not https', async () => {
  const config = { organization: 'contoso.onmicrosoft.com', azuread: '{}' };
  expect(await mistakes(config)).toEqual([]);
  expect(await mistakes({ ...config, azuread: '{"clientSecret":"hunter22"}' })).toEqual([
    'azuread.clientSecret is a secret, which would be kept with the stack: it is read from ARM_CLIENT_SECRET of the environment',
  ]);
  expect(await mistakes({ ...config, azuread: '{"tenantID":"x"}' })).toEqual([
    'azuread.tenantID is unknown; did you mean tenantId?',
  ]);
  expect(await mistakes({ ...config, baseUrl: 'http://localhost:1' })).toEqual([
    expect.stringMatching(/^baseUrl must be https/),
  ]);
  expect(await mistakes({ ...config, transport: 'soap' })).toEqual([expect.stringMatching(/^transport /)]);
  expect(await mistakes({ ...config, organisation: 'x' })).toEqual([
    'organisation is unknown; did you mean organization?',
  ]);
  expect(await mistakes({ azuread: '{}' })).toEqual(['organization is required']);
});

it('takes of the settings of azuread what is no secret', () => {
  expect(
    plainSettings({ tenantId: 't', useOidc: true, clientSecret: 's', oidcToken: 'o', other: 1 }),
  ).toEqual({
    tenantId: 't',
    useOidc: true,
  });
});

it('opens nothing before an operation needs it', async () => {
  const provider = await start(tenant, { env: { ARM_CLIENT_SECRET: '', SSL_CERT_FILE: '' } });
  const resource = life(provider);
  expect(await resource.check(inputs)).toMatchObject({ violations: 0 });
});

it('tells by its kind that signing in failed, without the secret, and tries again with the next operation', async () => {
  const wrong = 'wrong-secret-of-mine';
  const env: NodeJS.ProcessEnv = { ...environmentOf(tenant), ARM_CLIENT_SECRET: wrong };
  const provider = await start(tenant, { env });
  const failed = await life(provider).preview(inputs).then(String, String);
  expect(failed).toMatch(/authentication: .*AADSTS7000215/s);
  expect(failed).not.toContain(wrong);
  const none = await start(tenant, { env: { ...env, ARM_CLIENT_SECRET: '' } });
  await expect(life(none).preview(inputs)).rejects.toThrow(/authentication: .*ARM_CLIENT_SECRET/s);
});

it('says what is missing where the application may not do anything in Exchange', async () => {
  const provider = await start(tenant, { as: 'reader' });
  await expect(life(provider).preview(inputs)).rejects.toThrow(/authentication: .*Exchange\.ManageAsApp/s);
});

it('destroys with another credential than the one that it was made with', async () => {
  const before = await dump(tenant);
  const resource = life(await start(tenant, { as: 'exchange-admin' }));
  await resource.create(inputs);
  const folder = await mkdtemp(join(tmpdir(), 'calendar-interop-secret-'));
  try {
    const file = join(folder, 'secret');
    await writeFile(file, clientOf(tenant, 'deployer').clientSecret ?? '');
    const config = configOf(tenant, 'deployer');
    const azuread = JSON.stringify({ ...JSON.parse(config.azuread ?? ''), clientSecretFilePath: file });
    const env = { ARM_CLIENT_SECRET: '' };
    const later = life(await start(tenant, { as: 'deployer', env, config: { azuread } }));
    Object.assign(later, { id: resource.id, inputs: resource.inputs, state: resource.state });
    await later.remove();
  } finally {
    await rm(folder, { recursive: true });
  }
  expect(await dump(tenant)).toEqual(before);
});

it('serves two tenants at once, each with its own credential', async () => {
  const second = await startTestSandbox({ mailboxes: 6, seed: 2 });
  try {
    const tenants = [tenant, second];
    const before = await Promise.all(tenants.map(dump));
    const { provider, close } = exchangeProvider({
      env: {
        SSL_CERT_FILE: await bothAuthorities(tenants),
        SECRET_0: clientOf(tenant, 'exchange-admin').clientSecret ?? '',
        SECRET_1: clientOf(second, 'exchange-admin').clientSecret ?? '',
      },
      timing: { list: { writeWithinMs: 500, quietMs: 700, staleMs: 5_000, lookEveryMs: 100, attempts: 8 } },
    });
    // The engine runs a process for each; here both live in one, so that shared state would show.
    const engines = await Promise.all(tenants.map(() => startEngine(provider)));
    const lives: Life[] = [];
    for (const [index, engine] of engines.entries()) {
      const request = new providerPb.ConfigureRequest();
      const variables = JSON.stringify({ ARM_CLIENT_SECRET: `SECRET_${index}` });
      request.setArgs(struct({ ...configOf(tenants[index] ?? tenant), variables }));
      await ask((done) => engine.client.configure(request, done));
      lives.push(life(engine));
    }
    const ids = [CLIENT, 'bbbbbbbb-2222-4222-8222-222222222222'];
    await Promise.all(lives.map((one, index) => one.create({ ...inputs, clientId: ids[index] })));
    const lists = await Promise.all(
      tenants.map(async (one) => (await one.state()).exchange.organization.EwsAllowedAppIDs),
    );
    expect(lists).toEqual(ids);
    await Promise.all(lives.map((one) => one.remove()));
    expect(await Promise.all(tenants.map(dump))).toEqual(before);
    for (const engine of engines) await engine.stop();
    await close();
  } finally {
    await second.dispose();
  }
});

async function bothAuthorities(tenants: readonly TestSandbox[]): Promise<string> {
  const { readFile } = await import('node:fs/promises');
  const texts = await Promise.all(tenants.map(({ sandbox }) => readFile(sandbox.info.caFile, 'utf8')));
  const file = join(tenants[0]?.sandbox.info.caFile ?? '', '..', 'both.pem');
  await writeFile(file, texts.join('\n'));
  return file;
}
