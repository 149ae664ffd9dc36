/** Signing in: without credentials, with wrong ones, and with each way that can be run here. */
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

test.each(['up', 'preview'])(
  '%s without credentials ends with 3 and names every way that was tried',
  async (command) => {
    const before = await sandbox.state();
    // An empty PATH entry keeps an Azure CLI of the machine out of the test.
    const { code, stderr } = await project.run([command], {
      ARM_CLIENT_SECRET: undefined,
      ARM_USE_CLI: 'false',
    });
    expect(code).toBe(3);
    for (const way of ['client secret', 'certificate', 'OIDC', 'managed identity', 'Azure CLI']) {
      expect(stderr.toLowerCase()).toContain(way.toLowerCase());
    }
    expect(stderr).toContain('next:');
    expect(await sandbox.state()).toEqual(before);
    expect(await project.stateFile()).toBeUndefined();
  },
);

test('a wrong secret ends with 3, Entra’s code and what it means, and shows the secret nowhere', async () => {
  const secret = 'wrong~but-recognisable-8Q~';
  const { code, stdout, stderr } = await project.run(['up'], { ARM_CLIENT_SECRET: secret });
  expect(code).toBe(3);
  expect(stderr).toContain('AADSTS7000215');
  expect(stderr).toContain('client secret');
  expect(stdout + stderr).not.toContain(secret);
});

test('an unknown client ends with 3', async () => {
  await project.configure({ 'azuread:clientId': '99999999-9999-4999-8999-999999999999' });
  const { code, stderr } = await project.run(['preview']);
  expect(code).toBe(3);
  expect(stderr).toContain('AADSTS700016');
});

test('a principal without the permission is told which one is missing', async () => {
  const reader = await makeProject({ info: sandbox.sandbox.info, as: 'reader' });
  try {
    const { code, stderr } = await reader.run(['up']);
    expect(code).toBe(4);
    expect(stderr).toMatch(/Authorization_RequestDenied|Insufficient privileges/);
  } finally {
    await reader.dispose();
  }
});
