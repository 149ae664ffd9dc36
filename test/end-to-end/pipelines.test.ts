/**
 * The pipelines' steps, run in order with bash on a clone, with the platform's variables and conditions emulated: the commands, the
 * engine and the tenant (emulated) are real; `npm`, the platforms' own command lines and their servers are stand-ins that write down
 * what they were told.
 */
import { execFile, execFileSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join, relative } from 'node:path';
import { parse } from 'yaml';
import { makeProject, ROOT, type TestProject } from '../support/project.js';
import { startTestSandbox, type TestSandbox } from '../support/sandbox.js';

const TIMEOUT_MS = 900_000;

/** What started the pipeline. */
type Event = 'by hand' | 'schedule' | 'pull request';

/** What a person gives with a command. */
interface Inputs {
  readonly action: string;
  readonly endpoints?: string;
  readonly slot?: string;
}

interface Step {
  readonly command: string;
  readonly env: Readonly<Record<string, string>>;
  /** Runs after one that failed, too. */
  readonly always: boolean;
}

/** What stands for the platform: the values that it and its settings would give. */
interface Values {
  readonly backend: string;
  readonly passphrase: string;
  readonly clientId: string;
  readonly tenantId: string;
}

interface Platform {
  rotation(inputs: Inputs, values: Values): readonly Step[];
  check(event: Event, values: Values): readonly Step[];
  sweep(inputs: Inputs, values: Values): readonly Step[];
  /** Paths that are kept for the next sweep, `~` for the home folder. */
  readonly kept: readonly string[];
  /** What its servers are told of a report, and of a comment. */
  readonly ticket: string;
  readonly comment: string;
}

const read = (file: string) => parse(readFileSync(join(ROOT, 'pipelines', file), 'utf8'));

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

/** Conditions of steps: whether they hold for an event, and whether they hold after a failure. One that is not here fails the test. */
const CONDITIONS: Readonly<Record<string, { readonly always: boolean; readonly on?: Event }>> = {
  '': { always: false },
  '${{ always() }}': { always: true },
  '${{ !cancelled() }}': { always: true },
  "${{ !cancelled() && github.event_name == 'pull_request' }}": { always: true, on: 'pull request' },
  'not(canceled())': { always: true },
  "and(not(canceled()), eq(variables['Build.Reason'], 'PullRequest'))": { always: true, on: 'pull request' },
};

function stepWhen(event: Event, condition: string | undefined, step: Omit<Step, 'always'>): readonly Step[] {
  const known = CONDITIONS[condition ?? ''];
  if (known === undefined) throw new Error(`nothing is known of the condition ${condition}`);
  return known.on === undefined || known.on === event ? [{ ...step, always: known.always }] : [];
}

interface GithubJob {
  readonly env: Record<string, unknown>;
  readonly steps: readonly {
    readonly run?: string;
    readonly if?: string;
    readonly env?: Record<string, unknown>;
    readonly with?: { readonly path?: string };
  }[];
}

function githubSteps(job: GithubJob, event: Event, inputs: Inputs, values: Values): readonly Step[] {
  const { action, endpoints = '', slot = 'a' } = inputs;
  const expressions: Expressions = {
    "inputs.action || 'run'": action,
    "inputs.action || 'apply'": action,
    'inputs.endpoints': endpoints,
    'inputs.slot': slot,
    'github.ref_name': 'main',
    'github.token': 'a token',
    'github.event.pull_request.number': '7',
    'github.repository': 'owner/repository',
    'vars.CALENDAR_INTEROP_STACK': 'test',
    'vars.ARM_CLIENT_ID': values.clientId,
    'vars.ARM_TENANT_ID': values.tenantId,
    'vars.PULUMI_BACKEND_URL': values.backend,
    'secrets.PULUMI_CONFIG_PASSPHRASE': values.passphrase,
  };
  return job.steps.flatMap(({ run: command, if: condition, env }) =>
    command === undefined
      ? []
      : stepWhen(event, condition, {
          command,
          env: { ...filledAll(job.env, expressions), ...filledAll(env, expressions) },
        }),
  );
}

const github: Platform = {
  rotation: (inputs, values) =>
    githubSteps(read('github-actions/rotation.yaml').jobs.rotate, 'by hand', inputs, values),
  check: (event, values) =>
    githubSteps(read('github-actions/check.yaml').jobs.check, event, { action: '' }, values),
  sweep: (inputs, values) =>
    githubSteps(read('github-actions/visibility.yaml').jobs.sweep, 'schedule', inputs, values),
  kept: (read('github-actions/visibility.yaml').jobs.sweep as GithubJob).steps.flatMap(
    ({ with: { path = '' } = {} }) => path.split(/\s+/).filter((line) => line.includes('/visibility')),
  ),
  ticket: 'gh issue create --label rotation',
  comment: 'gh pr comment 7',
};

