/**
 * The Pulumi project and the stack that a command works on.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { parse } from 'yaml';
import { CONFIG_NAMESPACE } from '../infra/config/keys.js';
import { InteropError } from '../infra/errors.js';

/** A project folder: the one that holds Pulumi.yaml and the stacks' files. */
export interface Project {
  readonly folder: string;
  /** Names of the stacks that have a `Pulumi.<stack>.yaml`. */
  readonly stacks: readonly string[];
}

/** A stack of a project; its file may not exist yet. */
export interface ProjectStack {
  readonly project: Project;
  readonly name: string;
  /** `Pulumi.<stack>.yaml` in the project folder. */
  readonly file: string;
}

/** Pulumi's project name: the namespace of our configuration keys. */
export const PROJECT_NAME = CONFIG_NAMESPACE;

/** Pulumi's own rule for a stack's name. */
const STACK_NAME = /^[A-Za-z0-9._-]{1,100}$/;

/**
 * The project in `cwd` or in the nearest folder above it, as `pulumi` looks for it.
 *
 * @throws InteropError of kind `configuration` when there is none.
 */
export function findProject(cwd: string): Project {
  let folder = resolve(cwd);
  while (!existsSync(join(folder, 'Pulumi.yaml'))) {
    const parent = dirname(folder);
    if (parent === folder) {
      throw new InteropError({
        kind: 'configuration',
        summary: 'no Pulumi.yaml in this folder or in one above it',
        problems: [{ what: 'commands run in the project folder', found: resolve(cwd) }],
        next: ['calendar-interop <command> --cwd <folder with Pulumi.yaml>'],
      });
    }
    folder = parent;
  }
  requireOurName(join(folder, 'Pulumi.yaml'));
  return { folder, stacks: stackNames(folder) };
}

/** Tags and configuration keys carry the project's name: under another one nothing of ours would be found again. */
function requireOurName(file: string): void {
  const name = (parse(readFileSync(file, 'utf8')) as { name?: unknown } | null)?.name;
  if (name === PROJECT_NAME) return;
  throw new InteropError({
    kind: 'configuration',
    summary: 'this is the Pulumi project of something else',
    problems: [{ where: file, what: 'has another name', found: JSON.stringify(name), allowed: PROJECT_NAME }],
    next: ['calendar-interop <command> --cwd <folder with our Pulumi.yaml>'],
  });
}

/** Names of the stacks in reach of `cwd`; none where there is no project. For completion, which never fails. */
export function stacksNear(cwd: string): readonly string[] {
  try {
    return findProject(cwd).stacks;
  } catch {
    return [];
  }
}

function stackNames(folder: string): readonly string[] {
  return readdirSync(folder)
    .map((file) => /^Pulumi\.(.+)\.yaml$/.exec(file)?.[1])
    .filter((name) => name !== undefined)
    .sort();
}

/**
 * The stack to work on: the one asked for, else `PULUMI_STACK`, else the only one there is.
 *
 * @throws InteropError: `configuration` when it cannot be told or is no valid name, `noStack` when it has no file.
 */
export function chooseStack(
  project: Project,
  asked: string | undefined,
  env: NodeJS.ProcessEnv,
): ProjectStack {
  const name = asked ?? nonEmpty(env.PULUMI_STACK) ?? onlyOf(project);
  if (!STACK_NAME.test(name)) {
    throw new InteropError({
      kind: 'configuration',
      summary: 'the name of the stack is not one that Pulumi takes',
      problems: [
        {
          where: '--stack',
          what: 'not a stack name',
          found: JSON.stringify(name),
          allowed: 'letters, digits, ".", "_" and "-"',
        },
      ],
      next: project.stacks.map((known) => `calendar-interop preview --stack ${known}`),
    });
  }
  const file = join(project.folder, `Pulumi.${name}.yaml`);
  if (!existsSync(file)) {
    throw new InteropError({
      kind: 'noStack',
      summary: `there is no stack ${name} here`,
      problems: [
        { where: file, what: 'the file does not exist', allowed: project.stacks.join(', ') || 'none yet' },
      ],
      next: [`cp Pulumi.dev.yaml Pulumi.${name}.yaml   # then set the values of your tenant`],
    });
  }
  return { project, name, file };
}

function onlyOf(project: Project): string {
  const [only, ...others] = project.stacks;
  if (only !== undefined && others.length === 0) return only;
  throw new InteropError({
    kind: 'configuration',
    summary: 'which stack?',
    problems: [
      {
        where: '--stack',
        what: 'not given',
        found: `${project.stacks.length} stacks`,
        allowed: project.stacks.join(', ') || 'none yet',
      },
    ],
    next: project.stacks.map((known) => `calendar-interop preview --stack ${known}`),
  });
}

function nonEmpty(text: string | undefined): string | undefined {
  return text === undefined || text === '' ? undefined : text;
}
