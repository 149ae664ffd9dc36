/** The main job on the real engine: what the guide asks for is made, seen when it drifts, and gone after destroy. */
import { readFileSync } from 'node:fs';
import { makeProject, type TestProject } from '../support/project.js';
import { startTestSandbox, type TestSandbox } from '../support/sandbox.js';

let sandbox: TestSandbox;
let project: TestProject;

beforeEach(async () => {
  sandbox = await startTestSandbox();
  project = await makeProject({ info: sandbox.sandbox.info });
});
afterEach(async () => {
  await project.dispose();
  await sandbox.dispose();
});

interface RunJson {
  readonly totals: Record<string, number>;
  readonly resources: readonly { op: string; type: string; name: string }[];
  readonly changed?: number;
  readonly found?: number;
  readonly outputs?: Record<string, unknown>;
}

async function json(...args: readonly string[]): Promise<{ code: number | null; value: RunJson }> {
  return (await project.json(args)) as { code: number | null; value: RunJson };
}

/** The directory without what Entra keeps of deleted objects. */
async function directory(): Promise<unknown> {
  const { deletedItems: _, ...rest } = (await sandbox.state()) as Record<string, unknown>;
  return rest;
}

async function onlyApplication(): Promise<Record<string, unknown>> {
  const found = await sandbox.graph('GET', `/v1.0/applications?$filter=displayName eq 'Interop under test'`, {
    as: 'admin',
  });
  const { value } = found.body as { value: Record<string, unknown>[] };
  expect(value).toHaveLength(1);
  return value[0] ?? {};
}

test('up makes what the guide asks for; again it changes nothing; destroy leaves the tenant as it was', async () => {
  const before = await directory();

  const preview = await json('preview');
  expect(preview).toMatchObject({ code: 0, value: { totals: { create: 4 }, changed: 4 } });
  expect(await directory()).toEqual(before);

  const up = await json('up');
  expect(up).toMatchObject({ code: 0, value: { totals: { create: 4 }, changed: 4 } });
  const application = await onlyApplication();
  expect(application).toMatchObject({
    appId: up.value.outputs?.clientId,
    signInAudience: 'AzureADMyOrg',
    web: { redirectUris: [] },
    tags: ['calendar-interop:calendar-interop/test'],
    requiredResourceAccess: [
      {
        resourceAppId: '00000002-0000-0ff1-ce00-000000000000',
        resourceAccess: [{ id: 'dc890d15-9560-4a4c-9b7f-a736ec74ec40', type: 'Role' }],
      },
    ],
  });
  const secrets = application.passwordCredentials as { keyId: string; displayName: string }[];
  expect(secrets.map(({ displayName }) => displayName)).toEqual(['interop-a-g1']);

  expect(await json('up')).toMatchObject({ code: 0, value: { totals: {}, changed: 0 } });
  expect(await json('drift')).toMatchObject({ code: 0, value: { found: 0 } });

  expect(await json('destroy')).toMatchObject({ code: 0, value: { totals: { delete: 4 } } });
  expect(await directory()).toEqual(before);
});

test('the secret gets a token with the consent that up gives, and none after destroy', async () => {
  expect((await project.run(['up'])).code).toBe(0);
  const { appId } = await onlyApplication();
  const [secret] = await project.secrets();
  const signIn = () =>
    sandbox.tokenRequest({
      grant_type: 'client_credentials',
      client_id: String(appId),
      client_secret: secret ?? '',
      scope: 'https://outlook.office365.com/.default',
    });
  const token = (await signIn()).body.access_token as string;
  const claims = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8'));
  expect(claims.roles).toEqual(['full_access_as_app']);
  expect((await project.run(['destroy'])).code).toBe(0);
  expect((await signIn()).status).toBeGreaterThanOrEqual(400);
});

test('outputs name everything that Google is told, and the secret only when asked for, hidden', async () => {
  const first = await json('up');
  const application = await onlyApplication();
  const [secret] = application.passwordCredentials as { keyId: string }[];
  expect(first.value.outputs).toEqual({
    clientId: application.appId,
    tenantId: sandbox.sandbox.info.tenantId,
    tokenEndpoint: `${sandbox.sandbox.info.authority}/${sandbox.sandbox.info.domain}/oauth2/v2.0/token`,
    ewsUrl: expect.stringMatching(/^https:\/\/.*\/ews\/exchange\.asmx$/i),
    endpoints: [
      {
        name: 'online',
        type: 'microsoft365-ews',
        domains: ['contoso.com'],
        roleAccounts: ['interop@contoso.com'],
      },
    ],
    secretSlots: {
      a: {
        name: 'interop-a-g1',
        keyId: secret?.keyId,
        endDate: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
      },
    },
    registration: { objectId: application.id, displayName: 'Interop under test' },
    consents: [expect.stringMatching(/^[\w-]+$/)],
  });
  await project.configure({ 'calendar-interop:secret': { stackOutput: true } });
  expect((await json('up')).value.outputs).toMatchObject({ clientSecret: '[secret]' });
});

