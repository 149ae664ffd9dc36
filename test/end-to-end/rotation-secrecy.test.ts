/**
 * No rotation command shows a secret, at the most verbose setting: not in its output, its errors and its processes, not in the state, the
 * stack's file with the ledger, a report, or a file through which a pipeline hands values on.
 */
import { spawn } from 'node:child_process';
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeProject, type RunningCommand, type TestProject } from '../support/project.js';
import { startTestSandbox, type TestSandbox } from '../support/sandbox.js';
import { filesBelow, formsOf, placesWith, VERBOSE, watchProcesses } from '../support/secret-search.js';
import { startVaultProxy, type VaultProxy } from '../support/vault-proxy.js';

let sandbox: TestSandbox;
let project: TestProject;
let proxy: VaultProxy;
beforeAll(async () => {
  sandbox = await startTestSandbox();
  proxy = await startVaultProxy(Number(new URL(sandbox.sandbox.info.graph).port));
  project = await makeProject({ info: sandbox.sandbox.info });
});
afterAll(async () => {
  await project.dispose();
  await proxy.close();
  await sandbox.dispose();
});

/** Files that a platform reads after a step (docs.github.com/actions, workflow commands). */
const PIPELINE_FILES = ['GITHUB_OUTPUT', 'GITHUB_ENV', 'GITHUB_STEP_SUMMARY', 'GITHUB_STATE'];

function pipelineEnv(): Record<string, string> {
  return Object.fromEntries(PIPELINE_FILES.map((name) => [name, join(project.root, `${name}.txt`)]));
}

/** What a command leaves where somebody could read it. */
async function placesOf(args: readonly string[], codes: readonly number[]): Promise<Record<string, string>> {
  const command = project.start(args, { ...VERBOSE, ...proxy.env, ...pipelineEnv(), GITHUB_ACTIONS: 'true' });
  const processes = await watchProcesses(command);
  const { code, stdout, stderr } = await command.ended;
  const end = codes.includes(code ?? -1) ? '' : stderr.slice(-2000);
  expect({ args, end }).toEqual({ args, end: '' });
  const name = args.join(' ');
  return {
    [`${name}: standard output`]: stdout,
    [`${name}: standard error`]: stderr,
    [`${name}: processes`]: processes,
    ...filesBelow(project.root),
  };
}

const PLANTED = 'abc8Q~planted/by+this=test~so-that-it-is-found';

test('a planted secret is found in each kind of place, in each form', async () => {
  const planted = spawn(process.execPath, ['-e', 'setTimeout(() => {}, 1500)', PLANTED], {
    env: { ...process.env, ...VERBOSE, DEBUG: '', NODE_DEBUG: '' },
  });
  const processes = await watchProcesses({ child: planted } as unknown as RunningCommand);
  expect(placesWith(PLANTED, { processes })).toEqual(['processes']);
  const files = [
    ...Object.values(pipelineEnv()),
    project.stackFile,
    join(project.folder, 'report.md'),
    join(project.temporary, 'x.log'),
  ];
  for (const file of files) {
    for (const form of formsOf(PLANTED)) {
      const before = filesBelow(project.root)[file];
      appendFileSync(file, `# ${form}\n`);
      expect(placesWith(PLANTED, filesBelow(project.root))).toEqual([file]);
      writeFileSync(file, before ?? '');
    }
  }
});

test('rotation, hand-off and proof show no secret', async () => {
  await project.configure({
    'calendar-interop:secret': { keyVault: { url: 'https://interop.vault.azure.net', name: 'google' } },
  });
  const commands: readonly (readonly [args: readonly string[], codes: readonly number[]])[] = [
    [['up'], [0]],
    [['rotation', 'confirm'], [0]],
    [['rotation', 'stage'], [0]],
    [['rotation', 'stage'], [5]],
    [['rotation', 'status', '--json'], [10]],
    [
      ['rotation', 'run', '--report', 'report.md'],
      [0, 10],
    ],
    [['handoff'], [0]],
    [['handoff', '--json'], [0]],
    [
      ['verify', '--json'],
      [0, 11],
    ],
    [['rotation', 'confirm', '--json'], [0]],
    [['rotation', 'retire'], [0]],
    [['rotation', 'revoke', 'b', '--now', '--yes'], [0]],
    [['rotation', 'status'], [10]],
  ];
  const places: Record<string, string> = {};
  const secrets = new Set([project.env.ARM_CLIENT_SECRET ?? '']);
  for (const [args, codes] of commands) {
    Object.assign(places, await placesOf(args, codes));
    for (const secret of await project.secrets()) secrets.add(secret);
  }
  // The client that signs in, three generations, and whatever else Pulumi holds as a secret.
  expect(secrets.size).toBeGreaterThanOrEqual(4);
  for (const secret of secrets) expect(placesWith(secret, places)).toEqual([]);
  expect(readFileSync(project.stackFile, 'utf8')).toContain('calendar-interop:rotation');
  const names = Object.keys(places);
  expect(names).toEqual(expect.arrayContaining([project.stackFile, join(project.folder, 'report.md')]));
  // What was watched was there to be seen.
  expect(places['rotation stage: processes']).toContain('pulumi');
  expect(places['rotation stage: standard error']?.length).toBeGreaterThan(10_000);
}, 900_000);