interface AzureJob {
  readonly strategy?: { readonly runOnce: { readonly deploy: { readonly steps: readonly AzureStep[] } } };
  readonly steps?: readonly AzureStep[];
}
interface AzureStep {
  readonly bash?: string;
  readonly condition?: string;
  readonly env?: Record<string, unknown>;
  readonly inputs?: { readonly path?: string };
}
interface AzureStage {
  readonly jobs: readonly AzureJob[];
}

const stepsOf = ({ strategy, steps = [] }: AzureJob) => strategy?.runOnce.deploy.steps ?? steps;

/** The stages that are left of a template once its conditions are decided. */
function azureStages(
  stages: readonly (AzureStage | Record<string, readonly AzureStage[]>)[],
  action: string,
): readonly AzureStage[] {
  return stages.flatMap((stage) => {
    if ('jobs' in stage) return [stage as AzureStage];
    return Object.entries(stage).flatMap(([condition, inside]) => {
      const wanted = /^\$\{\{ if eq\(parameters\.action, '(\w+)'\) \}\}$/.exec(condition)?.[1];
      if (wanted === undefined) throw new Error(`nothing is known of the condition ${condition}`);
      return wanted === action ? inside : [];
    });
  });
}

function azureSteps(file: string, event: Event, inputs: Inputs, values: Values): readonly Step[] {
  const { action, endpoints = ' ', slot = 'a' } = inputs;
  const expressions: Expressions = {
    'parameters.action': action,
    'parameters.endpoints': endpoints,
    'parameters.slot': slot,
    SERVICE_CONNECTION_ID: 'connection',
    'System.AccessToken': 'a token',
    PULUMI_CONFIG_PASSPHRASE: values.passphrase,
    'Build.SourceBranchName': 'main',
  };
  const { variables, stages, jobs } = read(`azure-devops/${file}`);
  const report = variables.find(({ name }: { name?: string }) => name === 'REPORT').value;
  // The variables of the group, and those that the agent sets.
  const agent = {
    STACK: 'test',
    REPORT: report,
    PULUMI_BACKEND_URL: values.backend,
    SYSTEM_COLLECTIONURI: 'https://dev.azure.example/org/',
    SYSTEM_TEAMPROJECTID: 'project',
    BUILD_REPOSITORY_ID: 'repository',
    SYSTEM_PULLREQUEST_PULLREQUESTID: '7',
  };
  const all: readonly AzureJob[] =
    jobs ?? azureStages(stages, action).flatMap(({ jobs: inStage }) => inStage);
  return all
    .flatMap(stepsOf)
    .flatMap(({ bash: command, condition, env }) =>
      command === undefined
        ? []
        : stepWhen(event, condition, { command, env: { ...agent, ...filledAll(env, expressions) } }),
    );
}

const azure: Platform = {
  rotation: (inputs, values) => azureSteps('rotation.yaml', 'by hand', inputs, values),
  check: (event, values) => azureSteps('check.yaml', event, { action: '' }, values),
  sweep: (inputs, values) => azureSteps('visibility.yaml', 'schedule', inputs, values),
  kept: (read('azure-devops/visibility.yaml').jobs as readonly AzureJob[])
    .flatMap(stepsOf)
    .flatMap(({ inputs: { path = '' } = {} }) =>
      path.includes('/visibility') ? [path.replace('$(HOME)', '~')] : [],
    ),
  ticket: '_apis/wit/workitems/$Issue',
  comment: '_apis/git/repositories/repository/pullRequests/7/threads',
};

const GITLAB = read('gitlab/calendar-interop.gitlab-ci.yml');
const SOURCES = { 'by hand': 'web', schedule: 'schedule', 'pull request': 'merge_request_event' } as const;

interface GitlabJob {
  readonly extends?: string;
  readonly variables?: Record<string, string>;
  readonly before_script?: readonly string[];
  readonly script?: readonly string[];
  readonly cache?: { readonly paths: readonly string[] };
}

/** A job with all that it extends. */
function gitlabJob(name: string): GitlabJob {
  const own = GITLAB[name] as GitlabJob;
  const base = own.extends === undefined ? {} : gitlabJob(own.extends);
  return { ...base, ...own, variables: { ...base.variables, ...own.variables } };
}