test('drift finds a withdrawn consent, exits with 7 and writes nothing; up --refresh repairs it', async () => {
  await project.run(['up']);
  const { appId } = await onlyApplication();
  const principal = await sandbox.graph('GET', `/v1.0/servicePrincipals(appId='${String(appId)}')`, {
    as: 'admin',
  });
  const principalId = (principal.body as { id: string }).id;
  const list = await sandbox.graph('GET', `/v1.0/servicePrincipals/${principalId}/appRoleAssignments`, {
    as: 'admin',
  });
  const [grant] = (list.body as { value: { id: string; resourceId: string }[] }).value;
  const gone = await sandbox.graph(
    'DELETE',
    `/v1.0/servicePrincipals/${grant?.resourceId}/appRoleAssignedTo/${grant?.id}`,
    { as: 'admin' },
  );
  expect(gone.status).toBe(204);

  const [state, tenant] = [await project.stateFile(), await directory()];
  const drift = await json('drift');
  expect(drift).toMatchObject({
    code: 7,
    value: {
      found: 1,
      resources: [{ op: 'delete', type: 'AppRoleAssignment', name: 'interop-full_access_as_app' }],
    },
  });
  expect((await project.run(['drift'])).stdout).toContain(
    '  - AppRoleAssignment interop-full_access_as_app was deleted\n1 delete behind our back\n',
  );
  expect(await project.stateFile()).toBe(state);
  expect(await directory()).toEqual(tenant);

  expect((await project.run(['up', '--refresh'])).code).toBe(0);
  expect((await json('drift')).code).toBe(0);
});

test('preview of a stack that does not exist yet writes nothing at all', async () => {
  const file = readFileSync(project.stackFile, 'utf8');
  const { code, stdout } = await project.run(['preview']);
  expect(code).toBe(0);
  expect(stdout).toContain('+ Application interop');
  expect(readFileSync(project.stackFile, 'utf8')).toBe(file);
  expect(await project.stateFile()).toBeUndefined();
});

test.each(['refresh', 'drift', 'destroy'])(
  '%s of a stack that was never brought up ends with 6',
  async (command) => {
    const { code, stderr } = await project.run([command]);
    expect(code).toBe(6);
    expect(stderr).toContain('next: calendar-interop up --stack test');
  },
);

test('limited access consents to nothing that Exchange can limit; protocol graph consents to its own', async () => {
  await project.configure({ 'calendar-interop:access': 'roleMailboxes' });
  expect((await json('preview')).value.resources.map(({ type }) => type)).not.toContain('AppRoleAssignment');

  await project.configure({
    'calendar-interop:protocol': 'graph',
    'calendar-interop:registration': {
      displayName: 'Interop under test',
      graphPermissions: ['Calendars.Read', 'Place.Read.All'],
    },
    'calendar-interop:endpoints': [
      {
        name: 'online',
        type: 'microsoft365-graph',
        domains: ['contoso.com'],
        roleAccounts: ['interop@contoso.com'],
      },
    ],
  });
  const { value } = await json('up');
  const consents = value.resources.filter(({ type }) => type === 'AppRoleAssignment').map(({ name }) => name);
  expect(consents.sort()).toEqual(['interop-Calendars.Read', 'interop-Place.Read.All']);
});

test('a Graph permission that the tenant does not know is named, with those there are', async () => {
  await project.configure({
    'calendar-interop:protocol': 'both',
    'calendar-interop:registration': {
      displayName: 'Interop under test',
      graphPermissions: ['Calendars.Raed'],
    },
  });
  const before = await directory();
  const { code, stderr } = await project.run(['preview']);
  expect(code).not.toBe(0);
  expect(stderr).toContain('Calendars.Raed');
  expect(stderr).toContain('Calendars.Read');
  expect(stderr).toContain('calendar-interop:registration.graphPermissions');
  expect(await directory()).toEqual(before);
});

test('owners by name and by id are owners besides the principal that runs', async () => {
  const users = await sandbox.graph('GET', '/v1.0/users?$top=2', { as: 'admin' });
  const [first, second] = (users.body as { value: { id: string; userPrincipalName: string }[] }).value;
  await project.configure({
    'calendar-interop:registration': {
      displayName: 'Interop under test',
      owners: [first?.userPrincipalName, second?.id],
    },
  });
  expect((await project.run(['up'])).code).toBe(0);
  const { id } = await onlyApplication();
  const owners = await sandbox.graph('GET', `/v1.0/applications/${String(id)}/owners`, { as: 'admin' });
  const ids = (owners.body as { value: { id: string }[] }).value.map((owner) => owner.id);
  expect(ids).toHaveLength(3);
  expect(ids).toEqual(expect.arrayContaining([first?.id, second?.id]));
});
