/** Taking over a registration that somebody made by hand: what was there before outlives destroy. */
import { makeProject, type TestProject } from '../support/project.js';
import { startTestSandbox, type TestSandbox } from '../support/sandbox.js';

let sandbox: TestSandbox;
let project: TestProject;

beforeEach(async () => {
  sandbox = await startTestSandbox();
  project = await makeProject({ info: sandbox.sandbox.info, as: 'admin' });
});
afterEach(async () => {
  await project.dispose();
  await sandbox.dispose();
});

async function graph<T>(method: string, path: string, body?: unknown): Promise<T> {
  const answer = await sandbox.graph(
    method,
    path,
    body === undefined ? { as: 'admin' } : { as: 'admin', body },
  );
  if (answer.status >= 300)
    throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
  return answer.body as T;
}

/** A registration as the guide's reader would have made it: with a secret in use, and one consent of its own. */
async function makeByHand(): Promise<{ id: string; appId: string; principalId: string }> {
  const { id, appId } = await graph<{ id: string; appId: string }>('POST', '/v1.0/applications', {
    displayName: 'Made by hand',
    notes: 'do not touch',
    tags: ['ours'],
    web: { redirectUris: ['https://example.com/callback'] },
  });
  await graph('POST', `/v1.0/applications/${id}/addPassword`, {
    passwordCredential: { displayName: 'in use' },
  });
  const principal = await graph<{ id: string }>('POST', '/v1.0/servicePrincipals', { appId });
  return { id, appId, principalId: principal.id };
}

async function consentToEws(principalId: string): Promise<void> {
  const exchange = await graph<{ id: string }>(
    'GET',
    "/v1.0/servicePrincipals(appId='00000002-0000-0ff1-ce00-000000000000')",
  );
  await graph('POST', `/v1.0/servicePrincipals/${exchange.id}/appRoleAssignedTo`, {
    appRoleId: 'dc890d15-9560-4a4c-9b7f-a736ec74ec40',
    principalId,
    resourceId: exchange.id,
  });
}

async function grantsOf(principalId: string): Promise<number> {
  const { value } = await graph<{ value: unknown[] }>(
    'GET',
    `/v1.0/servicePrincipals/${principalId}/appRoleAssignments`,
  );
  return value.length;
}

test.each([
  ['with its consent', true],
  ['without a consent', false],
])('an adopted registration %s is as it was after destroy', async (_, consented) => {
  const made = await makeByHand();
  if (consented) await consentToEws(made.principalId);
  const before = await graph<Record<string, unknown>>('GET', `/v1.0/applications/${made.id}`);
  await project.configure({ 'calendar-interop:registration': { adopt: made.appId } });

  const up = await project.run(['up']);
  expect({ code: up.code, stderr: up.code === 0 ? '' : up.stderr }).toEqual({ code: 0, stderr: '' });
  // The secret in use counts from the start: Google is moved away from it, and it is retired.
  const [inUse] = before.passwordCredentials as { keyId: string }[];
  const { value } = await project.json(['rotation', 'status']);
  expect(value).toMatchObject({ phase: 'staged', foreign: [{ keyId: inUse?.keyId }] });
  const during = await graph<Record<string, unknown>>('GET', `/v1.0/applications/${made.id}`);
  expect(during).toEqual({ ...before, passwordCredentials: expect.anything() });
  expect(
    (during.passwordCredentials as { displayName: string }[]).map(({ displayName }) => displayName).sort(),
  ).toEqual(['in use', 'interop-a-g1']);
  expect(await grantsOf(made.principalId)).toBe(1);
  expect((await project.run(['up'])).stdout).toContain('Nothing changed');

  expect((await project.run(['destroy'])).code).toBe(0);
  expect(await graph('GET', `/v1.0/applications/${made.id}`)).toEqual(before);
  expect(await grantsOf(made.principalId)).toBe(consented ? 1 : 0);
});

test('a client id that no registration has is an error that says how to list those there are', async () => {
  await project.configure({
    'calendar-interop:registration': { adopt: '99999999-9999-4999-8999-999999999999' },
  });
  const { code, stderr } = await project.run(['preview']);
  expect(code).not.toBe(0);
  expect(stderr).toContain('99999999-9999-4999-8999-999999999999');
  expect(stderr).toContain('az ad app list');
});

test('a registration of the same name is offered for adoption, and nothing is made', async () => {
  await makeByHand();
  await project.configure({ 'calendar-interop:registration': { displayName: 'Made by hand' } });
  const before = await sandbox.state();
  const { code, stderr } = await project.run(['up']);
  expect(code).toBe(4);
  expect(stderr).toContain('has the display name already');
  expect(stderr).toContain('calendar-interop:registration.adopt');
  expect(await sandbox.state()).toEqual(before);
});