function gitlabSteps(name: string, event: Event, inputs: Inputs, values: Values): readonly Step[] {
  const { action, endpoints = '', slot = 'a' } = inputs;
  const settings: Expressions = {
    ACTION: action,
    ENDPOINTS: endpoints,
    SLOT: slot,
    REPORT_TOKEN: 'a token',
    CALENDAR_INTEROP_STACK: 'test',
    PULUMI_BACKEND_URL: values.backend,
    PULUMI_CONFIG_PASSPHRASE: values.passphrase,
    CI_API_V4_URL: 'https://gitlab.example/api/v4',
    CI_COMMIT_BRANCH: 'main',
    CI_MERGE_REQUEST_IID: '7',
    CI_PIPELINE_SOURCE: SOURCES[event],
    CI_PROJECT_DIR: '~',
    CI_PROJECT_ID: '1',
  };
  const { variables = {}, before_script = [], script = [] } = gitlabJob(name);
  const own = Object.entries(variables).map(([variable, text]) => [
    variable,
    text.replace(/\$(\w+)/g, (whole, other) => {
      const value = settings[other];
      if (value === undefined) throw new Error(`nothing stands for ${whole}`);
      return value;
    }),
  ]);
  // One shell for all lines, which ends at the first that fails.
  const command = ['set -eo pipefail', ...before_script, ...script].join('\n');
  return [{ command, env: { ...settings, ...Object.fromEntries(own) }, always: false }];
}

const gitlab: Platform = {
  rotation: (inputs, values) =>
    gitlabSteps(inputs.action === 'confirm' ? 'confirm' : 'rotate', 'by hand', inputs, values),
  check: (event, values) => gitlabSteps('check', event, { action: 'run' }, values),
  sweep: ({ action }, values) =>
    gitlabSteps('visibility', 'schedule', { action: `visibility-${action}` }, values),
  // XDG_CACHE_HOME and XDG_STATE_HOME are in the project's folder there.
  kept: (gitlabJob('visibility').cache?.paths ?? []).map((path) =>
    path
      .replace(/^\.cache\/$/, '~/.cache/calendar-interop/visibility')
      .replace(/^\.state\//, '~/.local/state/'),
  ),
  ticket: '/projects/1/issues',
  comment: '/projects/1/merge_requests/7/notes',
};

/** All files below a folder, by their path within it; what is linked to is not followed. */
function filesIn(folder: string): readonly string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => relative(folder, join(parentPath, name)));
}

/** Whether a path is what a pattern names, or lies in it; `*` is any part of one name. */
function isWithin(path: string, pattern: string): boolean {
  const names = path.split('/');
  return pattern.split('/').every((part, index) => {
    const [start = '', end] = part.split('*');
    const name = names[index] ?? '';
    return end === undefined ? name === part : name.startsWith(start) && name.endsWith(end);
  });
}

/** A clone on one platform, with a stack of its own. */
class Clone {
  readonly platform: Platform;
  readonly sandbox: TestSandbox;
  readonly project: TestProject;
  readonly #stubs: string;
  readonly #told: string;

  static async make(platform: Platform): Promise<Clone> {
    const sandbox = await startTestSandbox();
    const clone = new Clone(platform, sandbox, await makeProject({ info: sandbox.sandbox.info }));
    await clone.#prepare();
    return clone;
  }

  private constructor(platform: Platform, sandbox: TestSandbox, project: TestProject) {
    this.platform = platform;
    this.sandbox = sandbox;
    this.project = project;
    this.#stubs = join(project.root, 'stubs');
    this.#told = join(project.root, 'told.txt');
  }

