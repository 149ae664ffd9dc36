/** Faults of the tenant during up: it ends well, or says which resource failed and a second up heals it. */
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

interface Application {
  readonly displayName: string;
  readonly passwordCredentials: readonly { readonly displayName: string }[];
}

/** The one registration, its one secret and its one consent: nothing doubled, nothing half. */
async function expectOneOfEach(): Promise<void> {
  const applications = await list<Application>(
    '/v1.0/applications?$filter=startswith(displayName,%27Interop%27)',
  );
  expect(applications.map(({ displayName }) => displayName)).toEqual(['Interop under test']);
  expect(applications[0]?.passwordCredentials.map(({ displayName }) => displayName)).toEqual([
    'interop-a-g1',
  ]);
  const principals = await list<{ id: string }>(
    "/v1.0/servicePrincipals?$filter=displayName eq 'Interop under test'",
  );
  expect(principals).toHaveLength(1);
  expect(await list(`/v1.0/servicePrincipals/${principals[0]?.id}/appRoleAssignments`)).toHaveLength(1);
}

async function list<T>(path: string): Promise<readonly T[]> {
  const { status, body } = await sandbox.graph('GET', path, { as: 'admin' });
  expect(status).toBe(200);
  return (body as { value: T[] }).value;
}

test.each([
  ['throttling', ['throttle=6']],
  ['server errors', ['serverError=4']],
])('%s: up ends well by itself', async (_, faults) => {
  await sandbox.control({ faults });
  const { code, stderr } = await project.run(['up']);
  expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' });
  await expectOneOfEach();
});

test('objects that are seen late: each up names the resource that failed, and gets further than the one before', async () => {
  await sandbox.control({ faults: ['replicationDelay=700'] });
  const failed: string[] = [];
  for (;;) {
    const { code, stderr } = await project.run(['up']);
    if (code === 0) break;
    expect(code).toBe(4);
    const name = /up failed at (\S+)/.exec(stderr)?.[1] ?? 'nothing that is named';
    expect(failed).not.toContain(name);
    failed.push(name);
  }
  await expectOneOfEach();
});

test.each([
  ['registration', 'dropBefore=1@POST /applications', 'interop'],
  ['registration, answer lost', 'dropAfter=1@POST /applications', 'interop'],
  ['service principal', 'dropBefore=1@POST /servicePrincipals', 'interop'],
  ['service principal, answer lost', 'dropAfter=1@POST /servicePrincipals', 'interop'],
  ['secret', 'dropBefore=1@POST /applications/*/addPassword', 'interop-secret-a'],
  ['secret, answer lost', 'dropAfter=1@POST /applications/*/addPassword', 'interop-secret-a'],
  ['consent', 'dropBefore=1@POST /servicePrincipals/*/appRoleAssignedTo', 'interop-full_access_as_app'],
  [
    'consent, answer lost',
    'dropAfter=1@POST /servicePrincipals/*/appRoleAssignedTo',
    'interop-full_access_as_app',
  ],
])(
  'a connection that breaks at the %s: up names the resource, and a second up heals it',
  async (_, fault, name) => {
    await sandbox.control({ faults: [fault] });
    const first = await project.run(['up']);
    expect(first.code).toBe(4);
    expect(first.stderr).toContain(`up failed at ${name}`);
    expect(first.stderr).toContain('next: calendar-interop up --stack test');

    const second = await project.run(['up']);
    expect({ code: second.code, stderr: second.code === 0 ? '' : second.stderr }).toEqual({
      code: 0,
      stderr: '',
    });
    await expectOneOfEach();
    expect((await project.run(['drift'])).code).toBe(0);
  },
);
