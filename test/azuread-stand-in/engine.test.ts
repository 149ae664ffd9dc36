/** The stand-in as the real engine runs it: as a plugin that is found on PATH, for a program with @pulumi/azuread. */
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import * as azuread from '@pulumi/azuread';
import { LocalWorkspace, type Stack } from '@pulumi/pulumi/automation/index.js';
import { findPulumiCli, openPulumiCommand } from '../../scripts/engine/cli.js';
import { startTestSandbox, type TestSandbox } from '../support/sandbox.js';
import { clientOf } from './support/stand-in.js';

const ROOT = join(__dirname, '..', '..');
const EXCHANGE = '00000002-0000-0ff1-ce00-000000000000';

let folder: string;
let tenant: TestSandbox;
let generation = 1;

async function program() {
  const caller = azuread.getClientConfigOutput();
  const exchange = azuread.getServicePrincipalOutput({ clientId: EXCHANGE });
  const role = exchange.apply((found) => found.appRoleIds.full_access_as_app ?? '');
  const application = new azuread.Application('interop', {
    displayName: 'Google Calendar interop',
    owners: [caller.objectId],
    preventDuplicateNames: true,
    requiredResourceAccesses: [{ resourceAppId: EXCHANGE, resourceAccesses: [{ id: role, type: 'Role' }] }],
    tags: ['one', 'another'],
  });
  const principal = new azuread.ServicePrincipal('interop', {
    clientId: application.clientId,
    owners: [caller.objectId],
  });
  new azuread.AppRoleAssignment('consent', {
    appRoleId: role,
    principalObjectId: principal.objectId,
    resourceObjectId: exchange.objectId,
  });
  const password = new azuread.ApplicationPassword(
    'secret',
    {
      applicationId: application.id,
      displayName: 'interop-a',
      endDate: '2099-01-01T00:00:00Z',
      rotateWhenChanged: { generation: String(generation) },
    },
    { deleteBeforeReplace: true },
  );
  return { clientId: application.clientId, secret: password.value };
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'stand-in-engine-'));
  await Promise.all(['home', 'state'].map((name) => mkdir(join(folder, name))));
  tenant = await startTestSandbox();
});

afterAll(async () => {
  await tenant?.dispose();
  await rm(folder, { recursive: true, force: true });
});

/** A stack of its own in the test's backend, with the stand-in on PATH. */
async function openStack(
  stackName: string,
  declared: () => Promise<Record<string, unknown>>,
): Promise<Stack> {
  const { info } = tenant.sandbox;
  const deployer = clientOf(tenant, 'deployer');
  const stack = await LocalWorkspace.createOrSelectStack(
    { stackName, projectName: 'stand-in', program: declared },
    {
      pulumiHome: join(folder, 'home'),
      pulumiCommand: await openPulumiCommand(await findPulumiCli()),
      envVars: {
        PATH: [join(ROOT, 'sandbox', 'azuread', 'bin'), process.env.PATH ?? ''].join(delimiter),
        PULUMI_BACKEND_URL: `file://${join(folder, 'state')}`,
        PULUMI_CONFIG_PASSPHRASE: 'test',
        PULUMI_SKIP_UPDATE_CHECK: 'true',
        PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: 'true',
        SSL_CERT_FILE: info.caFile,
        ARM_CLIENT_SECRET: deployer.clientSecret ?? '',
      },
    },
  );
  await stack.setAllConfig({
    'azuread:metadataHost': { value: info.metadataHost },
    'azuread:tenantId': { value: info.tenantId },
    'azuread:clientId': { value: deployer.clientId },
  });
  return stack;
}

it('goes through preview, up, no change, drift, repair, replacement and destroy', async () => {
  const stack = await openStack('dev', program);
  const before = await tenant.state();
  expect((await stack.preview()).changeSummary).toEqual({ create: 5 });
  expect(await tenant.state()).toEqual(before);

  const up = await stack.up();
  expect(up.summary.resourceChanges).toEqual({ create: 5 });
  expect(up.outputs.secret?.secret).toBe(true);
  const secret = String(up.outputs.secret?.value);
  const clientId = String(up.outputs.clientId?.value);
  const form = {
    grant_type: 'client_credentials',
    client_id: clientId,
    client_secret: secret,
    scope: 'https://outlook.office365.com/.default',
  };
  expect((await tenant.tokenRequest(form)).status).toBe(200);

  const deployment = await readFile(
    join(folder, 'state', '.pulumi', 'stacks', 'stand-in', 'dev.json'),
    'utf8',
  );
  expect(deployment).toContain('azuread:index/applicationPassword:ApplicationPassword');
  expect(deployment).not.toContain(secret);
  expect(deployment).not.toContain(clientOf(tenant, 'deployer').clientSecret);
  expect(`${up.stdout}${up.stderr}`).not.toContain(secret);

  expect((await stack.preview({ expectNoChanges: true })).changeSummary).toEqual({ same: 5 });
  expect((await stack.refresh({ expectNoChanges: true })).summary.resourceChanges).toMatchObject({
    same: expect.any(Number),
  });

  const objectId = (await tenant.graph('GET', `/applications?$filter=appId eq '${clientId}'`)).body.value[0]
    .id;
  await tenant.graph('PATCH', `/applications/${objectId}`, { body: { requiredResourceAccess: [] } });
  expect((await stack.preview({ refresh: true })).changeSummary).toMatchObject({ update: 1 });
  const repaired = await stack.up({ refresh: true });
  expect(repaired.summary.resourceChanges).toMatchObject({ update: 1 });
  const { body } = await tenant.graph('GET', `/applications/${objectId}`);
  expect(body.requiredResourceAccess).toHaveLength(1);

  generation = 2;
  const replaced = await stack.up();
  expect(replaced.summary.resourceChanges).toMatchObject({ replace: 1 });
  expect((await tenant.tokenRequest(form)).status).toBe(401);
  const keys = (await tenant.graph('GET', `/applications/${objectId}`)).body.passwordCredentials;
  expect(keys).toHaveLength(1);

  await stack.destroy();
  const after = await tenant.state();
  const { deletedItems: _, ...left } = after;
  const { deletedItems: __, ...had } = before;
  expect(left).toEqual(had);
}, 400_000);

it('adopts what exists without touching it, also through an explicit provider, and leaves it behind', async () => {
  const { info } = tenant.sandbox;
  const deployer = clientOf(tenant, 'deployer');
  const as = 'deployer';
  const body = { displayName: 'old one', notes: 'mine', web: { redirectUris: ['https://example.com/a'] } };
  const { body: found } = await tenant.graph('POST', '/applications', { as, body });
  const stack = await openStack('adoption', async () => {
    const provider = new azuread.Provider('explicit', {
      metadataHost: info.metadataHost,
      tenantId: info.tenantId,
      clientId: deployer.clientId,
      clientSecret: deployer.clientSecret ?? '',
    });
    new azuread.Application(
      'adopted',
      { displayName: 'another name' },
      {
        provider,
        import: `/applications/${found.id}`,
        ignoreChanges: ['displayName', 'notes', 'owners', 'web'],
        retainOnDelete: true,
      },
    );
    return {};
  });
  const before = await tenant.state();
  expect((await stack.up()).summary.resourceChanges).toEqual({ create: 2, import: 1 });
  expect((await stack.up({ refresh: true })).summary.resourceChanges).toEqual({ same: 3 });
  await stack.destroy();
  expect(await tenant.state()).toEqual(before);
}, 400_000);