  async #prepare(): Promise<void> {
    const { project } = this;
    mkdirSync(this.#stubs);
    const bin = join(ROOT, 'dist', 'scripts', 'bin.js');
    const writeDown = (name: string) => `printf '%s\\n' "${name} $*" >> ${JSON.stringify(this.#told)}`;
    this.#stub('npm', '');
    this.#stub('npx', `shift; exec ${JSON.stringify(process.execPath)} ${JSON.stringify(bin)} "$@"`);
    this.#stub('gh', `case "$*" in *"issue list"*) echo "[]" ;; esac; ${writeDown('gh')}`);
    this.#stub(
      'curl',
      `case "$*" in *data-binary*) cat > /dev/null ;; esac; case "$*" in *wiql*) echo '{"workItems": []}' ;; *--get*) echo '[]' ;; esac; ${writeDown('curl')}`,
    );
    // Every calendar is left to the sweeps.
    const visibility = { level: 'LimitedDetails', scope: { all: true }, inlineLimit: 0 };
    await project.configure({ 'calendar-interop:visibility': visibility });
    cpSync(join(ROOT, 'pipelines'), join(project.folder, 'pipelines'), { recursive: true });
    this.git('init', '--quiet', '--initial-branch', 'main');
    this.git('add', '--all');
    this.git(
      '-c',
      'user.name=t',
      '-c',
      'user.email=t@example.com',
      'commit',
      '--quiet',
      '--message',
      'start',
    );
    const remote = join(project.root, 'remote.git');
    execFileSync('git', ['clone', '--quiet', '--bare', project.folder, remote]);
    this.git('remote', 'add', 'origin', remote);
  }

  #stub(name: string, body: string): void {
    const file = join(this.#stubs, name);
    writeFileSync(file, `#!/usr/bin/env bash\n${body}\n`);
    chmodSync(file, 0o755);
  }

  git(...args: readonly string[]): string {
    return execFileSync('git', args, { cwd: this.project.folder, encoding: 'utf8' }).trim();
  }

  get #values(): Values {
    const { clients, tenantId } = this.sandbox.sandbox.info;
    return {
      backend: this.project.env.PULUMI_BACKEND_URL ?? '',
      passphrase: this.project.env.PULUMI_CONFIG_PASSPHRASE ?? '',
      clientId: clients.find(({ name }) => name === 'deployer')?.clientId ?? '',
      tenantId,
    };
  }

  rotate(inputs: Inputs): Promise<Ran> {
    return this.#run(this.platform.rotation(inputs, this.#values));
  }

  check(event: Event): Promise<Ran> {
    return this.#run(this.platform.check(event, this.#values));
  }

  sweep(action: string): Promise<Ran> {
    return this.#run(this.platform.sweep({ action }, this.#values));
  }

  /** Files that would be there for the next sweep, without the folders that the platform names. */
  kept(): readonly string[] {
    const { XDG_CACHE_HOME = '', XDG_STATE_HOME = '' } = this.project.env;
    const all = [
      ...filesIn(XDG_CACHE_HOME).map((path) => `~/.cache/${path}`),
      ...filesIn(XDG_STATE_HOME).map((path) => `~/.local/state/${path}`),
    ];
    return all.filter((path) => this.platform.kept.some((kept) => isWithin(path, kept)));
  }

  /** The ledger as the branch has it. */
  pushed() {
    this.git('fetch', '--quiet', 'origin');
    return parse(this.git('show', 'origin/main:Pulumi.test.yaml')).config['calendar-interop:rotation'];
  }

  report(file: string): string | undefined {
    const path = join(this.project.folder, file);
    return existsSync(path) ? readFileSync(path, 'utf8') : undefined;
  }

  async dispose(): Promise<void> {
    await this.project.dispose();
    await this.sandbox.dispose();
  }

  /**
   * The steps' environment: the platform's sign-in is replaced by the client's secret, which the pipelines do not have, and folders of
   * the user's by the project's.
   */
  async #run(steps: readonly Step[]): Promise<Ran> {
    const { env: own, folder: cwd } = this.project;
    rmSync(this.#told, { force: true });
    let [code, output] = [0, ''];
    for (const { command, env, always } of steps) {
      if (code !== 0 && !always) continue;
      const {
        ARM_USE_OIDC: _,
        ARM_ADO_PIPELINE_SERVICE_CONNECTION_ID: __,
        XDG_CACHE_HOME: ___,
        XDG_STATE_HOME: ____,
        ...others
      } = env;
      const path = `${this.#stubs}:${process.env.PATH}`;
      const result = await bash(command, cwd, { ...own, ...others, PATH: path });
      output += result.output;
      if (code === 0) code = result.code;
    }
    const told = existsSync(this.#told) ? readFileSync(this.#told, 'utf8') : '';
    // Whatever was run: tokens are in no list of processes.
    expect(told).not.toContain('a token');
    return { code, output, told };
  }
}

interface Ran {
  readonly code: number;
  readonly output: string;
  /** What the platform's servers were told. */
  readonly told: string;
}

/** The tenant runs in this process, which must not be held up meanwhile. */
function bash(command: string, cwd: string, env: Readonly<Record<string, string>>) {
  return new Promise<{ code: number; output: string }>((resolve) => {
    const child = execFile(
      'bash',
      ['-e', '-o', 'pipefail', '-c', command],
      { cwd, env },
      (_, stdout, stderr) => {
        resolve({ code: child.exitCode ?? 1, output: `${stdout}${stderr}` });
      },
    );
  });
}

