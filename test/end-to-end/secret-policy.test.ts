/** A tenant whose policy caps the life of secrets: told beforehand, or explained when nobody could know. */
import { makeProject, type TestProject } from '../support/project.js';
import { startTestSandbox, type TestSandbox } from '../support/sandbox.js';

const POLICY = '/policies/defaultAppManagementPolicy';

let sandbox: TestSandbox;
let project: TestProject;
beforeEach(async () => {
  sandbox = await startTestSandbox();
  project = await makeProject({ info: sandbox.sandbox.info });
  await sandbox.graph('PATCH', POLICY, {
    body: {
      isEnabled: true,
      applicationRestrictions: {
        passwordCredentials: [{ restrictionType: 'passwordLifetime', state: 'enabled', maxLifetime: 'P90D' }],
      },
    },
  });
});
afterEach(async () => {
  await project.dispose();
  await sandbox.dispose();
});

/** Takes a permission away from the client that deploys. */
async function revoke(role: string): Promise<void> {
  const { clientId } = sandbox.sandbox.info.clients.find(({ name }) => name === 'deployer') ?? {};
  const principal = (await sandbox.graph('GET', `/servicePrincipals(appId='${clientId}')`)).body;
  const graph = (
    await sandbox.graph('GET', "/servicePrincipals(appId='00000003-0000-0000-c000-000000000000')")
  ).body;
  const id = graph.appRoles.find(({ value }: { value: string }) => value === role).id;
  const { value } = (await sandbox.graph('GET', `/servicePrincipals/${principal.id}/appRoleAssignments`))
    .body;
  const grant = value.find(({ appRoleId }: { appRoleId: string }) => appRoleId === id);
  await sandbox.graph('DELETE', `/servicePrincipals/${graph.id}/appRoleAssignedTo/${grant.id}`);
}

const SET = 'pulumi config set --path calendar-interop:secret.lifetimeDays';

test('preview and up refuse before anything is made, and the proposed life is good', async () => {
  for (const command of ['preview', 'up']) {
    const { code, value } = await project.json([command]);
    expect({ command, code }).toEqual({ command, code: 5 });
    expect((value as { error: { next: string[] } }).error.next[0]).toBe(`${SET} 90 --stack test`);
  }
  expect(
    (await sandbox.state()).applications.map(
      ({ properties }: { properties: { displayName: string } }) => properties.displayName,
    ),
  ).not.toContain('Interop under test');
  await project.configure({ 'calendar-interop:secret': { lifetimeDays: 90 } });
  expect((await project.run(['up'])).code).toBe(0);
});

test("where the policy may not be read, Graph's refusal is explained", async () => {
  await revoke('Policy.Read.All');
  const { code, stdout, stderr } = await project.run(['up']);
  expect(code).toBe(5);
  expect(stdout).toContain("The tenant's policy on secrets was not checked");
  expect(stderr).toContain('does not allow a secret to live that long');
  expect(stderr).toContain(SET);
});
