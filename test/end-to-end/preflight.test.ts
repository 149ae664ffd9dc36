/** `preflight` as people run it: as a process, before any stack exists and on one that is deployed. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Check } from '../../infra/preflight/index.js';
import { makeProject, type TestProject } from '../support/project.js';
import { startTestSandbox, type TestSandbox } from '../support/sandbox.js';

let sandbox: TestSandbox;
let project: TestProject;
let env: NodeJS.ProcessEnv;

beforeAll(async () => {
  sandbox = await startTestSandbox();
  project = await makeProject({ info: sandbox.sandbox.info });
  const workspace = await sandbox.request<{ url: string; serviceAccount: object }>('/sandbox/google', {
    headers: { 'x-sandbox': '1' },
  });
  env = { GOOGLE: join(project.root, 'google.json') };
  writeFileSync(env.GOOGLE ?? '', JSON.stringify(workspace.body.serviceAccount));
  await project.configure({
    'calendar-interop:google': {
      credentials: 'GOOGLE',
      subject: 'admin@contoso.com',
      url: workspace.body.url,
    },
    'calendar-interop:ewsAccess': { manage: true, acknowledgeAllowList: true },
    'calendar-interop:visibility': { scope: { all: true } },
  });
});
afterAll(async () => {
  await project.dispose();
  await sandbox.dispose();
});

async function preflight(): Promise<{ code: number | null; check: (id: string) => Check | undefined }> {
  const { code, value } = await project.json(['preflight'], env);
  const { checks } = value as { checks: readonly Check[] };
  return { code, check: (id) => checks.find((one) => one.id === id) };
}

test('before anything is there it looks, and leaves nothing behind', async () => {
  const [tenant, file] = [JSON.stringify(await sandbox.state()), readFileSync(project.stackFile, 'utf8')];
  const { code, check } = await preflight();
  expect(code).toBe(0);
  for (const id of [
    'permissions.graph-registration',
    'permissions.exchange-role',
    'policy.secrets',
    'exchange.domains',
    'exchange.role-account-interop@contoso.com',
    'people.mailbox',
    'people.unmanaged',
    'people.calendar',
    'google.interop',
  ])
    expect([id, check(id)?.state]).toEqual([id, 'ok']);
  expect(check('exchange.ews-allow-list')?.what).toContain('calendar-interop up adds');
  expect(JSON.stringify(await sandbox.state())).toBe(tenant);
  expect(readFileSync(project.stackFile, 'utf8')).toBe(file);
  expect(readdirSync(project.backend)).toEqual([]);
});

test('on a deployed stack it knows what is there, and finds what was broken since', async () => {
  expect((await project.run(['up'], env)).code).toBe(0);
  const state = await project.stateFile();
  const deployed = await preflight();
  expect(deployed.code).toBe(0);
  expect(deployed.check('exchange.ews-switch')?.what).toBe("the organisation's EWS switch is on");
  expect(deployed.check('exchange.ews-allow-list')?.what).toBe('the application is in the allow list of EWS');

  await sandbox.request('/sandbox/google', {
    method: 'POST',
    headers: { 'x-sandbox': '1', 'content-type': 'application/json' },
    body: JSON.stringify({
      users: [{ primaryEmail: 'interop@contoso.com', orgUnitPath: '/Calendar users' }],
    }),
  });
  const broken = await preflight();
  expect(broken.code).toBe(12);
  expect(broken.check('people.calendar')).toMatchObject({
    state: 'fault',
    found: '1: interop@contoso.com',
  });
  expect(await project.stateFile()).toBe(state);
});