describe.each([
  ['GitHub', github],
  ['Azure DevOps', azure],
  ['GitLab', gitlab],
])('%s', (_, platform) => {
  let clone: Clone;
  beforeAll(async () => {
    clone = await Clone.make(platform);
    expect(await clone.project.run(['up'])).toMatchObject({ code: 0 });
  }, TIMEOUT_MS);
  afterAll(() => clone.dispose());

  test(
    'a command that fails half-way: the ledger is pushed all the same, nothing is reported, and the next one finishes it',
    async () => {
      expect(await clone.rotate({ action: 'confirm', endpoints: 'online' })).toMatchObject({ code: 0 });
      const { control } = clone.sandbox;
      await control({ faults: ['dropBefore=1@POST /applications/*/addPassword'] });
      const failed = await clone.rotate({ action: 'stage' });
      await control({ clearFaults: true });
      expect(failed.code).not.toBe(0);
      expect(failed.told).toBe('');
      const { pending, slots } = clone.pushed();
      expect({ pending, slots }).toMatchObject({ pending: expect.anything() });
      expect(await clone.rotate({ action: 'stage' })).toMatchObject({ code: 0 });
      expect(clone.pushed()).toMatchObject({ current: 'a', slots: { b: { generation: 2 } } });
    },
    TIMEOUT_MS,
  );

  test(
    'a rotation by hand to its end, each ledger pushed; while a person has something to do, the daily run says so',
    async () => {
      const daily = await clone.rotate({ action: 'run' });
      expect(daily).toMatchObject({ code: 0, told: expect.stringContaining(platform.ticket) });
      for (const action of ['restore', 'confirm', 'retire'])
        expect(await clone.rotate({ action })).toMatchObject({ code: 0, told: '' });
      expect(clone.pushed()).toMatchObject({ current: 'b', slots: { b: { generation: 2 } } });
      expect(clone.pushed().slots.a).toBeUndefined();
      expect(clone.git('status', '--porcelain', '--', 'Pulumi.test.yaml')).toBe('');
    },
    TIMEOUT_MS,
  );

  test(
    'the check of a pull request: drift ends with 7, and is told all the same; no day but that of a pull request is told',
    async () => {
      const { applications } = await clone.sandbox.state();
      const { id } = applications.find(
        ({ properties }: { properties: { displayName: string } }) =>
          properties.displayName === 'Interop under test',
      );
      const rename = (displayName: string) =>
        clone.sandbox.graph('PATCH', `/applications/${id}`, { body: { displayName } });
      await rename('Renamed by hand');
      const drifted = await clone.check('pull request');
      expect(drifted).toMatchObject({ code: 7, told: expect.stringContaining(platform.comment) });
      expect(clone.report('check-report.md')).toContain('calendar-interop drift');
      await rename('Interop under test');
      expect(await clone.check('schedule')).toMatchObject({ code: 0, told: '' });
    },
    TIMEOUT_MS,
  );

  test(
    'a sweep: fails with one mailbox that could not be done, keeps the page, and the next one finishes it',
    async () => {
      const { control } = clone.sandbox;
      await control({ faults: ['cmdletRefused=1@Set-MailboxFolderPermission'] });
      const failed = await clone.sweep('apply');
      await control({ clearFaults: true });
      expect(failed).toMatchObject({ code: 4, told: '' });
      expect(clone.report('visibility-report.html')).toContain('refused by a fault');
      const names = clone.kept().join('\n');
      expect(names).toMatch(/folder-ids$/m);
      expect(names).not.toMatch(/\.lock$/m);
      expect(await clone.sweep('apply')).toMatchObject({ code: 0 });
      const planned = await clone.sweep('plan');
      expect(planned).toMatchObject({ code: 0, told: '' });
      expect(planned.output).not.toContain('next: calendar-interop visibility apply');
    },
    TIMEOUT_MS,
  );

  test(
    'a leaked secret goes at once; a command that nobody knows is refused',
    async () => {
      const { current } = clone.pushed();
      expect(await clone.rotate({ action: 'revoke', slot: current })).toMatchObject({ code: 0 });
      expect(await clone.rotate({ action: 'nonsense' })).toMatchObject({ code: 2, told: '' });
      expect(await clone.sweep('nonsense')).toMatchObject({ code: 2, told: '' });
    },
    TIMEOUT_MS,
  );
});
