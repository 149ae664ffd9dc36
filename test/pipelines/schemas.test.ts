/** The pipelines are what their platforms read, by published schemas; and they hold to what they promise. */
import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { Ajv } from 'ajv';
import { getLanguageService } from 'azure-pipelines-language-service';
import { parse } from 'yaml';

const resolved = createRequire(__filename);
const { parse: parsePipeline } = resolved('azure-pipelines-language-service/lib/parser/yamlParser');

const FOLDER = join(process.cwd(), 'pipelines');
const SCHEMAS = join(dirname(resolved.resolve('schemastore/package.json')), 'schemas', 'json');
const AZURE_SCHEMA = 'raw.githubusercontent.com/microsoft/azure-pipelines-vscode/master/service-schema.json';
const GITLAB_SCHEMA =
  'gitlab.com/gitlab-org/gitlab/-/raw/master/app/assets/javascripts/editor/schema/ci.json';

const filesOf = (platform: string) =>
  readdirSync(join(FOLDER, platform))
    .filter((name) => /\.ya?ml$/.test(name))
    .map((name) => join(platform, name));
const read = (file: string) => readFileSync(join(FOLDER, file), 'utf8');
const schemaOf = (path: string) => JSON.parse(readFileSync(join(SCHEMAS, path), 'utf8'));

/** What a platform's schema has against a text. */
type Complaints = (text: string) => Promise<readonly string[]>;

/** GitHub's own parser with its own schema (workflow-v1.0). Its package imports JSON as only loaders do: it runs in a process of its own. */
const github: Complaints = async (text) => {
  const script = join(__dirname, 'workflow-complaints.mjs');
  const { stdout } = await promisify(execFile)(process.execPath, ['--import', 'tsx', script, text]);
  return JSON.parse(stdout);
};

/** Microsoft's language service with Azure DevOps' schema. */
const azure: Complaints = async (text) => {
  const schema = schemaOf(AZURE_SCHEMA);
  const never = { resolveRelativePath: (path: string) => path };
  const service = getLanguageService(
    async () => schema,
    [],
    async () => 'schema://azure',
    never,
  );
  service.configure({ validate: true });
  const document = {
    uri: 'file:///test.yaml',
    languageId: 'yaml',
    version: 1,
    lineCount: text.split('\n').length,
    getText: () => text,
    positionAt: (offset: number) => ({ line: text.slice(0, offset).split('\n').length - 1, character: 0 }),
    offsetAt: () => 0,
  };
  const found = await service.doValidation(document, parsePipeline(text));
  return found.map(({ message }) => String(message));
};

/** GitLab's own editor's schema. */
const gitlab: Complaints = async (text) => {
  const validate = new Ajv({ strict: false, validateFormats: false, logger: false }).compile(
    schemaOf(GITLAB_SCHEMA),
  );
  return validate(parse(text)) ? [] : (validate.errors ?? []).map(({ message = '' }) => message);
};

const PLATFORMS = [
  ['github-actions', github, 'runs-on:', 'runs-onn:'],
  ['azure-devops', azure, '- bash: pipelines', '- bashh: pipelines'],
  ['gitlab', gitlab, 'when: manual', 'when: manuall'],
] as const;

beforeAll(() => {
  jest.spyOn(console, 'log').mockImplementation(() => undefined);
});

describe.each(PLATFORMS)('%s', (platform, complaints, right, wrong) => {
  test.each(filesOf(platform))('%s is valid', async (file) => {
    expect(await complaints(read(file))).toEqual([]);
  });

  test.each(filesOf(platform))('a mistake in %s would be seen', async (file) => {
    const text = read(file);
    expect(text).toContain(right);
    expect(await complaints(text.replace(right, wrong))).not.toEqual([]);
  });
});

/** All that is not ours and runs in a pipeline. */
const PERMITTED = [
  'actions/cache/restore@v4.2.3',
  'actions/cache/save@v4.2.3',
  'actions/cache@v4.2.3',
  'actions/checkout@v4.2.2',
  'actions/setup-node@v4.4.0',
  'actions/upload-artifact@v4.6.2',
  'Cache@2',
  'PublishPipelineArtifact@1',
  'UseNode@1',
  'node:22.12.0-bookworm',
];

