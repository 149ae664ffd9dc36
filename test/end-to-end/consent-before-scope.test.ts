/**
 * From a consent for all mailboxes to role mailboxes only, on a registration that somebody made by hand and that Google uses: the error
 * is taken at its word, step by step, and look-ups never stop.
 */
import { makeProject, type TestProject } from '../support/project.js';
import { startTestSandbox, type TestSandbox } from '../support/sandbox.js';

const EXCHANGE_ONLINE = "/servicePrincipals(appId='00000002-0000-0ff1-ce00-000000000000')";
const FULL_ACCESS = 'dc890d15-9560-4a4c-9b7f-a736ec74ec40';

let sandbox: TestSandbox;
let project: TestProject;

beforeEach(async () => {
  sandbox = await startTestSandbox({ mailboxes: 5 });
  project = await makeProject({ info: sandbox.sandbox.info, as: 'admin' });
});
afterEach(async () => {
  await project.dispose();
  await sandbox.dispose();
});

// biome-ignore lint/suspicious/noExplicitAny: answers of many shapes.
async function graph(method: string, path: string, body?: unknown): Promise<any> {
  const answer = await sandbox.graph(method, path, body === undefined ? {} : { body });
  if (answer.status >= 300)
    throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
  return answer.body;
}

async function up(access: 'tenant' | 'roleMailboxes', adopt: string) {
  const { exchange: url, ews: ewsUrl } = sandbox.sandbox.info;
  await project.configure({
    'calendar-interop:access': access,
    'calendar-interop:registration': { adopt },
    'calendar-interop:exchange': { url, ewsUrl },
  });
  return await project.run(['up']);
}

/** The one step that says so, as printed. */
function step(stderr: string, pattern: RegExp): string {
  const steps = stderr.split('\n').filter((line) => pattern.test(line));
  expect(steps).toHaveLength(1);
  return steps[0] ?? '';
}

interface Report {
  readonly endpoints: readonly {
    readonly findings: readonly { readonly code: string; readonly grave: string }[];
    readonly attendees: readonly { readonly address: string; readonly reached: boolean }[];
  }[];
}

/** Somebody is looked up, and nothing but `faults` is in the way. */
async function expectLookUps(faults: readonly string[] = []): Promise<void> {
  const { endpoints } = (await project.json(['verify'])).value as Report;
  expect(endpoints.flatMap(({ attendees }) => attendees.map(({ reached }) => reached))).toEqual([true]);
  const found = endpoints.flatMap(({ findings }) => findings.filter(({ grave }) => grave === 'fault'));
  expect(found.map(({ code }) => code)).toEqual(faults);
}

async function consentTo(principalId: string): Promise<string> {
  const exchange = await graph('GET', EXCHANGE_ONLINE);
  const { id } = await graph('POST', `/servicePrincipals/${exchange.id}/appRoleAssignedTo`, {
    appRoleId: FULL_ACCESS,
    principalId,
    resourceId: exchange.id,
  });
  return id;
}

async function consentsOf(principalId: string): Promise<readonly string[]> {
  const { value } = await graph('GET', `/servicePrincipals/${principalId}/appRoleAssignments`);
  return value.map(({ id }: { id: string }) => id);
}

test('each step of the error works as printed, and look-ups go on after each of them', async () => {
  const { appId } = await graph('POST', '/applications', { displayName: 'Made by hand' });
  const { id: principalId } = await graph('POST', '/servicePrincipals', { appId });
  const consent = await consentTo(principalId);

  const exchange = (await sandbox.state()).exchange;
  const refused = await up('roleMailboxes', appId);
  expect(refused.code).toBe(4);
  expect((await sandbox.state()).exchange).toEqual(exchange);
  step(refused.stderr, /calendar-interop up with calendar-interop:access: tenant\b/);
  step(refused.stderr, /calendar-interop up with calendar-interop:access: roleMailboxes\b/);
  const url = step(refused.stderr, /az rest --method DELETE/).replace(/^.* --url /, '');

  const kept = await up('tenant', appId);
  expect([kept.code, kept.code === 0 ? '' : kept.stderr]).toEqual([0, '']);
  expect(await consentsOf(principalId)).toEqual([consent]);
  await expectLookUps();

  const scoped = await up('roleMailboxes', appId);
  expect([scoped.code, scoped.code === 0 ? '' : scoped.stderr]).toEqual([0, '']);
  // It was there before the stack, so only a person may take it back.
  expect(await consentsOf(principalId)).toEqual([consent]);
  await expectLookUps(['CI-SCOPE-TOO-WIDE']);

  const root = sandbox.sandbox.info.graph;
  expect(url.startsWith(`${root}/v1.0/`)).toBe(true);
  await graph('DELETE', url.slice(`${root}/v1.0`.length));
  expect(await consentsOf(principalId)).toEqual([]);
  await expectLookUps();

  const limited = await project.run(['up']);
  expect([limited.code, limited.code === 0 ? '' : limited.stderr]).toEqual([0, '']);
  expect((await project.run(['up'])).stdout).toContain('Nothing changed');
  await expectLookUps();
}, 400_000);
