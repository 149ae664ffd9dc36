/** A stage and a retire that are killed at each of their requests: the next call finishes them, and Google never notices. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { isInContainer } from '../../scripts/processes.js';
import { PastedSecret } from '../support/pasted-secret.js';
import { makeProject, type RunningCommand, type TestProject } from '../support/project.js';
import { startTestSandbox, type TestSandbox } from '../support/sandbox.js';

let sandbox: TestSandbox;
let project: TestProject;
let google: PastedSecret;

beforeAll(async () => {
  sandbox = await startTestSandbox();
  project = await makeProject({ info: sandbox.sandbox.info });
  google = new PastedSecret(sandbox);
  expect((await project.run(['up'])).code).toBe(0);
  await paste('interop-a-g1');
  expect((await project.run(['rotation', 'confirm'])).code).toBe(0);
}, 240_000);
afterAll(async () => {
  await project.dispose();
  await sandbox.dispose();
});

async function registration() {
  const { body } = await sandbox.graph<{
    value: { appId: string; passwordCredentials: { displayName: string }[] }[];
  }>('GET', "/applications?$filter=displayName eq 'Interop under test'");
  const [found] = body.value;
  return {
    appId: found?.appId ?? '',
    names: found?.passwordCredentials.map((key) => key.displayName).sort(),
  };
}

async function paste(name: string): Promise<void> {
  google.paste((await registration()).appId, await project.secretNamed(name));
}

/** Starts a command that hangs at a request, and kills all of it there. */
async function killedAt(target: string, args: readonly string[]): Promise<void> {
  await sandbox.control({ faults: [`hang=1@${target}`] });
  const command: RunningCommand = project.start(args);
  while (((await sandbox.control({})) as { faults: string[] }).faults.length > 0) {
    if (command.child.exitCode !== null) throw new Error(`ended early: ${command.stderr()}`);
    await delay(20);
  }
  process.kill(-(command.child.pid ?? 0), 'SIGKILL');
  expect((await command.ended).signal).toBe('SIGKILL');
  // In a container nobody can tell whether the lock's holder runs: a person has to.
  if (isInContainer(process.env))
    await rm(join(project.backend, '.pulumi', 'locks'), { recursive: true, force: true });
}

async function expectOk(...args: readonly string[]): Promise<void> {
  const { code, stderr } = await project.run(args);
  expect({ args, code, stderr: code === 0 ? '' : stderr }).toEqual({ args, code: 0, stderr: '' });
}

const STAGE = ['before the secret is made', 'POST /applications/*/addPassword'] as const;
const RETIRE = ['before the old secret is removed', 'POST /applications/*/removePassword'] as const;

test(`stage and retire killed ${STAGE[0]}, and ${RETIRE[0]}`, async () => {
  await killedAt(STAGE[1], ['rotation', 'stage']);
  expect((await registration()).names).toEqual(['interop-a-g1']);
  expect((await project.json(['rotation', 'status'])).value).toMatchObject({ pending: { event: 'stage' } });
  expect(await google.works()).toBe(true);
  await expectStaged();
  await paste('interop-b-g2');
  await expectOk('rotation', 'confirm');

  await killedAt(RETIRE[1], ['rotation', 'retire']);
  expect(await google.works()).toBe(true);
  expect((await project.json(['rotation', 'status'])).value).toMatchObject({ pending: { event: 'retire' } });
  const { code } = await project.run(['rotation', 'retire']);
  expect(code).toBe(0);
  expect((await registration()).names).toEqual(['interop-b-g2']);
  expect(await google.works()).toBe(true);
}, 600_000);

/** The next call finishes it: both secrets are there, and no third one. */
async function expectStaged(): Promise<void> {
  const { code } = await project.run(['rotation', 'stage']);
  expect(code).toBe(0);
  expect((await registration()).names).toEqual(['interop-a-g1', 'interop-b-g2']);
  expect((await project.json(['rotation', 'status'])).value).toMatchObject({
    phase: 'staged',
    pending: null,
  });
}
