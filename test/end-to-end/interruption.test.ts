/** An up that is interrupted leaves a state from which the next one recovers: SIGINT and SIGKILL apart. */
import { rm, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { isInContainer } from '../../scripts/processes.js';
import { makeProject, type RunningCommand, type TestProject } from '../support/project.js';
import { startTestSandbox, type TestSandbox } from '../support/sandbox.js';

jest.setTimeout(900_000);

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

/** Moments of an up at which it hangs: the request is never answered. */
const MOMENTS = [
  ['before the registration exists', 'POST /applications'],
  ['after the registration exists, before its create has returned', 'PATCH /applications/*'],
  ['before the service principal exists', 'POST /servicePrincipals'],
  ['after the service principal exists, before its create has returned', 'PATCH /servicePrincipals/*'],
  ['before the secret exists', 'POST /applications/*/addPassword'],
] as const;

async function list<T>(path: string): Promise<readonly T[]> {
  const { status, body } = await sandbox.graph('GET', path, { as: 'admin' });
  expect(status).toBe(200);
  return (body as { value: T[] }).value;
}

/** Starts an up that hangs at a request, and waits until it does. */
async function upThatHangsAt(target: string): Promise<RunningCommand> {
  const fault = `hang=1@${target}`;
  await sandbox.control({ faults: [fault] });
  const command = project.start(['up']);
  const inForce = async () => ((await sandbox.control({})) as { faults: string[] }).faults;
  while ((await inForce()).length > 0) {
    if (command.child.exitCode !== null) throw new Error(`up ended early: ${command.stderr()}`);
    await delay(50);
  }
  return command;
}

/** In a container nobody can tell whether the lock's holder runs: the next run is refused, and says how to go on. */
async function unlockWhereAPersonHasTo(): Promise<void> {
  if (!isInContainer(process.env)) return;
  const { code, stderr } = await project.run(['up']);
  expect({ code, stderr }).toEqual({
    code: 1,
    stderr: expect.stringContaining('pulumi cancel --stack test'),
  });
  await rm(join(project.backend, '.pulumi', 'locks'), { recursive: true });
}

async function expectRecovery(): Promise<void> {
  const next = await project.run(['up']);
  expect({ code: next.code, stderr: next.code === 0 ? '' : next.stderr }).toEqual({ code: 0, stderr: '' });
  const applications = await list<{ displayName: string; passwordCredentials: { displayName: string }[] }>(
    '/v1.0/applications',
  );
  const ours = applications.filter(({ passwordCredentials }) =>
    passwordCredentials.some(({ displayName }) => displayName.startsWith('interop-')),
  );
  expect(ours).toHaveLength(1);
  expect(ours[0]?.displayName).toBe('Interop under test');
  expect(ours[0]?.passwordCredentials.map(({ displayName }) => displayName)).toEqual(['interop-a-g1']);
  expect(applications.filter(({ displayName }) => /TERRAFORM|Interop/.test(displayName))).toHaveLength(1);
  expect((await project.run(['drift'])).code).toBe(0);
  expect((await project.run(['destroy'])).code).toBe(0);
}

test.each(MOMENTS)('SIGINT %s', async (_, target) => {
  const command = await upThatHangsAt(target);
  command.child.kill('SIGINT');
  const { code, stderr } = await command.ended;
  expect(code).toBe(8);
  expect(stderr).toContain('up was cancelled');
  expect(stderr).toContain('next: calendar-interop up --stack test');
  await expectRecovery();
});

test.each(MOMENTS)('SIGKILL %s', async (_, target) => {
  const command = await upThatHangsAt(target);
  process.kill(-(command.child.pid ?? 0), 'SIGKILL');
  expect((await command.ended).signal).toBe('SIGKILL');
  await unlockWhereAPersonHasTo();
  await expectRecovery();
});

test('SIGKILL while the state was written, which leaves half a file beside it', async () => {
  expect((await project.run(['up'])).code).toBe(0);
  const attributes = join(project.backend, '.pulumi', 'stacks', 'calendar-interop', 'test.json.attrs');
  await truncate(attributes);
  const { code, stderr } = await project.run(['up']);
  expect({ code, stderr }).toEqual({ code: 0, stderr: expect.stringContaining(`removed ${attributes}`) });
  expect((await project.run(['drift'])).code).toBe(0);
});
