/** Situations in which a tool that goes by names would lose somebody's secret, registration or grant. */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { findPulumiCli } from '../../scripts/engine/cli.js';
import { makeProject, type TestProject } from '../support/project.js';
import { startTestSandbox, type TestSandbox } from '../support/sandbox.js';

jest.setTimeout(900_000);

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

interface Application {
  readonly id: string;
  readonly appId: string;
  readonly displayName: string;
  readonly tags: readonly string[];
  readonly passwordCredentials: readonly { readonly keyId: string; readonly displayName: string }[];
}

async function registrations(): Promise<readonly Application[]> {
  const { body } = await sandbox.graph<{ value: Application[] }>('GET', '/applications');
  return body.value.filter(({ tags }) => tags.some((tag) => tag.startsWith('calendar-interop:')));
}

/** Files that hold a state, by what every state holds. */
function statesBelow(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((file) => /"(pending_operations|secrets_providers)"/.test(readFileSync(file, 'latin1')));
}

async function principalsOf(appId: string): Promise<readonly unknown[]> {
  const path = `/servicePrincipals?$filter=appId eq '${appId}'`;
  return (await sandbox.graph<{ value: unknown[] }>('GET', path)).body.value;
}

async function expectUp(of: TestProject = project): Promise<void> {
  const { code, stderr } = await of.run(['up']);
  expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' });
}

test('a stack that lost its ledger makes no new secret in place of the one in use', async () => {
  await expectUp();
  const before = await registrations();
  const file = readFileSync(project.stackFile, 'utf8');
  await project.configure({ 'calendar-interop:rotation': undefined });
  for (const command of ['up', 'preview']) {
    const { code, stderr } = await project.run([command]);
    expect(code).toBe(2);
    expect(stderr).toContain('calendar-interop:rotation');
    expect(stderr).toContain('git log');
  }
  expect(await registrations()).toEqual(before);
  writeFileSync(project.stackFile, file);
  expect((await project.run(['preview'])).stdout).toContain('Nothing to do');
});

test('another state of the same name cannot take the registration, nor its secret, after an unrelated failure', async () => {
  const other = await makeProject({ info: sandbox.sandbox.info, as: 'admin' });
  try {
    // Made first: what the failed run below finds is older than it.
    await expectUp(other);
    const before = await registrations();
    await sandbox.control({ clock: { advanceMs: 3_600_000 } });
    await project.configure({
      'calendar-interop:protocol': 'both',
      'calendar-interop:registration': {
        displayName: 'Interop under test',
        graphPermissions: ['Calendars.Raed'],
      },
    });
    expect((await project.run(['up'])).code).not.toBe(0);
    await project.configure();
    const { code, stderr } = await project.run(['up']);
    expect(code).toBe(4);
    expect(stderr).toContain('calendar-interop:registration.adopt');
    expect(await registrations()).toEqual(before);
  } finally {
    await other.dispose();
  }
});

test('the way out that is offered then works: adopting takes the registration over', async () => {
  const other = await makeProject({ info: sandbox.sandbox.info, as: 'admin' });
  try {
    await expectUp(other);
    const [made] = await registrations();
    await sandbox.control({ clock: { advanceMs: 3_600_000 } });
    const refused = await project.run(['up']);
    expect(refused.stderr).toContain(`calendar-interop:registration.adopt ${made?.appId}`);
    await project.configure({
      'calendar-interop:registration': { displayName: 'Interop under test', adopt: made?.appId },
    });
    await expectUp();
    const [after] = await registrations();
    expect(after?.passwordCredentials.map(({ keyId }) => keyId)).toContain(
      made?.passwordCredentials[0]?.keyId,
    );
    expect((await project.run(['destroy'])).code).toBe(0);
    expect(await registrations()).toEqual([made]);
  } finally {
    await other.dispose();
  }
});

test('an adopted registration cannot be let go by taking the key out', async () => {
  const made = await sandbox.graph<Application>('POST', '/applications', {
    body: { displayName: 'Made by hand', notes: 'do not touch' },
  });
  await project.configure({ 'calendar-interop:registration': { adopt: made.body.appId } });
  await expectUp();
  const before = await sandbox.graph('GET', `/applications/${made.body.id}`);
  await project.configure();
  for (const command of ['preview', 'up']) {
    const { code, stderr } = await project.run([command]);
    expect(code).toBe(2);
    expect(stderr).toContain(made.body.appId);
  }
  expect((await sandbox.graph('GET', `/applications/${made.body.id}`)).body).toEqual(before.body);
});

test('nor after a first run that failed, which leaves no outputs', async () => {
  const made = await sandbox.graph<Application>('POST', '/applications', {
    body: { displayName: 'Made by hand' },
  });
  await project.configure({ 'calendar-interop:registration': { adopt: made.body.appId } });
  await sandbox.control({ faults: ['dropBefore=1@POST /applications/*/addPassword'] });
  expect((await project.run(['up'])).code).toBe(4);
  await project.configure();
  const { code, stderr } = await project.run(['up']);
  expect(code).toBe(2);
  expect(stderr).toContain(made.body.appId);
  expect(await registrations()).toEqual([]);
});

