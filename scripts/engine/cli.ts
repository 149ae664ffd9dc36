/**
 * Finds a Pulumi CLI, or gets one: on PATH, in our cache, with Pulumi's installer, built from its Go module.
 *
 * The Automation API with an inline program needs nothing but this one program (pulumi/pulumi sdk/nodejs/automation).
 */
import { mkdir, rm } from 'node:fs/promises';
import type { PulumiCommand } from '@pulumi/pulumi/automation/index.js';
import type { SemVer } from 'semver';
import { describeProblem, InteropError, type Problem } from '../../infra/errors.js';
import { withLock } from './build-lock.js';
import { runChild } from './child.js';
import {
  binaryIn,
  cachedRoot,
  cacheOfClis,
  draftRoot,
  publish,
  rememberTried,
  removeDrafts,
  wasTried,
} from './cli-cache.js';
import { buildCli } from './go-module.js';
import { installCli } from './installer.js';
import { findOnPath, isExecutable } from './path-search.js';
import { openSearch, type Search, type SearchOptions } from './search.js';
import {
  GO_MINIMUM,
  isAtLeast,
  PULUMI_CLI_MINIMUM,
  PULUMI_CLI_VERSION,
  parseVersion,
  type Version,
} from './versions.js';

/** A Pulumi CLI that told its version, in this run or, where it is in the cache, in one before. */
export interface PulumiCli {
  /** The program's absolute path. */
  readonly command: string;
  /** Folder for `PulumiCommand.get({root})`; undefined for the one on PATH, which `PulumiCommand.get()` finds. */
  readonly root: string | undefined;
  /** Without a leading `v`. */
  readonly version: string;
  /** Where it came from in this run. */
  readonly source: 'path' | 'cache' | 'installer' | 'go';
}

/** One way that did not lead to a CLI. */
type Miss = Problem;

/**
 * Finds the Pulumi CLI, and gets it first where there is none.
 *
 * One on PATH is used when it is at least {@link PULUMI_CLI_MINIMUM}; all other ways give exactly {@link PULUMI_CLI_VERSION}.
 * Getting it may take minutes: `onProgress` tells. Several processes may ask at once; one works and the others wait for it.
 * Interrupting it at any point leaves nothing that a later run would trust.
 *
 * @throws InteropError `failure` that lists every way, why it failed and what to install; `cancelled` when `signal` is aborted
 */
export async function findPulumiCli(options: SearchOptions = {}): Promise<PulumiCli> {
  const search = openSearch(options);
  const onPath = await lookOnPath(search);
  if ('command' in onPath) return onPath;
  const cached = await lookInCache(search, search.signal);
  if ('command' in cached) return cached;
  return await getCli(search, onPath);
}

/** What `PulumiCommand.get` ends with; the types hide it (pulumi/pulumi sdk/nodejs/automation/cmd.ts). */
type PulumiCommandOf = new (command: string, version: SemVer) => PulumiCommand;

/**
 * The Automation API's handle for a CLI that was found. Loads the Automation API.
 *
 * Not by `PulumiCommand.get`, which would run the program once more to ask for a version that is known.
 */
export async function openPulumiCommand(cli: PulumiCli): Promise<PulumiCommand> {
  const [{ PulumiCommand }, { default: semver }] = await Promise.all([
    import('@pulumi/pulumi/automation/index.js'),
    import('semver'),
  ]);
  const Command = PulumiCommand as unknown as PulumiCommandOf;
  return new Command(cli.command, new semver.SemVer(cli.version));
}

async function lookOnPath(search: Search): Promise<PulumiCli | Miss> {
  const command = await findOnPath('pulumi', search.env);
  if (command === undefined) return { where: 'PATH', what: 'no pulumi' };
  const answer = await askVersion(command, search, search.signal);
  if ('trouble' in answer) return passOver({ where: command, what: answer.trouble }, search);
  const unfit = whyUnfit(command, answer.version);
  if (unfit !== undefined) return passOver(unfit, search);
  return { command, root: undefined, version: answer.version.text, source: 'path' };
}

function passOver(miss: Miss, search: Search): Miss {
  search.progress({
    phase: 'search',
    message: `The Pulumi CLI on PATH is passed over: ${describeProblem(miss)}`,
  });
  return miss;
}

function whyUnfit(command: string, version: Version): Miss | undefined {
  const minimum = parseVersion(PULUMI_CLI_MINIMUM);
  if (minimum !== undefined && isAtLeast(version, minimum)) return undefined;
  return {
    where: command,
    what: 'a version that this product does not work with',
    found: version.text,
    allowed: `${PULUMI_CLI_MINIMUM} or newer, below ${(minimum?.numbers[0] ?? 0) + 1}`,
  };
}