test('nothing foreign runs but what is on the list', () => {
  const texts = PLATFORMS.flatMap(([platform]) => filesOf(platform)).map(read);
  const foreign = texts.flatMap((text) =>
    [...text.matchAll(/^\s*(?:- )?(?:uses|task|image|template):\s*(\S+)/gm)].map(([, name]) => name),
  );
  expect([...new Set(foreign)].sort()).toEqual([...PERMITTED].sort());
});

test('no value of a secret goes into outputs, and no text of people into a command', () => {
  for (const file of PLATFORMS.flatMap(([platform]) => filesOf(platform))) {
    const text = read(file);
    expect(text).not.toMatch(/GITHUB_OUTPUT|isOutput|setvariable|dotenv|show-secrets/i);
    for (const [, command = ''] of text.matchAll(/^\s*(?:- )?(?:run|bash|script): (.+)$/gm))
      expect(command).not.toContain('${{');
  }
});

test('GitHub: least permissions', () => {
  for (const file of filesOf('github-actions')) expect(parse(read(file)).permissions).toEqual({});
  const { rotate } = parse(read('github-actions/rotation.yaml')).jobs;
  expect(rotate.permissions).toEqual({ contents: 'write', 'id-token': 'write', issues: 'write' });
  const { sweep } = parse(read('github-actions/visibility.yaml')).jobs;
  expect(sweep.permissions).toEqual({ contents: 'read', 'id-token': 'write' });
});

describe('one run at a time on a stack, one sweep at a time, and an approval before confirm', () => {
  test('GitHub: a group for each stack, which a run that waits for its approval holds', () => {
    for (const [file, group] of [
      ['rotation', 'calendar-interop'],
      ['visibility', 'calendar-interop-visibility'],
    ]) {
      expect(parse(read(`github-actions/${file}.yaml`)).concurrency).toEqual({
        group: `${group}-\${{ vars.CALENDAR_INTEROP_STACK }}`,
        'cancel-in-progress': false,
      });
    }
    const { rotate } = parse(read('github-actions/rotation.yaml')).jobs;
    expect(rotate.environment).toBe(
      `\${{ inputs.action == 'confirm' && 'calendar-interop-confirm' || 'calendar-interop' }}`,
    );
  });

  test('Azure DevOps: an exclusive lock is per environment, so all that works on the stack is in one', () => {
    const { lockBehavior, stages } = parse(read('azure-devops/rotation.yaml'));
    expect(lockBehavior).toBe('sequential');
    const [approval, rotate, ...others] = stages;
    expect(others).toEqual([]);
    expect(rotate.dependsOn).toBeUndefined(); // on the stage before it, then
    expect(rotate.jobs).toMatchObject([{ deployment: 'rotate', environment: 'calendar-interop' }]);
    const [approve] = approval[`\${{ if eq(parameters.action, 'confirm') }}`];
    expect(approve.jobs).toMatchObject([{ environment: 'calendar-interop-confirm' }]);
    const commands = approve.jobs[0].strategy.runOnce.deploy.steps.flatMap(
      ({ bash }: { bash?: string }) => bash ?? [],
    );
    expect(commands).toEqual(['echo "Approved."']);
    const visibility = parse(read('azure-devops/visibility.yaml'));
    expect(visibility).toMatchObject({
      lockBehavior: 'sequential',
      jobs: [{ environment: 'calendar-interop-visibility' }],
    });
  });

  test('GitLab: a resource group for each stack; confirm is started by hand in a protected environment', () => {
    const jobs = parse(read('gitlab/calendar-interop.gitlab-ci.yml'));
    for (const name of ['rotate', 'confirm']) expect(jobs[name].extends).toBe('.rotate');
    expect(jobs['.rotate'].resource_group).toBe('calendar-interop-$CALENDAR_INTEROP_STACK');
    expect(jobs.confirm).toMatchObject({
      environment: 'calendar-interop-confirm',
      rules: [{ when: 'manual' }],
    });
    expect(jobs.rotate.rules).toContainEqual({
      if: '$CI_PIPELINE_SOURCE == "web" && $ACTION != "confirm"',
    });
    expect(jobs.visibility.resource_group).toBe('calendar-interop-visibility-$CALENDAR_INTEROP_STACK');
  });
});
