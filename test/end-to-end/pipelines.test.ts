/**
 * The pipelines' steps, run in order with bash on a clone, with the platform's variables emulated: the commands, the engine and the
 * tenant (emulated) are real; `npm`, the platforms' own command lines and their servers are stand-ins that write down what they were told.
 */
import { execFile, execFileSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { makeProject, ROOT, type TestProject } from '../support/project.js';
import { startTestSandbox, type TestSandbox } from '../support/sandbox.js';

const TIMEOUT_MS = 900_000;

let sandbox: TestSandbox;
let project: TestProject;
let stubs: string;
let told: string;

beforeAll(async () => {
  sandbox = await startTestSandbox();
  project = await makeProject({ info: sandbox.sandbox.info });
  stubs = join(project.root, 'stubs');
  told = join(project.root, 'told.txt');
  mkdirSync(stubs);
  const bin = join(ROOT, 'dist', 'scripts', 'bin.js');
  stub('npm', '');
  stub('npx', `shift; exec ${JSON.stringify(process.execPath)} ${JSON.stringify(bin)} "$@"`);
  stub('gh', `case "$*" in *"issue list"*) echo "[]" ;; esac; ${writeDown('gh')}`);
  stub(
    'curl',
    `case "$*" in *data-binary*) cat > /dev/null ;; esac; case "$*" in *wiql*) echo '{"workItems": []}' ;; *--get*) echo '[]' ;; esac; ${writeDown('curl')}`,
  );
  cpSync(join(ROOT, 'pipelines'), join(project.folder, 'pipelines'), { recursive: true });
  git('init', '--quiet', '--initial-branch', 'main');
  git('add', '--all');
  git('-c', 'user.name=t', '-c', 'user.email=t@example.com', 'commit', '--quiet', '--message', 'start');
  const remote = join(project.root, 'remote.git');
  execFileSync('git', ['clone', '--quiet', '--bare', project.folder, remote]);
  git('remote', 'add', 'origin', remote);
}, TIMEOUT_MS);
afterAll(async () => {
  await project.dispose();
  await sandbox.dispose();
});

const git = (...args: readonly string[]) =>
  execFileSync('git', args, { cwd: project.folder, encoding: 'utf8' }).trim();
const writeDown = (name: string) => `printf '%s\\n' "${name} $*" >> ${JSON.stringify(told)}`;

function stub(name: string, body: string): void {
  const file = join(stubs, name);
  writeFileSync(file, `#!/usr/bin/env bash\n${body}\n`);
  chmodSync(file, 0o755);
}

interface Step {
  readonly command: string;
  readonly env: Readonly<Record<string, string>>;
}

/** What the platform would put in place of its expressions; one that is not here fails the test. */
type Expressions = Readonly<Record<string, string>>;

function filled(text: string, values: Expressions): string {
  return text.replace(/\$\{\{ *(.*?) *\}\}|\$\(([\w.]+)\)/g, (whole, expression, macro) => {
    const value = values[expression ?? macro];
    if (value === undefined) throw new Error(`nothing stands for ${whole}`);
    return value;
  });
}

function filledAll(env: Readonly<Record<string, unknown>> = {}, values: Expressions): Record<string, string> {
  return Object.fromEntries(
    Object.entries(env).map(([name, value]) => [name, filled(String(value), values)]),
  );
}

const read = (file: string) => parse(readFileSync(join(ROOT, 'pipelines', file), 'utf8'));
const secrets = () => ({
  backend: project.env.PULUMI_BACKEND_URL ?? '',
  passphrase: project.env.PULUMI_CONFIG_PASSPHRASE ?? '',
});
const tenantId = () => sandbox.sandbox.info.tenantId;
const clientId = () => sandbox.sandbox.info.clients.find(({ name }) => name === 'deployer')?.clientId ?? '';

function githubSteps(action: string, endpoints = '', slot = 'a'): readonly Step[] {
  return githubJob(read('github-actions/rotation.yaml').jobs.rotate, action, endpoints, slot);
}

interface GithubJob {
  readonly env: Record<string, unknown>;
  readonly steps: readonly { readonly run?: string; readonly env?: Record<string, unknown> }[];
}

function githubJob(job: GithubJob, action: string, endpoints: string, slot: string): readonly Step[] {
  const values: Expressions = {
    "inputs.action || 'run'": action,
    'inputs.endpoints': endpoints,
    'inputs.slot': slot,
    'github.ref_name': 'main',
    'github.token': 'a token',
    'github.event.pull_request.number': '7',
    'github.repository': 'owner/repository',
    'vars.CALENDAR_INTEROP_STACK': 'test',
    'vars.ARM_CLIENT_ID': clientId(),
    'vars.ARM_TENANT_ID': tenantId(),
    'vars.PULUMI_BACKEND_URL': secrets().backend,
    'secrets.PULUMI_CONFIG_PASSPHRASE': secrets().passphrase,
  };
  return job.steps.flatMap(({ run: command, env }) =>
    command === undefined
      ? []
      : [{ command, env: { ...filledAll(job.env, values), ...filledAll(env, values) } }],
  );
}

function azureSteps(action: string): readonly Step[] {
  const values: Expressions = {
    'parameters.action': action,
    'parameters.endpoints': ' ',
    'parameters.slot': 'a',
    SERVICE_CONNECTION_ID: 'connection',
    'System.AccessToken': 'a token',
    PULUMI_CONFIG_PASSPHRASE: secrets().passphrase,
    'Build.SourceBranchName': 'main',
  };
  const { variables, jobs } = read('azure-devops/rotation.yaml');
  const report = variables.find(({ name }: { name?: string }) => name === 'REPORT').value;
  // The variables of the group, and those that the agent sets.
  const agent = {
    STACK: 'test',
    REPORT: report,
    PULUMI_BACKEND_URL: secrets().backend,
    SYSTEM_COLLECTIONURI: 'https://dev.azure.example/org/',
    SYSTEM_TEAMPROJECTID: 'project',
  };
  return jobs[0].strategy.runOnce.deploy.steps
    .filter(({ bash }: { bash?: string }) => bash !== undefined)
    .map(({ bash, env }: { bash: string; env?: Record<string, unknown> }) => ({
      command: bash,
      env: { ...agent, ...filledAll(env, values) },
    }));
}

function gitlabSteps(action: string): readonly Step[] {
  const pipeline = read('gitlab/calendar-interop.gitlab-ci.yml');
  const env = {
    STACK: 'test',
    ACTION: action,
    BRANCH: 'main',
    REPORT: pipeline['.rotate'].variables.REPORT,
    REPORT_TOKEN: 'a token',
    PULUMI_BACKEND_URL: secrets().backend,
    PULUMI_CONFIG_PASSPHRASE: secrets().passphrase,
    CI_API_V4_URL: 'https://gitlab.example/api/v4',
    CI_PROJECT_ID: '1',
  };
  // One shell for all lines, which ends at the first that fails.
  const lines = [...pipeline['.calendar-interop'].before_script, ...pipeline['.rotate'].script];
  return [{ command: ['set -eo pipefail', ...lines].join('\n'), env }];
}

/** The tenant runs in this process, which must not be held up meanwhile. */
function bash(command: string, env: Readonly<Record<string, string>>) {
  return new Promise<{ code: number; output: string }>((resolve) => {
    const args = ['-e', '-o', 'pipefail', '-c', command];
    const child = execFile('bash', args, { cwd: project.folder, env }, (_, stdout, stderr) => {
      resolve({ code: child.exitCode ?? 1, output: `${stdout}${stderr}` });
    });
  });
}

/** The steps' environment: the platform's sign-in is replaced by the client's secret, which the pipelines do not have. */
async function run(steps: readonly Step[]): Promise<{ readonly code: number; readonly output: string }> {
  let output = '';
  for (const { command, env } of steps) {
    const { ARM_USE_OIDC: _, ARM_ADO_PIPELINE_SERVICE_CONNECTION_ID: __, ...others } = env;
    const result = await bash(command, { ...project.env, ...others, PATH: `${stubs}:${process.env.PATH}` });
    output += result.output;
    if (result.code !== 0) return { code: result.code, output };
  }
  return { code: 0, output };
}

const toldSince = (from: number) => (existsSync(told) ? readFileSync(told, 'utf8').slice(from) : '');
const ledger = () => parse(git('show', 'origin/main:Pulumi.test.yaml')).config['calendar-interop:rotation'];

test(
  'GitHub: a whole rotation, each ledger pushed',
  async () => {
    expect((await project.run(['up'])).code).toBe(0);
    const steps = [
      () => githubSteps('confirm'),
      () => githubSteps('stage'),
      () => githubSteps('run'),
      () => githubSteps('confirm', 'online'),
      () => githubSteps('retire'),
    ];
    for (const make of steps) expect(await run(make())).toMatchObject({ code: 0 });
    git('fetch', '--quiet', 'origin');
    expect(ledger()).toMatchObject({ current: 'b', slots: { b: { generation: 2 } } });
    expect(ledger().slots.a).toBeUndefined();
    // While the new secret waited to be pasted, an issue said so.
    expect(toldSince(0)).toContain('gh issue create --label rotation');
  },
  TIMEOUT_MS,
);

test(
  'GitHub: a pull request is told what it would change; drift ends with 7, and is told all the same',
  async () => {
    const steps = githubJob(read('github-actions/check.yaml').jobs.check, '', '', '');
    const from = toldSince(0).length;
    expect(await run(steps)).toMatchObject({ code: 0 });
    expect(toldSince(from)).toContain('gh pr comment 7');
    const { applications } = await sandbox.state();
    const { id } = applications.find(
      ({ properties }: { properties: { displayName: string } }) =>
        properties.displayName === 'Interop under test',
    );
    await sandbox.graph('PATCH', `/applications/${id}`, { body: { displayName: 'Renamed by hand' } });
    expect((await run(steps)).code).toBe(7);
    expect(readFileSync(join(project.folder, 'check-report.md'), 'utf8')).toContain('calendar-interop drift');
    await sandbox.graph('PATCH', `/applications/${id}`, { body: { displayName: 'Interop under test' } });
  },
  TIMEOUT_MS,
);

test.each([
  ['Azure DevOps', () => azureSteps('stage'), () => azureSteps('run'), '_apis/wit/workitems/$Issue'],
  ['GitLab', () => gitlabSteps('restore'), () => gitlabSteps('run'), '/projects/1/issues'],
])(
  '%s: a command, and the daily run with its report',
  async (_, command, daily, where) => {
    const from = toldSince(0).length;
    for (const make of [command, daily]) expect(await run(make())).toMatchObject({ code: 0 });
    expect(toldSince(from)).toContain(where);
    expect(toldSince(from)).not.toContain('a token');
  },
  TIMEOUT_MS,
);

test(
  'GitHub: a leaked secret goes at once',
  async () => {
    expect(await run(githubSteps('revoke', '', ledger().current))).toMatchObject({ code: 0 });
    await expect(run(githubSteps('nonsense'))).resolves.toMatchObject({ code: 2 });
  },
  TIMEOUT_MS,
);