async function lookInCache(search: Search, signal: AbortSignal | undefined): Promise<PulumiCli | Miss> {
  const root = cachedRoot(search);
  const command = binaryIn(root);
  if (!(await isExecutable(command))) return { where: command, what: 'not there' };
  if (!(await wasTried(search))) {
    const trouble = await notOurs(command, search, signal);
    if (trouble !== undefined) {
      search.progress({ phase: 'search', message: `The Pulumi CLI in the cache is made anew: ${trouble}` });
      return { where: command, what: trouble };
    }
    await rememberTried(search);
  }
  return { command, root, version: PULUMI_CLI_VERSION, source: 'cache' };
}

const WAYS = [
  { source: 'installer', where: "Pulumi's installer", make: installCli },
  { source: 'go', where: 'Go module', make: buildCli },
] as const;
type Way = (typeof WAYS)[number];

async function getCli(search: Search, onPath: Miss): Promise<PulumiCli> {
  const waiting = `Another process is building the Pulumi CLI ${PULUMI_CLI_VERSION}: waiting for it`;
  try {
    await mkdir(cacheOfClis(search), { recursive: true });
    return await withLock(cachedRoot(search), search, waiting, (signal) => makeCli(search, onPath, signal));
  } catch (error) {
    if (error instanceof InteropError || !isSystemError(error)) throw error;
    throw cacheUnusable(search, onPath, error);
  }
}

/** To be called under the lock. */
async function makeCli(search: Search, onPath: Miss, signal: AbortSignal): Promise<PulumiCli> {
  // Another process may have put it there while this one waited for the lock.
  const cached = await lookInCache(search, signal);
  if ('command' in cached) return cached;
  await removeDrafts(search);
  const misses = [onPath, cached];
  for (const way of WAYS) {
    const trouble = await tryWay(way, search, signal);
    if (trouble === undefined) return { ...fromCache(search), source: way.source };
    misses.push({ where: way.where, what: trouble });
  }
  throw noWay(misses);
}

async function tryWay(way: Way, search: Search, signal: AbortSignal): Promise<string | undefined> {
  const draft = draftRoot(search);
  try {
    const trouble = await way.make(draft, search, signal);
    if (trouble !== undefined) return trouble;
    search.progress({ phase: 'check', message: `Trying the new Pulumi CLI ${PULUMI_CLI_VERSION}` });
    const wrong = await notOurs(binaryIn(draft), search, signal);
    if (wrong !== undefined) return `it made a program that is of no use: ${wrong}`;
    await publish(draft, search, signal);
    return undefined;
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}

function fromCache(search: Search): Omit<PulumiCli, 'source'> {
  const root = cachedRoot(search);
  return { command: binaryIn(root), root, version: PULUMI_CLI_VERSION };
}

/** Why a program is not exactly our version of the CLI; undefined when it is. */
async function notOurs(
  command: string,
  search: Search,
  signal: AbortSignal | undefined,
): Promise<string | undefined> {
  const answer = await askVersion(command, search, signal);
  if ('trouble' in answer) return answer.trouble;
  return answer.version.text === PULUMI_CLI_VERSION ? undefined : `its version is ${answer.version.text}`;
}

async function askVersion(
  command: string,
  search: Search,
  signal: AbortSignal | undefined,
): Promise<{ readonly version: Version } | { readonly trouble: string }> {
  const result = await runChild({
    command,
    args: ['version'],
    env: { ...search.env, PULUMI_SKIP_UPDATE_CHECK: 'true' },
    timeoutMs: search.limits.probeMs,
    signal,
  });
  if (!result.ok) return { trouble: `\`pulumi version\` failed: ${result.trouble}` };
  const version = parseVersion(result.stdout);
  return version === undefined ? { trouble: '`pulumi version` did not print a version' } : { version };
}

function noWay(misses: readonly Miss[]): InteropError {
  return new InteropError({
    kind: 'failure',
    summary: 'No Pulumi CLI was found, and none of the ways to get one worked',
    problems: misses,
    next: [
      `install the Pulumi CLI ${PULUMI_CLI_MINIMUM} or newer (https://www.pulumi.com/docs/install/) and run the command again`,
      `or install Go ${GO_MINIMUM} or newer (https://go.dev/doc/install), with access to Go modules, and run the command again`,
    ],
  });
}

function cacheUnusable(search: Search, onPath: Miss, error: Error): InteropError {
  return new InteropError({
    kind: 'failure',
    summary: 'No Pulumi CLI was found, and the folder that would keep one cannot be used',
    problems: [onPath, { where: cacheOfClis(search), what: error.message }],
    next: [
      'set XDG_CACHE_HOME to a folder that you may write to, and run the command again',
      `or install the Pulumi CLI ${PULUMI_CLI_MINIMUM} or newer (https://www.pulumi.com/docs/install/)`,
    ],
    cause: error,
  });
}

/** A failed call to the operating system, told by its shape: it may come from another realm, as in test runners. */
function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return typeof error === 'object' && error !== null && 'syscall' in error && 'code' in error;
}