test('what a failed first run made on an adopted registration does not pass for what was there before', async () => {
  const made = await sandbox.graph<Application>('POST', '/applications', {
    body: { displayName: 'Made by hand' },
  });
  const before = await sandbox.graph('GET', `/applications/${made.body.id}`);
  await project.configure({ 'calendar-interop:registration': { adopt: made.body.appId } });
  await sandbox.control({ faults: ['dropBefore=1@POST /applications/*/addPassword'] });
  expect((await project.run(['up'])).code).toBe(4);
  await expectUp();
  expect((await project.run(['destroy'])).code).toBe(0);
  expect((await sandbox.graph('GET', `/applications/${made.body.id}`)).body).toEqual(before.body);
  expect(await principalsOf(made.body.appId)).toEqual([]);
});

test('a consent whose answer was lost while the permissions changed is taken up', async () => {
  await expectUp();
  await project.configure({
    'calendar-interop:protocol': 'graph',
    'calendar-interop:endpoints': [
      {
        name: 'online',
        type: 'microsoft365-graph',
        domains: ['contoso.com'],
        roleAccounts: ['interop@contoso.com'],
      },
    ],
  });
  await sandbox.control({ faults: ['dropAfter=1@POST /servicePrincipals/*/appRoleAssignedTo'] });
  expect((await project.run(['up'])).code).toBe(4);
  await expectUp();
  expect((await project.run(['drift'])).code).toBe(0);
});

test('a recovery that is interrupted itself begins anew, and leaves no state behind in the temporary folder', async () => {
  const inForce = async () => ((await sandbox.control({})) as { faults: string[] }).faults;
  const hangAt = async (target: string) => {
    await sandbox.control({ faults: [`hang=1@${target}`] });
    const command = project.start(['up']);
    while ((await inForce()).length > 0) {
      if (command.child.exitCode !== null) throw new Error(`up ended early: ${command.stderr()}`);
      await delay(50);
    }
    return command;
  };
  const first = await hangAt('PATCH /applications/*');
  process.kill(-(first.child.pid ?? 0), 'SIGKILL');
  await first.ended;
  const second = await hangAt('GET /servicePrincipals');
  second.child.kill('SIGINT');
  expect((await second.ended).code).toBe(8);
  await expectUp();
  expect(await registrations()).toHaveLength(1);
  expect((await project.run(['drift'])).code).toBe(0);
  expect(statesBelow(project.temporary)).toEqual([]);
});

test('preview gives a stack file back as it was, a salt included that it did not write', async () => {
  await expectUp();
  const file = readFileSync(project.stackFile, 'utf8');
  expect(file).toContain('encryptionsalt');
  rmSync(project.backend, { recursive: true });
  mkdirSync(project.backend);
  await project.run(['preview']);
  expect(readFileSync(project.stackFile, 'utf8')).toBe(file);
});

test('what an adopted registration lacked is taken up when the answer to its making was lost', async () => {
  const made = await sandbox.graph<Application>('POST', '/applications', {
    body: { displayName: 'Made by hand' },
  });
  const before = await sandbox.graph('GET', `/applications/${made.body.id}`);
  await project.configure({ 'calendar-interop:registration': { adopt: made.body.appId } });
  await sandbox.control({ faults: ['dropAfter=1@POST /servicePrincipals'] });
  expect((await project.run(['up'])).code).toBe(4);
  await expectUp();
  expect((await project.run(['destroy'])).code).toBe(0);
  expect((await sandbox.graph('GET', `/applications/${made.body.id}`)).body).toEqual(before.body);
  expect(await principalsOf(made.body.appId)).toEqual([]);
});

test('the stack that plain pulumi works on stays the one that was selected', async () => {
  // The engine names it by the path of the project's file; those beside it are other projects'.
  const hash = createHash('sha1').update(join(project.folder, 'Pulumi.yaml')).digest('hex');
  const file = `${project.env.PULUMI_HOME}/workspaces/calendar-interop-${hash}-workspace.json`;
  const { command } = await findPulumiCli({ env: project.env });
  const args = ['stack', 'select', '--create', 'other', '--non-interactive'];
  await promisify(execFile)(command, args, { cwd: project.folder, env: project.env });
  const before = readFileSync(file, 'utf8');
  expect(before).toContain('other');
  await expectUp();
  expect((await project.run(['preview'])).code).toBe(0);
  expect(readFileSync(file, 'utf8')).toBe(before);
});

test('a project of another name is refused, since nothing of ours would be found in it', async () => {
  writeFileSync(`${project.folder}/Pulumi.yaml`, 'name: acme-interop\nruntime: nodejs\n');
  const { code, stderr } = await project.run(['preview']);
  expect(code).toBe(2);
  expect(stderr).toContain('acme-interop');
});
