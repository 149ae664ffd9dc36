/**
 * What a preview of an unchanged stack costs beside the same stack written with nothing but `@pulumi/azuread`: what our
 * configuration, sign-in and reporting add to Pulumi's own time.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { parse, stringify } from 'yaml';
import type { SandboxInfo } from '../../sandbox/index.js';
import { findPulumiCli } from '../../scripts/engine/cli.js';
import { packageRoot } from '../../scripts/package-root.js';
import { makeProject, type TestProject } from '../support/project.js';
import { atMost, type BenchReport, informs, median } from './figures.js';
import { inTurn, type Measured, seconds } from './paired.js';

const ROUNDS = 9;
const LIMIT = 1.15;

export async function benchPreview(): Promise<BenchReport> {
  const tenant = await startTenant();
  const project = await makeProject({ info: tenant.info });
  try {
    const ours = await preparedOurs(project);
    const plain = await preparedPlain(project);
    const rounds = await inTurn(ours, plain, ROUNDS);
    return {
      name: 'preview',
      figures: [
        atMost(
          'ours against plain @pulumi/azuread, median of pairs',
          median(rounds.map(({ one, other }) => one / other)),
          LIMIT,
          '×',
        ),
        informs('ours, median', median(rounds.map(({ one }) => one)), 's'),
        informs('plain, median', median(rounds.map(({ other }) => other)), 's'),
      ],
    };
  } finally {
    await project.dispose();
    await tenant.stop();
  }
}

/** The tenant as a process of its own, so that neither of the two pays for it. */
async function startTenant(): Promise<{ info: SandboxInfo; stop(): Promise<void> }> {
  const bin = join(packageRoot(), 'dist', 'scripts', 'bin.js');
  const child = spawn(process.execPath, [bin, 'sandbox', '--port', '0', '--json'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
  return {
    info: JSON.parse(line) as SandboxInfo,
    stop: async () => {
      child.stdin.end();
      if (child.exitCode === null) await once(child, 'exit');
    },
  };
}

/** Protocol graph, since with EWS our stack holds Exchange's switch as well, which the other one does not know. */
async function preparedOurs(project: TestProject): Promise<Measured> {
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
  const up = await project.run(['up']);
  if (up.code !== 0) throw new Error(up.stderr);
  const bin = join(packageRoot(), 'dist', 'scripts', 'bin.js');
  return {
    command: process.execPath,
    args: [bin, 'preview', '--stack', 'test'],
    cwd: project.folder,
    env: project.env,
  };
}

/** The same provider settings in a stack of its own; the stand-in, where ours ran with it, is put on PATH likewise. */
async function preparedPlain(project: TestProject): Promise<Measured> {
  const { config } = parse(await readFile(project.stackFile, 'utf8')) as { config: Record<string, unknown> };
  const azuread = Object.entries(config).filter(([key]) => key.startsWith('azuread:'));
  await writeFile(
    join(project.folder, 'Pulumi.plain.yaml'),
    stringify({ config: Object.fromEntries(azuread) }),
  );
  const cli = await findPulumiCli({ env: project.env });
  const standIn = join(packageRoot(), 'sandbox', 'azuread', 'bin');
  const env = {
    ...project.env,
    PATH: `${standIn}:${project.env.PATH ?? ''}`,
    PULUMI_SKIP_UPDATE_CHECK: 'true',
    PLAIN_CLI_ROOT: cli.root ?? '',
    PLAIN_END_DATE: new Date(Date.now() + 180 * 86_400_000).toISOString().replace(/\.\d+Z$/, 'Z'),
  };
  const script = join(packageRoot(), 'dist', 'test', 'bench', 'plain-stack.js');
  const run = (what: string): Measured => ({
    command: process.execPath,
    args: [script, what],
    cwd: project.folder,
    env,
  });
  await seconds(run('up'));
  return run('preview');
}
