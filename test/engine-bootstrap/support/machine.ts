/**
 * A small machine of its own in a temporary folder: a PATH with made-up programs, a cache folder, and a package root with a
 * made-up installer. Nothing of the real machine's PATH is visible to the bootstrap.
 */
import { existsSync, readFileSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { ProgressEvent } from '../../../scripts/engine/progress.js';
import type { SearchOptions } from '../../../scripts/engine/search.js';
import { PULUMI_CLI_VERSION } from '../../../scripts/engine/versions.js';

/** What a made-up way of getting the CLI does. */
export type Outcome = 'works' | 'fails' | 'hangs' | 'makes the wrong version' | 'waits for release';

export interface Machine {
  readonly root: string;
  /** The only folder on its PATH. */
  readonly bin: string;
  readonly cache: string;
  /** Folder that holds the installations. */
  readonly installations: string;
  readonly cachedBinary: string;
  readonly env: Record<string, string>;
  readonly events: ProgressEvent[];
  options(more?: SearchOptions): SearchOptions;
  /** Puts a program made of `/bin/sh` lines somewhere, on PATH when it is a bare name. */
  program(file: string, lines: readonly string[]): Promise<string>;
  go(outcome: Outcome): Promise<void>;
  installer(outcome: Outcome): Promise<void>;
  /** Lets a program that waits for it go on. */
  release(): Promise<void>;
  /** Lines of a record that the programs keep; none when there is no such record. */
  record(name: 'go' | 'installer' | 'pids' | 'environment' | 'plugin'): string[];
  /** Ends once a program has begun to make the CLI. */
  untilBuilding(): Promise<void>;
  /** Ends what tests left running, and removes the folder. */
  dispose(): Promise<void>;
}

/** A line of shell that prints a version like the CLI does. */
export const printsVersion = (version: string): string[] => [`echo v${version}`];

/** @returns a machine that has neither Pulumi nor Go, and whose installer fails */
export async function makeMachine(): Promise<Machine> {
  const root = await mkdtemp(join(tmpdir(), 'engine-bootstrap-'));
  const bin = join(root, 'bin');
  const cacheHome = join(root, 'cache');
  const cache = join(cacheHome, 'calendar-interop');
  const packageRoot = join(root, 'package');
  const state = join(root, 'state');
  await Promise.all(
    [bin, state, join(packageRoot, 'scripts/engine/go-build')].map((folder) =>
      mkdir(folder, { recursive: true }),
    ),
  );
  const installations = join(cache, 'pulumi');
  const env = { PATH: bin, XDG_CACHE_HOME: cacheHome, HOME: root, PULUMI_HOME: join(root, 'pulumi-home') };
  const events: ProgressEvent[] = [];

  const program = async (file: string, lines: readonly string[]): Promise<string> => {
    const path = file.includes('/') ? file : join(bin, file);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, ['#!/bin/sh', 'PATH=/usr/bin:/bin', ...lines, ''].join('\n'));
    await chmod(path, 0o755);
    return path;
  };
  const record = (name: string): string[] => {
    const file = join(state, name);
    return existsSync(file) ? readFileSync(file, 'utf8').split('\n').filter(Boolean) : [];
  };

  const machine: Machine = {
    root,
    bin,
    cache,
    installations,
    cachedBinary: join(installations, PULUMI_CLI_VERSION, 'bin', 'pulumi'),
    env,
    events,
    options: (more) => ({ env, packageRoot, onProgress: (event) => events.push(event), ...more }),
    program,
    go: async (outcome) => {
      await program('go', [
        `echo "$*" >> '${state}/go'`,
        `echo $$ >> '${state}/pids'`,
        `env | sort > '${state}/environment'`,
        'if [ "$1" = list ]; then',
        '  echo "go: downloading example.com/first v1.0.0" >&2',
        '  printf "fmt\\nexample.com/first\\ngithub.com/pulumi/pulumi/pkg/v3/cmd/pulumi\\n"',
        '  exit 0',
        'fi',
        'while [ "$1" != -o ]; do shift; done',
        'echo fmt >&2',
        ...making(outcome, '$2', state),
      ]);
    },
    installer: async (outcome) => {
      const script = await program(join(state, 'installer.sh'), [
        `echo "$*" >> '${state}/installer'`,
        `echo $$ >> '${state}/pids'`,
        ...making(outcome, '$1/bin/pulumi', state),
      ]);
      await makeInstallerPackage(packageRoot, script);
    },
    release: () => writeFile(join(state, 'release'), ''),
    record,
    untilBuilding: () => until(() => existsSync(join(state, 'building'))),
    dispose: async () => {
      for (const pid of record('pids').map(Number)) {
        if (isRunning(pid)) process.kill(pid, 'SIGKILL');
      }
      await rm(root, { recursive: true, force: true, maxRetries: 5 });
    },
  };
  await machine.installer('fails');
  return machine;
}

/** Shell lines that make a CLI at `target` in the way asked for; the half-made file is there before the whole one. */
function making(outcome: Outcome, target: string, state: string): string[] {
  const version = outcome === 'makes the wrong version' ? '3.250.0' : PULUMI_CLI_VERSION;
  const gate = {
    works: [],
    'makes the wrong version': [],
    fails: ['echo "dial tcp: no such host" >&2', 'exit 1'],
    // A child that outlives its parent unless the whole group is stopped.
    hangs: ['sleep 600 &', `echo $! >> '${state}/pids'`, `touch '${state}/building'`, 'wait'],
    'waits for release': [
      `touch '${state}/building'`,
      `while [ ! -e '${state}/release' ]; do sleep 0.05; done`,
    ],
  }[outcome];
  return [
    `mkdir -p "$(dirname "${target}")"`,
    `printf '#!/bin/sh\\nexit 1\\n' > "${target}"`,
    `chmod 755 "${target}"`,
    ...gate,
    `printf '#!/bin/sh\\necho v${version}\\n' > "${target}"`,
  ];
}

/** A package with the one call of the Automation API that is used, which hands over to a shell script. */
async function makeInstallerPackage(packageRoot: string, script: string): Promise<void> {
  const modules = join(packageRoot, 'node_modules');
  const automation = join(modules, '@pulumi/pulumi/automation');
  await mkdir(automation, { recursive: true });
  await mkdir(join(modules, 'semver'), { recursive: true });
  await writeFile(
    join(modules, 'semver/index.js'),
    'exports.SemVer = class SemVer { constructor(text) { this.text = text; } toString() { return this.text; } };',
  );
  await writeFile(
    join(automation, 'index.js'),
    `const { execFile } = require('node:child_process');
     exports.PulumiCommand = { install: ({ root, version }) => new Promise((resolve, reject) => {
       execFile(${JSON.stringify(script)}, [root, version.constructor.name + ' ' + version], (error, out, text) =>
         error ? reject(new Error(text)) : resolve());
     }) };`,
  );
}

/** Whether a process runs; one that ended and was not yet collected by its parent does not. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  const status = `/proc/${pid}/stat`;
  return !existsSync(status) || !/\) Z /.test(readFileSync(status, 'utf8'));
}

/** Waits until something is so; the test's own time limit ends a wait that is in vain. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await delay(20);
}

/** Names in a folder, hidden ones included. */
export async function namesIn(folder: string): Promise<string[]> {
  return (await readdir(folder)).sort();
}

/** The text of a file. */
export function textOf(file: string): Promise<string> {
  return readFile(file, 'utf8');
}
