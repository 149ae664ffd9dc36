import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, utimesSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { findPulumiCli } from '../../scripts/engine/cli.js';
import type { SearchOptions } from '../../scripts/engine/search.js';
import { PULUMI_CLI_VERSION } from '../../scripts/engine/versions.js';
import { isRunning, type Machine, makeMachine, namesIn, printsVersion, until } from './support/machine.js';

const root = join(__dirname, '../..');
let machine: Machine;
const children: ChildProcess[] = [];
beforeEach(async () => {
  machine = await makeMachine();
});
afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  await machine.dispose();
});

interface Line {
  readonly progress?: string;
  readonly source?: string;
  readonly command?: string;
}

/** The bootstrap as a process of its own. */
function searchInChild(options: Omit<SearchOptions, 'onProgress' | 'signal' | 'now'>) {
  const script = join(__dirname, 'support/search-in-child.ts');
  const child = spawn(process.execPath, ['--import', 'tsx', script, JSON.stringify(options)], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  const lines: Line[] = [];
  createInterface({ input: child.stdout }).on('line', (line) => lines.push(JSON.parse(line) as Line));
  const ended = new Promise<void>((resolve) => child.on('close', () => resolve()));
  return {
    child,
    ended,
    result: async () => {
      await ended;
      return lines.find((line) => line.source !== undefined);
    },
    untilPhase: (phase: string) => until(() => lines.some((line) => line.progress === phase)),
  };
}

function runEnsure(env: Record<string, string>) {
  const child = spawn(process.execPath, ['--import', 'tsx', join(root, 'scripts/engine/ensure.ts')], {
    cwd: root,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  children.push(child);
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (text: Buffer) => {
    stdout += text.toString();
  });
  child.stderr.on('data', (text: Buffer) => {
    stderr += text.toString();
  });
  const ended = new Promise<{ code: number | null; stdout: string; stderr: string }>((resolve) =>
    child.on('close', (code) => resolve({ code, stdout, stderr })),
  );
  return { child, ended };
}

test('a process killed in the middle of a build leaves nothing that the next one trusts', async () => {
  await machine.go('waits for release');
  const { env, packageRoot } = machine.options();
  const limits = { lockStaleMs: 2_000, lockPollMs: 50 };
  const first = searchInChild({ env, packageRoot, limits });
  await machine.untilBuilding();
  first.child.kill('SIGKILL');
  await first.ended;

  expect(existsSync(machine.cachedBinary)).toBe(false);
  const left = await namesIn(machine.installations);
  expect(left).toEqual([expect.stringContaining(`.${PULUMI_CLI_VERSION}-`), `${PULUMI_CLI_VERSION}.lock`]);

  // The lock of the one that is gone grows old while the next one waits, and not before.
  const lock = `${join(machine.installations, PULUMI_CLI_VERSION)}.lock`;
  const age = (milliseconds: number) => {
    const time = new Date(Date.now() - milliseconds);
    utimesSync(lock, time, time);
  };
  age(-3_600_000);
  const onProgress: SearchOptions['onProgress'] = (event) => {
    machine.events.push(event);
    if (event.phase === 'wait') age(limits.lockStaleMs + 1_000);
  };

  await machine.go('works');
  const cli = await findPulumiCli(machine.options({ limits, onProgress }));
  expect(cli.source).toBe('go');
  expect(await namesIn(machine.installations)).toEqual([PULUMI_CLI_VERSION]);
  expect(machine.events.map((event) => event.phase)).toContain('wait');
});

test('of two at once, one builds and the other waits for its result', async () => {
  await machine.go('waits for release');
  const { env, packageRoot } = machine.options();
  const limits = { lockStaleMs: 600_000, lockPollMs: 50 };
  const first = searchInChild({ env, packageRoot, limits });
  await machine.untilBuilding();
  const second = searchInChild({ env, packageRoot, limits });
  await second.untilPhase('wait');
  await machine.release();

  expect(await first.result()).toEqual({ source: 'go', command: machine.cachedBinary });
  expect(await second.result()).toEqual({ source: 'cache', command: machine.cachedBinary });
  expect(machine.record('go').filter((call) => call.startsWith('build'))).toHaveLength(1);
});

test('two searches in one process build once too', async () => {
  await machine.go('works');
  const options = machine.options({ limits: { lockStaleMs: 600_000, lockPollMs: 20 } });
  const found = await Promise.all([findPulumiCli(options), findPulumiCli(options)]);
  expect(found.map((cli) => cli.source).sort()).toEqual(['cache', 'go']);
});

test('an aborted search stops the build with its children and leaves nothing', async () => {
  await machine.go('hangs');
  const abort = new AbortController();
  const search = findPulumiCli(machine.options({ signal: abort.signal }));
  await machine.untilBuilding();
  abort.abort();
  await expect(search).rejects.toMatchObject({ name: 'InteropError', kind: 'cancelled' });
  const pids = machine.record('pids').map(Number);
  await until(() => !pids.some(isRunning));
  expect(await namesIn(machine.installations)).toEqual([]);
});

test('an interrupted installer is not remembered as one that failed', async () => {
  await machine.installer('hangs');
  const abort = new AbortController();
  const search = findPulumiCli(machine.options({ signal: abort.signal }));
  await machine.untilBuilding();
  abort.abort();
  await expect(search).rejects.toMatchObject({ kind: 'cancelled' });
  await machine.installer('works');
  expect((await findPulumiCli(machine.options())).source).toBe('installer');
});

test('who waits for another process can be interrupted', async () => {
  await machine.go('waits for release');
  const { env, packageRoot } = machine.options();
  searchInChild({ env, packageRoot });
  await machine.untilBuilding();
  const abort = new AbortController();
  const onProgress = () => abort.abort();
  await expect(findPulumiCli(machine.options({ signal: abort.signal, onProgress }))).rejects.toMatchObject({
    kind: 'cancelled',
  });
});

test('a build whose lock was lost to another process does not count', async () => {
  await machine.go('waits for release');
  const search = findPulumiCli(machine.options({ limits: { lockStaleMs: 2_000, lockPollMs: 50 } }));
  await machine.untilBuilding();
  // What a process did that found the lock stale, for example after this machine slept, and that finished first.
  await machine.program(machine.cachedBinary, printsVersion(PULUMI_CLI_VERSION));
  await rm(`${join(machine.installations, PULUMI_CLI_VERSION)}.lock`, { recursive: true });
  expect((await search).source).toBe('cache');
});

describe('the program that test runs and pipelines start', () => {
  test('prints the path of the CLI, and nothing else, on standard output', async () => {
    const command = await machine.program('pulumi', printsVersion('3.300.0'));
    const { code, stdout } = await runEnsure(machine.env).ended;
    expect({ code, stdout }).toEqual({ code: 0, stdout: `${command}\n` });
  });

  test('ends with the exit code for an interruption, and its children with it', async () => {
    await machine.program('pulumi', [`echo $$ >> '${machine.root}/state/pids'`, 'exec sleep 600']);
    const { child, ended } = runEnsure(machine.env);
    await until(() => machine.record('pids').length > 0);
    child.kill('SIGINT');
    const { code, stdout, stderr } = await ended;
    expect({ code, stdout }).toEqual({ code: 8, stdout: '' });
    expect(stderr).toContain('run the same command again');
    await until(() => !machine.record('pids').map(Number).some(isRunning));
  });
});
